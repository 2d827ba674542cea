package yamledit_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kustodian/kustodian/fixes/yamledit"
)

// A workload is an edit made at every place of a file where it makes sense.
type workload struct {
	name string
	// edit returns the edit at a node, and the same change of decoded data; false where there is none.
	edit func(doc int, path yamledit.Path, n *yamledit.Node) (yamledit.Edit, func(any) any, bool)
}

var workloads = []workload{
	{"set image", func(doc int, path yamledit.Path, n *yamledit.Node) (yamledit.Edit, func(any) any, bool) {
		if len(path) == 0 || path[len(path)-1] != "image" || n.Kind != yamledit.ScalarNode || n.Tag != "!!str" {
			return yamledit.Edit{}, nil, false
		}
		image := strings.TrimSuffix(n.Value, "\n") + "@sha256:0123"
		return yamledit.SetScalar(doc, path, image), func(old any) any {
			if strings.HasSuffix(old.(string), "\n") {
				return image + "\n"
			}
			return image
		}, true
	}},
	{"add resources", func(doc int, path yamledit.Path, n *yamledit.Node) (yamledit.Edit, func(any) any, bool) {
		if n.Kind != yamledit.MappingNode || n.Get("image") == nil || n.Get("name") == nil || n.Get("resources") != nil {
			return yamledit.Edit{}, nil, false
		}
		return yamledit.AddKey(doc, path, "resources", yamledit.Map{{Key: "requests", Value: yamledit.Map{{Key: "cpu", Value: yamledit.String("1")}}}}), func(old any) any {
			old.(map[string]any)["resources"] = map[string]any{"requests": map[string]any{"cpu": "1"}}
			return old
		}, true
	}},
	{"append item", func(doc int, path yamledit.Path, n *yamledit.Node) (yamledit.Edit, func(any) any, bool) {
		if n.Kind != yamledit.SequenceNode || len(path) == 0 || !slices.Contains([]any{"resources", "images", "patches", "configMapGenerator", "env"}, path[len(path)-1]) {
			return yamledit.Edit{}, nil, false
		}
		return yamledit.AppendItem(doc, path, yamledit.String("kustodian")), func(old any) any {
			list, _ := old.([]any)
			return append(list, "kustodian")
		}, true
	}},
	{"remove env item", func(doc int, path yamledit.Path, n *yamledit.Node) (yamledit.Edit, func(any) any, bool) {
		if len(path) < 2 || path[len(path)-2] != "env" || path[len(path)-1] != 1 {
			return yamledit.Edit{}, nil, false
		}
		return yamledit.Remove(doc, path), func(any) any { return gone{} }, true
	}},
}

// gone stands for an item that is removed.
type gone struct{}

// TestCorpus makes every workload at every place of real files, as they are
// and as other editors would have saved them. Another parser judges: nothing
// but the change may differ.
func TestCorpus(t *testing.T) {
	packs, err := filepath.Glob("../../../shared/corpus/*.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	if len(packs) == 0 {
		t.Skip("../shared/corpus is not there: no real files are edited")
	}
	for _, form := range []string{"", "crlf"} {
		counts := map[string]*struct{ done, refused, unread, wrong int }{}
		for _, w := range workloads {
			counts[w.name] = &struct{ done, refused, unread, wrong int }{}
		}
		for _, pack := range packs {
			files := 0
			eachFile(t, pack, func(name string, src []byte) {
				if files++; form != "" && files%4 != 0 {
					return // a sample: the race detector makes the judge slow
				}
				src = reform(src, form)
				before, err := decode(src)
				if err != nil {
					return
				}
				file, err := yamledit.Parse(src)
				if err != nil {
					return
				}
				sites := 0
				for doc := range file.Documents() {
					root, err := file.Lookup(doc, nil)
					if err != nil || doc >= len(before) {
						continue
					}
					eachPath(root, nil, func(path yamledit.Path, n *yamledit.Node) {
						for _, w := range workloads {
							edit, change, ok := w.edit(doc, path, n)
							if sites++; !ok || sites > 4000 {
								continue
							}
							result, err := file.Apply(edit)
							count := counts[w.name]
							if err != nil {
								count.refused++
								var verify *yamledit.ErrVerify
								if errors.As(err, &verify) {
									t.Logf("%s %s %s: %v", name, path, w.name, err)
								}
								continue
							}
							want, err := decode(src)
							if err != nil {
								t.Fatal(err)
							}
							want[doc] = changed(want[doc], path, change)
							got, err := decode(result.Bytes)
							switch {
							case err != nil:
								count.unread++
							case !cmp.Equal(want, got):
								count.wrong++
								t.Errorf("%s %s %s:\n%s", name, path, w.name, cmp.Diff(want, got))
							default:
								count.done++
							}
						}
					})
				}
			})
		}
		for _, w := range workloads {
			c := counts[w.name]
			t.Logf("%-5s %-16s done %5d  refused %3d  the judge cannot read %3d  wrong %d", form, w.name, c.done, c.refused, c.unread, c.wrong)
			if c.done == 0 || c.refused*100 > c.done {
				t.Errorf("%s %s: %d done, %d refused", form, w.name, c.done, c.refused)
			}
		}
	}
}

// changed makes a change at a path of decoded data.
func changed(v any, path yamledit.Path, change func(any) any) any {
	if len(path) == 0 {
		return change(v)
	}
	switch step := path[0].(type) {
	case string:
		if m, ok := v.(map[string]any); ok {
			m[step] = changed(m[step], path[1:], change)
		}
	case int:
		if list, ok := v.([]any); ok && step < len(list) {
			list[step] = changed(list[step], path[1:], change)
			if _, ok := list[step].(gone); ok {
				return append(list[:step:step], list[step+1:]...)
			}
		}
	}
	return v
}

// eachFile calls do for the small YAML files of a pack: a large one says nothing new.
func eachFile(t *testing.T, pack string, do func(name string, src []byte)) {
	t.Helper()
	f, err := os.Open(pack)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for files := tar.NewReader(unzipped); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Size > 8_000 || !strings.HasSuffix(header.Name, ".yaml") && !strings.HasSuffix(header.Name, ".yml") {
			continue
		}
		src, err := io.ReadAll(files)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(src, []byte("{{")) {
			do(header.Name, src)
		}
	}
}
