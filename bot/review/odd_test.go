package review_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/kustodian/kustodian/bot/review"
)

// TestOddEntries reviews a commit with what no kustomization can read: each is
// told at the line that refers to it, and the overlay beside it goes on.
func TestOddEntries(t *testing.T) {
	dir := t.TempDir()
	git(t, dir, "init", "-q", "-b", "main")
	write(t, dir, map[string]string{"ok/kustomization.yaml": "resources: [web.yaml]\n", "ok/web.yaml": "kind: Pod\napiVersion: v1\nmetadata: {name: web}\n"})
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-q", "-m", "base")
	base := review.TreeRef{Repository: filepath.Join(dir, ".git"), Commit: git(t, dir, "rev-parse", "HEAD")}

	write(t, dir, map[string]string{
		"binary/kustomization.yaml": "resources: [image.png]\n", "binary/image.png": "\x89PNG\r\n\x1a\n\x00\x00\xff\xfe",
		"out/kustomization.yaml":       "resources: [passwd.yaml]\n",
		"submodule/kustomization.yaml": "resources: [other]\n",
		"large/kustomization.yaml":     "resources: [large.yaml]\n", "large/large.yaml": "# " + string(make([]byte, 17<<20)),
		"ok/web.yaml": "kind: Pod\napiVersion: v1\nmetadata: {name: front}\n",
	})
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "out/passwd.yaml")); err != nil {
		t.Fatal(err)
	}
	git(t, dir, "add", "-A")
	git(t, dir, "update-index", "--add", "--cacheinfo", "160000,"+base.Commit+",submodule/other")
	git(t, dir, "commit", "-q", "-m", "head")
	head := review.TreeRef{Repository: base.Repository, Commit: git(t, dir, "rev-parse", "HEAD")}

	report, err := (&review.Reviewer{}).Run(t.Context(), review.Job{Base: base, Head: head, Config: base, Fix: true})
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]string{}
	for _, f := range report.Findings {
		if f.Rule == "build-failed" || f.Rule == "reference-refused" {
			told[filepath.Dir(f.Path)] = f.Rule + " " + f.Reason
		}
	}
	want := map[string]string{
		"binary": "build-failed invalid", "out": "reference-refused outside", "submodule": "reference-refused outside", "large": "build-failed limit",
	}
	for overlay, said := range want {
		if told[overlay] != said {
			t.Errorf("%s: %q, want %q", overlay, told[overlay], said)
		}
	}
	if len(told) != len(want) {
		t.Errorf("told %v", told)
	}
	for _, o := range report.Overlays {
		if o.Built != (o.Path == "ok") {
			t.Errorf("%s: built is %t", o.Path, o.Built)
		}
	}
}

// TestManyChanges moves 3,000 files, of which an overlay reads one.
func TestManyChanges(t *testing.T) {
	base, head := map[string]string{}, map[string]string{}
	for i := range 3000 {
		text := fmt.Sprintf("kind: ConfigMap\napiVersion: v1\nmetadata: {name: settings-%d}\n", i)
		base[fmt.Sprintf("old/%d.yaml", i)], head[fmt.Sprintf("new/%d.yaml", i)] = text, text
	}
	base["kustomization.yaml"], head["kustomization.yaml"] = "resources: [old/7.yaml]\n", "resources: [new/7.yaml]\n"
	before, after := commits(t, base, head)
	report, err := (&review.Reviewer{}).Run(t.Context(), review.Job{Base: before, Head: after, Config: before})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Findings) > 0 || len(report.Overlays) != 1 {
		t.Errorf("%d overlays with %d findings; want one without", len(report.Overlays), len(report.Findings))
	}
}
