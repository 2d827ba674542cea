package review_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/rules"
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
		"lab/pod.yaml":           "apiVersion: v1\nkind: Pod\nmetadata:\n  name: shell\n  annotations:\n    kustodian.dev/ignore.node-port: no Service\nspec: {containers: []}\n",
		"own/kustomization.yaml": "resources: [pod.yaml]\n",
		"own/pod.yaml":           "apiVersion: v1\nkind: Pod\nmetadata: {name: own, annotations: {kustodian.dev/ignore.naked-pod: a shell}}\nspec: {containers: []}\n",
	})
	tree := review.TreeRef{Folder: folder}
	var reviewer review.Reviewer
	for _, c := range []struct {
		paths []string
		want  []string
	}{
		{nil, []string{
			"lab/kustomization.yaml:1 ignore-unused", "lab/pod.yaml:6 ignore-unused", ".kustodian.yaml:4 ignore-unused", ".kustodian.yaml:5 ignore-invalid", ".kustodian.yaml:6 ignore-unused",
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

// TestUnusedWhereNothingIsBuilt holds that nobody is told to take out an ignore
// of what an overlay would show that does not build; and that two comments of a
// file which say the same are two findings.
func TestUnusedWhereNothingIsBuilt(t *testing.T) {
	folder := t.TempDir()
	pod := "apiVersion: v1\n# kustodian:ignore naked-pod a shell\nkind: Pod\nmetadata: {name: shell}\nspec: {containers: []}\n"
	write(t, folder, map[string]string{
		".kustodian.yaml": "version: 1\nignore:\n" +
			"- {rule: node-port, path: broken/**, reason: perhaps}\n" +
			"- {rule: node-port, overlay: broken, reason: perhaps}\n" +
			"- {rule: node-port, path: whole/**, reason: gone}\n" +
			"- {rule: node-port, overlay: whole, reason: gone}\n",
		"broken/kustomization.yaml": "resources: [pod.yaml, missing.yaml]\n",
		"broken/pod.yaml":           pod,
		"whole/kustomization.yaml":  "resources: [pod.yaml]\n",
		"whole/pod.yaml":            pod + "# kustodian:ignore node-port none\n# kustodian:ignore node-port none\n# kustodian:ignore\n# kustodian:ignore\n",
	})
	tree := review.TreeRef{Folder: folder}
	report, err := (&review.Reviewer{}).Run(t.Context(), review.Job{Head: tree, Config: tree})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range report.Findings {
		if f.Rule == "ignore-unused" || f.Rule == "ignore-invalid" {
			got = append(got, fmt.Sprintf("%s:%d %s", f.Path, f.Line, f.Rule))
		}
	}
	slices.Sort(got)
	want := []string{
		".kustodian.yaml:5 ignore-unused", ".kustodian.yaml:6 ignore-unused", "whole/pod.yaml:6 ignore-unused", "whole/pod.yaml:7 ignore-unused",
		"whole/pod.yaml:8 ignore-invalid", "whole/pod.yaml:9 ignore-invalid",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

// TestNewRule lists what a new rule finds in sweeps, and is silent about changes
// for its first 30 days.
func TestNewRule(t *testing.T) {
	rule, ok := rules.ByID("naked-pod")
	if !ok {
		t.Fatal("there is no such rule")
	}
	was := rule.Since
	t.Cleanup(func() { rule.Since = was })
	rule.Since = "2026-05-01"
	base, head := t.TempDir(), t.TempDir()
	write(t, base, map[string]string{"kustomization.yaml": "resources: []\n"})
	write(t, head, map[string]string{
		"kustomization.yaml": "resources: [pod.yaml]\n",
		"pod.yaml":           "apiVersion: v1\nkind: Pod\nmetadata: {name: shell}\nspec: {containers: []}\n",
	})
	day := func(month time.Month, day int) time.Time { return time.Date(2026, month, day, 12, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		base review.TreeRef
		now  time.Time
		want bool
	}{
		{review.TreeRef{Folder: base}, day(5, 1), false},
		{review.TreeRef{Folder: base}, day(5, 30), false},
		{review.TreeRef{Folder: base}, day(5, 31), true},
		{review.TreeRef{}, day(5, 1), true},
	} {
		report, err := (&review.Reviewer{}).Run(t.Context(), review.Job{Head: review.TreeRef{Folder: head}, Base: c.base, Now: c.now})
		if err != nil {
			t.Fatal(err)
		}
		found := slices.ContainsFunc(report.Findings, func(f review.Finding) bool { return f.Rule == rule.ID })
		if found != c.want {
			t.Errorf("on %s, compared with %q: found is %t, want %t", c.now.Format(time.DateOnly), c.base, found, c.want)
		}
	}
}
