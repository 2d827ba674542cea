package bot_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/kustodian/kustodian/bot/githubtest"
)

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
        image: registry.example.com/shop/web:IMAGE
        securityContext: {runAsNonRoot: true}
        resources: {requests: {cpu: 10m, memory: 64Mi}, limits: {memory: 64Mi}}
`

// A remotePlay is a repository that builds on a commit of another, which is
// served by https as well.
type remotePlay struct {
	*stage
	base, shop *githubtest.Repository
	host       string
	asked      atomic.Int64 // times, for something of base
}

func newRemotePlay(t *testing.T, allow bool) *remotePlay {
	t.Helper()
	r := &remotePlay{}
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.asked.Add(1)
		r.github.ServeHTTP(w, req)
	}))
	t.Cleanup(secure.Close)
	r.host = strings.TrimPrefix(secure.URL, "https://")
	settings := map[string]string{}
	if allow {
		settings["REMOTE_BASES"], settings["REMOTE_BASES_INSIDE"] = r.host+"/acme", r.host
	}
	r.stage = newStage(t, mayFix, settings)
	r.remotes.AddCert(secure.Certificate())
	r.push("shop/web:1.2.3", "shop/web:1.2.4")
	var err error
	r.base, err = r.github.AddRepository("acme", "base", false)
	r.must(err)
	r.release("1.2.3")
	r.shop = r.repository("shop", files{
		"overlays/prod/kustomization.yaml": text("resources: []\n"),
	})
	return r
}

// release commits the base with another image. The bot hears nothing of it.
func (r *remotePlay) release(image string) {
	r.Helper()
	r.github.SetWebhook("", "")
	_, err := r.base.Write("main", "Release "+image, files{
		"web/kustomization.yaml": text("resources: [web.yaml]\n"),
		"web/web.yaml":           text(strings.Replace(remoteWeb, "IMAGE", image, 1)),
	})
	r.must(err)
	r.github.SetWebhook(r.webhook, "")
}

// upon is a kustomization that builds on the base's newest commit.
func (r *remotePlay) upon() files {
	return files{"overlays/prod/kustomization.yaml": text("resources:\n- https://" + r.host + "/acme/base//web?ref=" + r.base.Head("main") + "\n")}
}

// TestRemoteBaseEndToEnd reviews a pull request that builds on another
// repository: each commit of that is fetched once, what is wrong there is said
// at our own entry, and put right in our own kustomization.
func TestRemoteBaseEndToEnd(t *testing.T) {
	r := newRemotePlay(t, true)
	p := r.pull(r.shop, r.upon())
	p.wantSaid("overlays/prod/kustomization.yaml:2 image-unpinned")
	p.wantTexts(map[string]string{"overlays/prod/kustomization.yaml:2 image-unpinned": "/acme/base//web/web.yaml?ref=" + r.base.Head("main")})
	p.wantTexts(map[string]string{"overlays/prod/kustomization.yaml:2 image-unpinned": "  newTag: 1.2.3@sha256:"})
	asked := r.asked.Load()
	if asked == 0 {
		t.Error("nobody asked for the base")
	}
	p.wantQuiet("the same state, delivered again,", p.deliverAgain)
	p.wantQuiet("a restart", func() {
		p.restart()
		p.deliverAgain()
	})
	if again := r.asked.Load() - asked; again != 0 {
		t.Errorf("the base was asked for %d times more; its commit is there", again)
	}

	r.release("1.2.4")
	p.commit(r.upon())
	p.wantTexts(map[string]string{"overlays/prod/kustomization.yaml:2 image-unpinned": "web:1.2.4"})
	if again := r.asked.Load() - asked; again == 0 {
		t.Error("nobody asked for the new commit of the base")
	}
}

// TestRemoteBaseNotAllowed says what would have to be done, and asks nobody.
func TestRemoteBaseNotAllowed(t *testing.T) {
	r := newRemotePlay(t, false)
	p := r.pull(r.shop, r.upon())
	p.wantSaid("overlays/prod/kustomization.yaml:2 reference-refused")
	p.wantTexts(map[string]string{"overlays/prod/kustomization.yaml:2 reference-refused": "have the operator allow it as a remote base"})
	if asked := r.asked.Load(); asked != 0 {
		t.Errorf("the base was asked for %d times", asked)
	}
}
