package review_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kustodian/kustodian/bot/review"
)

// TestUnusedIgnores finds the entries and comments that silence nothing, and
// those whose day has passed, where the whole tree is looked at.
func TestUnusedIgnores(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, map[string]string{
		".kustodian.yaml": "version: 1\nignore:\n" +
			"- {rule: naked-pod, path: lab/**, reason: a shell}\n" +
			"- {rule: naked-pod, path: shop/**, reason: gone}\n" +
			"- {rule: missing-requests, reason: later, until: 2020-01-01}\n" +
			"- {rule: naked-pod, kind: Job, reason: another kind}\n" +
			"rules: {run-as-root: off}\n",
		"lab/kustomization.yaml": "# kustodian:ignore node-port there is none\nresources: [pod.yaml]\n",
		"lab/pod.yaml":           "apiVersion: v1\nkind: Pod\nmetadata: {name: shell}\nspec: {containers: []}\n",
	})
	tree := review.TreeRef{Folder: folder}
	var reviewer review.Reviewer
	for _, c := range []struct {
		paths []string
		want  []string
	}{
		{nil, []string{
			"lab/kustomization.yaml:1 ignore-unused", ".kustodian.yaml:4 ignore-unused", ".kustodian.yaml:5 ignore-invalid", ".kustodian.yaml:6 ignore-unused",
		}},
		{[]string{"lab"}, nil}, // a part tells nothing of the rest
	} {
		report, err := reviewer.Run(t.Context(), review.Job{Head: tree, Config: tree, Paths: c.paths})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range report.Findings {
			if f.Suppressed == nil {
				got = append(got, fmt.Sprintf("%s:%d %s", f.Path, f.Line, f.Rule))
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%q: want -, got +:\n%s", c.paths, diff)
		}
	}
}
