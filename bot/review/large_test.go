package review_test

import (
	"strings"
	"testing"

	"github.com/kustodian/kustodian/bot/review"
)

// TestLargeConfigurations reviews trees whose configuration is too large to be
// read, as a whole or for a configuration: it is told, and the rest is reviewed.
func TestLargeConfigurations(t *testing.T) {
	for _, c := range []struct {
		size int
		want string
	}{
		{2 << 20, "the file has 2048 KB, and 1024 are allowed"},
		{17 << 20, "too large to be read"},
	} {
		folder := t.TempDir()
		large := "version: 1\nrules: {naked-pod: off}\n# " + strings.Repeat("x", c.size)
		write(t, folder, map[string]string{
			".kustodian.yaml":        large,
			"lab/.kustodian.yaml":    large,
			"lab/kustomization.yaml": "resources: [pod.yaml]\n",
			"lab/pod.yaml":           "apiVersion: v1\nkind: Pod\nmetadata: {name: shell}\nspec: {containers: []}\n",
		})
		tree := review.TreeRef{Folder: folder}
		report, err := (&review.Reviewer{}).Run(t.Context(), review.Job{Head: tree, Config: tree})
		if err != nil {
			t.Fatal(err)
		}
		said := map[string]string{}
		for _, f := range report.Findings {
			said[f.Path+" "+f.Rule] = f.Message
		}
		for _, place := range []string{".kustodian.yaml config-invalid", "lab/.kustodian.yaml config-invalid"} {
			if !strings.Contains(said[place], c.want) {
				t.Errorf("%d bytes, %s: told is %q, want %q", c.size, place, said[place], c.want)
			}
		}
		if said["lab/pod.yaml naked-pod"] == "" {
			t.Errorf("%d bytes: the rest is not reviewed: %v", c.size, said)
		}
	}
}
