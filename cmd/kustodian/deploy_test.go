package main

import (
	"path/filepath"
	"testing"

	"github.com/kustodian/kustodian/bot/review"
)

// TestOwnManifests holds Kustodian's own manifests clean under Kustodian.
func TestOwnManifests(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	tree := review.TreeRef{Folder: root}
	var reviewer review.Reviewer
	report, err := reviewer.Run(t.Context(), review.Job{Head: tree, Config: tree, Paths: []string{"deploy"}})
	if err != nil {
		t.Fatal(err)
	}
	built := 0
	for _, o := range report.Overlays {
		if o.Built {
			built++
		}
	}
	if built != 2 {
		t.Errorf("%d overlays of deploy build, want 2", built)
	}
	for _, f := range report.Findings {
		if f.Suppressed == nil {
			t.Errorf("%s:%d: %s: %s", f.Path, f.Line, f.Rule, f.Message)
		}
	}
}
