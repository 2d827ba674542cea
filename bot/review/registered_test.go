package review_test

import (
	"context"
	"strings"
	"testing"

	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/fixes"
)

// TestRegistered: what registries say is asked for by the rules that want it,
// in a sweep, and of the mirror that the repository picks.
func TestRegistered(t *testing.T) {
	const pinned, now = "sha256:" + "1111111111111111111111111111111111111111111111111111111111111111", digest
	files := map[string]string{
		".kustodian.yaml":            "version: 1\nrules: {image-digest-stale: info, image-large: info}\nimages: {mirror: hub}\n",
		"overlay/kustomization.yaml": "resources: [web.yaml]\nimages: [{name: example.com/web, newTag: \"1.27@" + pinned + "\"}]\n",
		"overlay/web.yaml":           deployment("web", "example.com/web"),
		"another/kustomization.yaml": "resources: [large.yaml]\n",
		"another/large.yaml":         deployment("large", "example.com/large:1.0.0"),
	}
	dir := t.TempDir()
	write(t, dir, files)
	tree := review.TreeRef{Folder: dir}
	ask := func(_ context.Context, q fixes.Question) fixes.Answer {
		switch {
		case q.Lines != (fixes.Lines{}):
			return fixes.Answer{}
		case q.Mirror != "hub":
			t.Errorf("%s is asked of mirror %q", q.Image, q.Mirror)
		case q.Image == "example.com/web:1.27":
			return fixes.Answer{Digest: now}
		case q.Image == "example.com/large:1.0.0":
			return fixes.Answer{Digest: now, Size: 3 << 30}
		}
		return fixes.Answer{Error: "the registry does not know it"}
	}
	said := func(reviewer *review.Reviewer, job review.Job) (map[string]review.Finding, *review.Report) {
		t.Helper()
		report, err := reviewer.Run(t.Context(), job)
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]review.Finding{}
		for _, f := range report.Findings {
			if f.Rule == "image-digest-stale" || f.Rule == "image-large" {
				found[f.Rule] = f
			}
		}
		return found, report
	}

	found, report := said(&review.Reviewer{Ask: ask}, review.Job{Head: tree, Config: tree, Fix: true, Rules: []string{"image-digest-stale"}})
	stale, large := found["image-digest-stale"], found["image-large"]
	if !report.Unsettled || !strings.Contains(large.Message, "3.0 GiB") || !strings.Contains(stale.Message, "its tag names sha256:0123456789ab… now") {
		t.Fatalf("unsettled %t, large %q, stale %q", report.Unsettled, large.Message, stale.Message)
	}
	if stale.Fix == nil {
		t.Fatalf("no fix of what is stale: %s", stale.NoFix)
	}
	if after := string(report.Fixes[0].After["overlay/kustomization.yaml"]); !strings.Contains(after, `newTag: "1.27@`+now+`"`) {
		t.Errorf("after the fix:\n%s", after)
	}

	if found, report := said(&review.Reviewer{}, review.Job{Head: tree, Config: tree}); len(found) > 0 || report.Unsettled {
		t.Errorf("found %v where no registry is asked, unsettled %t", found, report.Unsettled)
	}

	files["another/large.yaml"] = deployment("large", "example.com/large:0.9.0")
	files["overlay/web.yaml"] = ""
	files["overlay/kustomization.yaml"] = "resources: []\n"
	before := t.TempDir()
	write(t, before, files)
	found, _ = said(&review.Reviewer{Ask: ask}, review.Job{Head: tree, Base: review.TreeRef{Folder: before}, Config: tree})
	if _, ok := found["image-digest-stale"]; ok || !strings.Contains(found["image-large"].Message, "3.0 GiB") {
		t.Errorf("found %v in a change; want what is large and nothing stale", found)
	}
}
