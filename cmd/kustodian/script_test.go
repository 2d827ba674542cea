package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	images "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kustodian/kustodian/bot/review/worker"
)

func TestMain(m *testing.M) {
	worker.Main()
	testscript.Main(m, map[string]func(){"kustodian": main})
}

var update = flag.Bool("update", false, "write what is got into the files that the scripts compare with")

// TestCommand runs the scripts of testdata/cli, each of which reads like the
// command's manual.
func TestCommand(t *testing.T) {
	scripts, err := filepath.Glob("../../testdata/cli/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if len(scripts) == 0 {
		t.Fatal("no scripts in testdata/cli")
	}
	cache := t.TempDir()
	registry := privateRegistry(t)
	shown := readmeConfiguration(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/cli",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GIT_CONFIG_GLOBAL", filepath.Join(env.WorkDir, ".gitconfig"))
			env.Setenv("GIT_CONFIG_NOSYSTEM", "1")
			env.Setenv("XDG_CACHE_HOME", cache)
			env.Setenv("REGISTRY", registry)
			login := filepath.Join(env.WorkDir, ".login")
			if err := os.Mkdir(login, 0o700); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(login, "config.json"), fmt.Appendf(nil, `{"auths": {%q: {"auth": "YWRhOm9wZW4="}}}`, registry), 0o600); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(env.WorkDir, "readme.yaml"), []byte(shown), 0o644); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(env.WorkDir, ".gitconfig"), []byte(gitConfig), 0o644)
		},
	})
}

// readmeConfiguration is the configuration that the README shows.
func readmeConfiguration(t *testing.T) string {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(readme), "\n    version: 1\n")
	block, _, ended := strings.Cut("    version: 1\n"+rest, "\n\n")
	if !found || !ended {
		t.Fatal("the README shows no configuration")
	}
	return strings.ReplaceAll("\n"+block, "\n    ", "\n") + "\n"
}

// gitConfig lets a script commit.
const gitConfig = `[user]
	name = Ada
	email = ada@example.com
[init]
	defaultBranch = main
[core]
	autocrlf = false
`

// privateRegistry starts a registry that lets only ada in, and has the image
// shop/web:1.0.0. What docker login leaves for it is in $WORK/.login.
func privateRegistry(t *testing.T) (host string) {
	t.Helper()
	open := images.New(images.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "ada" || password != "open" {
			w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		open.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	host = strings.TrimPrefix(server.URL, "http://")
	reference, err := name.ParseReference(host + "/shop/web:1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(reference, empty.Image, remote.WithAuth(&authn.Basic{Username: "ada", Password: "open"})); err != nil {
		t.Fatal(err)
	}
	return host
}
