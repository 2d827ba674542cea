package bot_test

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	images "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/kustodian/kustodian/bot/githubtest"
)

// TestOrganisationNamesMirrors: the organisation's file adds places that are
// asked, among the hosts that the operator lists; a repository's own adds none.
func TestOrganisationNamesMirrors(t *testing.T) {
	const names = "images: {mirror: %s, mirrors: [{name: %[1]s, of: registry.example.com, at: %s}]}\n"
	for _, c := range []struct{ name, organisation, own, want string }{
		{"it says something else", fmt.Sprintf(names, "copy", "HOST/copy"), "", "the mirror HOST/copy says that registry.example.com/shop/web:1.0.0 is sha256:"},
		{"the operator does not list it", fmt.Sprintf(names, "copy", "127.0.0.1:1/copy"), "", "registry 127.0.0.1:1 is not among the registries that may be asked"},
		{"the repository names one", fmt.Sprintf(names, "copy", "HOST/copy"), fmt.Sprintf(names, "own", "HOST/own"), `there is no mirror "own"; the operator and the organisation name copy`},
		{"nobody picks it", strings.Replace(fmt.Sprintf(names, "copy", "HOST/copy"), "mirror: copy, ", "", 1), "", "```suggestion"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, mayFix, nil)
			s.push("shop/web:1.0.0", "copy/shop/web:1.0.0", "own/shop/web:1.0.0")
			at := func(text string) string { return strings.ReplaceAll(text, "HOST", s.registryHost()) }
			s.repository(".github", files{".kustodian.yaml": text(at("version: 1\n" + c.organisation))})
			archive := small(t)
			start := entries(archive, "main/")
			start[".kustodian.yaml"] = text(string(start[".kustodian.yaml"].Content) + at(c.own))
			p := s.pull(s.repository("shop", start), entries(archive, "pull/"))
			if body := p.saidOfImage(); !strings.Contains(body, at(c.want)) {
				t.Errorf("want %q in:\n%s", at(c.want), body)
			}
		})
	}
}

// saidOfImage is the comment on the image that is not pinned.
func (p *play) saidOfImage() string {
	p.Helper()
	for _, thread := range p.state().Threads {
		if strings.HasSuffix(where(thread), " image-unpinned") {
			return thread.Comments[0].Body
		}
	}
	p.Fatalf("nothing is said of the image: %q", p.said())
	return ""
}

// TestForkReadsNothingPrivate: what the operator lets an installation read is
// told to its own pull requests, and nothing of it to one from a fork.
func TestForkReadsNothingPrivate(t *testing.T) {
	s := newStage(t, mayFix, nil)
	archive := small(t)
	repo := s.repository("shop", entries(archive, "main/"))
	host, folder := ownedByAnn(t, "shop/web:1.0.0"), t.TempDir()
	s.must(os.WriteFile(filepath.Join(folder, "password"), []byte("open"), 0o600))
	s.must(os.WriteFile(filepath.Join(folder, "registries.yaml"), fmt.Appendf(nil, "mirrors:\n- {of: private.example.com, at: %[1]s, trusted: true}\n"+
		"credentials:\n- {installation: %[2]d, host: %[1]s, username: ann, passwordFile: %[3]s}\n", host, s.installation("shop"), filepath.Join(folder, "password")), 0o600))
	s.settings["REGISTRIES_FILE"] = filepath.Join(folder, "registries.yaml")
	s.restart()
	change := entries(archive, "pull/")
	change["web.yaml"].Content = bytes.ReplaceAll(change["web.yaml"].Content, []byte("registry.example.com"), []byte("private.example.com"))

	fork, err := repo.Fork("mona")
	s.must(err)
	_, err = fork.Write("change", "Change", change)
	s.must(err)
	number, err := repo.OpenPullRequest(githubtest.NewPullRequest{Head: "change", From: fork, Title: "Change", Author: "mona"})
	s.must(err)
	s.settle()
	if body := (&play{s, repo, number}).saidOfImage(); !strings.Contains(body, "does not let Kustodian read private.example.com/shop/web:1.0.0 (401)") || regexp.MustCompile("sha256:[0-9a-f]").MatchString(body) {
		t.Errorf("to a fork is said:\n%s", body)
	}
	if body := s.pull(repo, change).saidOfImage(); !strings.Contains(body, "```suggestion") || !strings.Contains(body, "@sha256:") {
		t.Errorf("to the repository's own is said:\n%s", body)
	}
}

// ownedByAnn starts a registry with an image that lets only ann in.
func ownedByAnn(t *testing.T, image string) (host string) {
	t.Helper()
	open := images.New(images.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "ann" || password != "open" {
			w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		open.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	host = strings.TrimPrefix(server.URL, "http://")
	reference, err := name.ParseReference(host + "/" + image)
	if err != nil {
		t.Fatal(err)
	}
	config, err := empty.Image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config.Author = "ann"
	built, err := mutate.ConfigFile(empty.Image, config)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(reference, built, remote.WithAuth(&authn.Basic{Username: "ann", Password: "open"})); err != nil {
		t.Fatal(err)
	}
	return host
}
