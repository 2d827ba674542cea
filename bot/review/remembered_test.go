package review_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/bot/review/memory"
)

// edits are what may happen to a file of the remembered tree, the empty text
// takes it away.
var edits = []struct{ path, text string }{
	{"base/kustomization.yaml", "resources: [web.yaml]\n"},
	{"base/kustomization.yaml", "resources: [web.yaml, more.yaml]\n"},
	{"base/kustomization.yaml", "resources: [web.yaml\n"},
	{"base/web.yaml", deployment("web", "nginx")},
	{"base/web.yaml", deployment("web", "nginx:1.27")},
	{"base/web.yaml", "# kustodian:ignore image-unpinned it is a test\n" + deployment("web", "nginx")},
	{"base/web.yaml", "# kustodian:ignore no-such-rule it is a test\n" + deployment("web", "nginx")},
	{"base/more.yaml", deployment("more", "nginx")},
	{"base/more.yaml", ""},
	{"base/beside.yaml", deployment("beside", "nginx")},
	{"base/beside.yaml", ""},
	{"flux.yaml", "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: x}\nspec:\n  path: ./base\n"},
	{"flux.yaml", ""},
	{"crd.yaml", "kind: CustomResourceDefinition\n"},
	{"crd.yaml", ""},
	{"prod/kustomization.yaml", "resources: [../base]\nnamePrefix: prod-\n"},
	{"prod/kustomization.yaml", "resources: [../base, ../other]\n"},
	{"prod/kustomization.yml", "resources: [../base]\n"},
	{"prod/kustomization.yml", ""},
	{"other/kustomization.yaml", "resources: [other.yaml]\n"},
	{"other/kustomization.yaml", ""},
	{"other/other.yaml", deployment("other", "nginx")},
	{"other/other.yaml", ""},
	{".kustodian.yaml", "version: 1\nrules: {missing-requests: off}\n"},
	{".kustodian.yaml", ""},
}

func deployment(name, image string) string {
	return fmt.Sprintf("apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: %s\nspec:\n  selector: {matchLabels: {app: %[1]s}}\n"+
		"  template:\n    metadata: {labels: {app: %[1]s}}\n    spec:\n      containers:\n      - name: %[1]s\n        image: %s\n", name, image)
}

// TestRemembered reviews a folder after each of many random edits, with what is
// remembered of all trees before, and anew: the reports are the same.
func TestRemembered(t *testing.T) {
	dir := t.TempDir()
	for _, edit := range edits {
		apply(t, dir, edit.path, edit.text)
	}
	store := &memory.Store{Dir: t.TempDir(), Size: 1 << 20}
	fault := func(err error) { t.Error(err) }
	tree := review.TreeRef{Folder: dir}
	job := review.Job{Head: tree, Config: tree}
	random := rand.New(rand.NewPCG(1, 4))
	for step := range 20 {
		var done []string
		for range random.IntN(4) {
			edit := edits[random.IntN(len(edits))]
			apply(t, dir, edit.path, edit.text)
			done = append(done, fmt.Sprintf("%s: %q", edit.path, edit.text))
		}
		kept, err := (&review.Reviewer{Memory: store, Fault: fault}).Run(t.Context(), job)
		if err != nil {
			t.Fatal(err)
		}
		fresh, err := (&review.Reviewer{}).Run(t.Context(), job)
		if err != nil {
			t.Fatal(err)
		}
		if len(fresh.Findings) == 0 {
			t.Errorf("step %d: nothing is found", step)
		}
		if diff := cmp.Diff(fresh, kept, cmpopts.IgnoreFields(review.Report{}, "Job"), cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(review.Finding{}.Finding)); diff != "" {
			t.Fatalf("step %d, after %q: remembered and fresh differ (-fresh +remembered):\n%s", step, done, diff)
		}
	}
}

// apply writes a file, or takes it away.
func apply(t *testing.T, dir, name, text string) {
	t.Helper()
	if text != "" {
		write(t, dir, map[string]string{name: text})
		return
	}
	if err := os.Remove(filepath.Join(dir, name)); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
}
