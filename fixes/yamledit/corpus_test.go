package yamledit_test

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/kustodian/kustodian/testdata/corpus"
	"github.com/kustodian/kustodian/testdata/workloads"
)

// TestCorpus makes every workload at every place of a sample of real files, as
// they are and as other editors would have saved them. Another parser judges:
// nothing but the change may differ. All of the files are `cmd/bench edits
// --workloads`.
func TestCorpus(t *testing.T) {
	const one = 40 // file in so many, for each form others
	names, err := corpus.Names()
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Skip("../shared/corpus is not there: no real files are edited")
	}
	total := map[string]*workloads.Count{}
	for _, w := range workloads.All {
		total[w.Name] = &workloads.Count{}
	}
	for _, name := range names {
		tree, err := corpus.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		var files []string
		for file := range tree.Files {
			if ext := path.Ext(file); ext == ".yaml" || ext == ".yml" {
				files = append(files, file)
			}
		}
		slices.Sort(files)
		for i, file := range files {
			form := i % one
			if form >= len(workloads.Forms) {
				continue
			}
			src := workloads.Reform([]byte(tree.Files[file]), workloads.Forms[form])
			err := workloads.Run(file, src, total, func(workload, place, what string) {
				if strings.HasPrefix(what, "wrong") {
					t.Errorf("%s: %s: %s: %s", name, workload, place, what)
				}
			})
			if err != nil {
				t.Logf("%s: %s: %v", name, file, err)
			}
		}
	}
	for _, w := range workloads.All {
		c := total[w.Name]
		t.Logf("%-28s %+v", w.Name, *c)
		if c.Done == 0 && c.Sites > 0 || c.Wrong > 0 {
			t.Errorf("%s: %+v", w.Name, *c)
		}
	}
}
