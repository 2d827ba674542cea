package review_test

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kustodian/kustodian/bot/mirror"
	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/bot/review/memory"
	"github.com/kustodian/kustodian/bot/review/worker"
	"github.com/kustodian/kustodian/fixes"
)

// remoteHost serves a repository with a base, at acme/base, which refers to
// acme/deep, and counts who asks.
func remoteHost(t *testing.T, base, deep map[string]string) (allowed *mirror.Remotes, url, commit string, asked *atomic.Int64) {
	t.Helper()
	asked = &atomic.Int64{}
	mux := http.NewServeMux()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	exec, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	at := ""
	for _, repository := range []struct {
		name  string
		files map[string]string
	}{{"deep", deep}, {"base", base}} {
		for name, text := range repository.files {
			repository.files[name] = strings.NewReplacer("HOST", server.URL, "COMMIT", at).Replace(text)
		}
		_, head := commits(t, nil, repository.files)
		at = head.Commit
		mux.Handle("/acme/"+repository.name+"/", http.StripPrefix("/acme/"+repository.name, &cgi.Handler{
			Path: filepath.Join(strings.TrimSpace(string(exec)), "git-http-backend"),
			Env: []string{"GIT_PROJECT_ROOT=" + head.Repository, "GIT_HTTP_EXPORT_ALL=1",
				"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=uploadpack.allowAnySHA1InWant", "GIT_CONFIG_VALUE_0=true"},
		}))
	}
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	name := strings.TrimPrefix(server.URL, "https://")
	return &mirror.Remotes{Dir: filepath.Join(t.TempDir(), "remotes"), Allowed: []string{name + "/acme"}, Inside: []string{name}, Roots: roots}, server.URL, at, asked
}

const remoteWeb = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: app
        image: example.com/shop/web:1.2.3
`

// TestRemoteBase reviews an overlay of a base of another repository, which is
// fetched once: what is wrong there is said at our own entry and put right in
// our own kustomization.
func TestRemoteBase(t *testing.T) {
	remotes, url, commit, asked := remoteHost(t,
		map[string]string{"web/kustomization.yaml": "resources:\n- web.yaml\n- HOST/acme/deep?ref=COMMIT\n", "web/web.yaml": remoteWeb},
		map[string]string{"kustomization.yaml": "configMapGenerator:\n- name: deep\n  literals: [a=b]\n"})
	entry := url + "/acme/base//web?ref=" + commit
	dir := t.TempDir()
	write(t, dir, map[string]string{
		".kustodian.yaml":                  only([]string{"image-unpinned"}),
		"overlays/prod/kustomization.yaml": "resources:\n- " + entry + "\n",
	})
	tree := review.TreeRef{Folder: dir}
	store := &memory.Store{Dir: filepath.Join(t.TempDir(), "answers"), Size: 1 << 20}
	for round := range 2 {
		builds := 0
		reviewer := review.Reviewer{
			Remotes: remotes, Memory: store,
			Ask:   func(context.Context, fixes.Question) fixes.Answer { return fixes.Answer{Digest: digest} },
			Built: func(string) { builds++ },
		}
		report, err := reviewer.Run(t.Context(), review.Job{Head: tree, Config: tree, Fix: true})
		if err != nil {
			t.Fatal(err)
		}
		if len(report.Overlays) != 1 || !report.Overlays[0].Built || report.Overlays[0].Objects != 2 {
			t.Fatalf("overlays %+v, findings %+v", report.Overlays, report.Findings)
		}
		if len(report.Findings) != 1 || len(report.Fixes) != 1 {
			t.Fatalf("findings %+v, fixes %+v", report.Findings, report.Fixes)
		}
		f := report.Findings[0]
		if f.Path != "overlays/prod/kustomization.yaml" || f.Line != 2 || !strings.Contains(f.Message, url+"/acme/base//web/web.yaml?ref="+commit+":11:") {
			t.Errorf("found at %s:%d: %s", f.Path, f.Line, f.Message)
		}
		for path, text := range report.Fixes[0].After {
			if path != "overlays/prod/kustomization.yaml" || !strings.Contains(string(text), digest) || !strings.Contains(string(text), entry) {
				t.Errorf("the fix writes %s:\n%s", path, text)
			}
		}
		if got := asked.Load(); got != 4 {
			t.Errorf("round %d: the host was asked %d times in all; want 4 for two commits", round, got)
		}
	}
	// A worker that has no time answers nothing: all of it is remembered.
	remembering := review.Reviewer{Remotes: remotes, Memory: store, Limits: worker.Limits{Time: time.Nanosecond}}
	report, err := remembering.Run(t.Context(), review.Job{Head: tree, Config: tree})
	if err != nil || len(report.Findings) != 1 || report.Findings[0].Rule != "image-unpinned" {
		t.Errorf("from memory: %v, %+v", err, report)
	}
	answer, err := review.Blame(t.Context(), tree, "overlays/prod", nil, remotes)
	if err != nil || len(answer.Lines) == 0 || !strings.HasPrefix(answer.Lines[0].Source.File(), url) {
		t.Errorf("blamed %+v, %v", answer.Lines[:min(1, len(answer.Lines))], err)
	}
}

// TestRemoteBaseRefused reviews what nobody may follow.
func TestRemoteBaseRefused(t *testing.T) {
	remotes, url, commit, asked := remoteHost(t,
		map[string]string{"kustomization.yaml": "resources:\n- HOST/other/deep?ref=COMMIT\n"}, map[string]string{"kustomization.yaml": ""})
	for name, c := range map[string]struct {
		from       *mirror.Remotes
		entry, say string
		dials      bool
	}{
		"nothing is allowed":     {nil, "/acme/base?ref=" + commit, "have the operator allow it as a remote base", false},
		"not pinned":             {remotes, "/acme/base?ref=main", "write the commit that it names now: " + url + "/acme/base?ref=" + commit, true},
		"another place":          {remotes, "/other/base?ref=" + commit, "the operator does not allow", false},
		"a file of another host": {remotes, "/acme/base/raw.yaml", "would be fetched; copy it into this repository and refer to its path", false},
		"its own base is not":    {remotes, "/acme/base?ref=" + commit, "kustomization.yaml?ref=" + commit + " at line 2: " + url + "/other/deep?ref=", true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, map[string]string{"kustomization.yaml": "resources:\n- " + url + c.entry + "\n"})
			tree := review.TreeRef{Folder: dir}
			before := asked.Load()
			report, err := (&review.Reviewer{Remotes: c.from}).Run(t.Context(), review.Job{Head: tree, Config: tree})
			if err != nil {
				t.Fatal(err)
			}
			if len(report.Findings) != 1 || report.Findings[0].Rule != "reference-refused" || report.Findings[0].Line != 2 || !strings.Contains(report.Findings[0].Message, c.say) {
				t.Errorf("found %+v; want a refusal that says %q", report.Findings, c.say)
			}
			if dialled := asked.Load() > before; dialled != c.dials {
				t.Errorf("the host was asked: %t", dialled)
			}
		})
	}
}
