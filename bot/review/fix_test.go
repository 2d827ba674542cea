package review_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/fixes"
)

const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// shop is a base of two Deployments that an entry of images in each of two
// overlays sets.
func shop(t *testing.T) review.TreeRef {
	deployment := func(name string) string {
		return "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " + name + "}\nspec:\n  selector: {matchLabels: {app: " + name + "}}\n" +
			"  template:\n    metadata: {labels: {app: " + name + "}}\n    spec:\n      containers:\n      - name: app\n        image: example.com/shop/web\n"
	}
	overlay := "resources: [../../base]\nimages:\n- name: example.com/shop/web\n  newTag: "
	dir := t.TempDir()
	write(t, dir, map[string]string{
		".kustodian.yaml":                  only([]string{"image-unpinned"}),
		"base/kustomization.yaml":          "resources: [web.yaml]\n",
		"base/web.yaml":                    deployment("web") + deployment("api"),
		"overlays/dev/kustomization.yaml":  overlay + "1.2.3\n",
		"overlays/prod/kustomization.yaml": overlay + "1.2.2\n",
	})
	return review.TreeRef{Folder: dir}
}

func TestFix(t *testing.T) {
	tree := shop(t)
	var asking sync.Mutex
	var asked []string
	var builds sync.Map
	reviewer := review.Reviewer{
		Ask: func(_ context.Context, q fixes.Question) fixes.Answer {
			asking.Lock()
			asked = append(asked, q.Image)
			asking.Unlock()
			if strings.HasSuffix(q.Image, ":1.2.2") {
				return fixes.Answer{Error: "the registry is away"}
			}
			return fixes.Answer{Digest: digest}
		},
		Built: func(overlay string) { builds.Store(overlay, true) },
	}
	report, err := reviewer.Run(t.Context(), review.Job{Head: tree, Config: tree, Fix: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(asked) != 2 {
		t.Errorf("asked %q; want each image once", asked)
	}
	for _, overlay := range []string{"overlays/dev", "overlays/prod"} {
		if _, ok := builds.Load(overlay); !ok {
			t.Errorf("nobody heard of the build of %s", overlay)
		}
	}
	if len(report.Findings) != 2 || len(report.Fixes) != 1 {
		t.Fatalf("%d findings with %d fixes; want one for each entry, and a fix for one", len(report.Findings), len(report.Fixes))
	}
	dev, prod := report.Findings[0], report.Findings[1]
	if dev.Fix == nil || dev.ProvedFix != 0 || dev.NoFix != "" {
		t.Errorf("%s has no fix: %s", dev.Path, dev.NoFix)
	}
	if prod.Fix != nil || prod.ProvedFix != -1 || prod.NoFixReason != fixes.ReasonRegistry {
		t.Errorf("%s: fix %v, %s %q; want that the registry is away", prod.Path, prod.Fix, prod.NoFixReason, prod.NoFix)
	}
	after := string(report.Fixes[0].After["overlays/dev/kustomization.yaml"])
	if !strings.Contains(after, "1.2.3@"+digest) {
		t.Errorf("after the fix:\n%s", after)
	}
}

func TestFixOffline(t *testing.T) {
	tree := shop(t)
	report, err := (&review.Reviewer{}).Run(t.Context(), review.Job{Head: tree, Config: tree, Fix: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings {
		if f.Fix != nil || f.NoFixReason != fixes.ReasonOffline {
			t.Errorf("%s: fix %v, %s; want none without a registry", f.Path, f.Fix, f.NoFixReason)
		}
	}
	if len(report.Findings) != 2 {
		t.Errorf("%d findings; want 2", len(report.Findings))
	}
}

// TestFixRules plans fixes of the rules that are asked for, and no others.
func TestFixRules(t *testing.T) {
	tree := shop(t)
	report, err := (&review.Reviewer{}).Run(t.Context(), review.Job{Head: tree, Config: tree, Fix: true, Rules: []string{"missing-requests", "best-effort"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings {
		if f.NoFixReason != fixes.NoReason || f.Fix != nil {
			t.Errorf("%s: somebody looked for a fix of %s", f.Path, f.Rule)
		}
	}
}

func TestBlame(t *testing.T) {
	answer, err := review.Blame(t.Context(), shop(t), "overlays/dev", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	images := 0
	for _, line := range answer.Scalars {
		if line.Value == "example.com/shop/web:1.2.3" && line.Source.Path == "overlays/dev/kustomization.yaml" && line.Source.Line == 4 {
			images++
		}
	}
	if images != 2 {
		t.Errorf("%d images come from the entry; want 2", images)
	}
	if _, err := review.Blame(t.Context(), shop(t), "overlays/lab", nil, nil); err == nil {
		t.Error("explained an overlay that is not there")
	}
}

// TestFixNew lets a change alter all of what it brings, and of what exists only
// what the API server takes.
func TestFixNew(t *testing.T) {
	const job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate, namespace: shop}\nspec:\n  template:\n    spec:\n      restartPolicy: Never\n" +
		"      containers:\n      - name: migrate\n        image: example.com/shop/migrate:1.2.3\n"
	rules := only([]string{"image-unpinned"})
	resources := func(of ...string) string { return "resources: [" + strings.Join(of, ", ") + "]\n" }
	both := map[string]string{".kustodian.yaml": rules, "prod/kustomization.yaml": resources("job.yaml"), "prod/job.yaml": job}
	empty := map[string]string{".kustodian.yaml": rules, "prod/kustomization.yaml": resources()}
	for name, c := range map[string]struct {
		base, head map[string]string
		want       fixes.Reason
	}{
		"a job that the change brings":               {base: empty, head: both},
		"a job of an overlay that the change brings": {base: map[string]string{".kustodian.yaml": rules}, head: both},
		"a job whose image the change sets": {
			base: map[string]string{".kustodian.yaml": rules, "prod/kustomization.yaml": resources("job.yaml"), "prod/job.yaml": strings.Replace(job, ":1.2.3", "@"+digest, 1)},
			head: both, want: fixes.ReasonImmutable,
		},
		"a job from another overlay": {
			base: map[string]string{".kustodian.yaml": rules, "live/kustomization.yaml": resources("it.yaml"), "live/it.yaml": strings.Replace(job, ":1.2.3", "@"+digest, 1)},
			head: both, want: fixes.ReasonImmutable,
		},
		"a job of an overlay that did not build": {
			base: map[string]string{".kustodian.yaml": rules, "prod/kustomization.yaml": resources("gone.yaml")},
			head: both, want: fixes.ReasonImmutable,
		},
		"no change": {head: both, want: fixes.ReasonImmutable},
	} {
		t.Run(name, func(t *testing.T) {
			job := review.Job{Fix: true, Head: review.TreeRef{Folder: t.TempDir()}}
			write(t, job.Head.Folder, c.head)
			if c.base != nil {
				job.Base.Folder = t.TempDir()
				write(t, job.Base.Folder, c.base)
			}
			job.Config = job.Head
			reviewer := review.Reviewer{Ask: func(context.Context, fixes.Question) fixes.Answer { return fixes.Answer{Digest: digest} }}
			report, err := reviewer.Run(t.Context(), job)
			if err != nil {
				t.Fatal(err)
			}
			if len(report.Findings) != 1 {
				t.Fatalf("%d findings; want the image of the job", len(report.Findings))
			}
			if f := report.Findings[0]; f.NoFixReason != c.want || (f.Fix != nil) != (c.want == fixes.NoReason) {
				t.Errorf("fix %v, %s %q; want %q", f.Fix, f.NoFixReason, f.NoFix, c.want)
			}
		})
	}
}

// TestFixSetLater leaves what Flux sets once the overlay is built, unless some
// overlay is applied as it is.
func TestFixSetLater(t *testing.T) {
	flux := "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: shop}\nspec:\n  path: ./overlays/%s\n  images:\n  - {name: example.com/shop/web, newTag: 1.2.4}\n"
	deployment := "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n" +
		"  template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers:\n      - name: app\n        image: example.com/shop/web:1.2.3\n"
	files := map[string]string{
		".kustodian.yaml":                  only([]string{"image-unpinned"}),
		"base/kustomization.yaml":          "resources: [web.yaml]\n",
		"base/web.yaml":                    deployment,
		"overlays/dev/kustomization.yaml":  "resources: [../../base]\n",
		"overlays/prod/kustomization.yaml": "resources: [../../base]\n",
		"clusters/dev.yaml":                fmt.Sprintf(flux, "dev"),
	}
	for _, want := range []fixes.Reason{fixes.NoReason, fixes.ReasonAutomation} {
		dir := t.TempDir()
		write(t, dir, files)
		tree := review.TreeRef{Folder: dir}
		reviewer := review.Reviewer{Ask: func(context.Context, fixes.Question) fixes.Answer { return fixes.Answer{Digest: digest} }}
		report, err := reviewer.Run(t.Context(), review.Job{Head: tree, Config: tree, Fix: true})
		if err != nil {
			t.Fatal(err)
		}
		if len(report.Findings) != 1 {
			t.Fatalf("%d findings; want the image of the base", len(report.Findings))
		}
		if f := report.Findings[0]; f.NoFixReason != want || (f.Fix != nil) != (want == fixes.NoReason) {
			t.Errorf("fix %v, %s %q; want %q", f.Fix, f.NoFixReason, f.NoFix, want)
		}
		files["clusters/prod.yaml"] = fmt.Sprintf(flux, "prod")
	}
}
