package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

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
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/cli",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GIT_CONFIG_GLOBAL", filepath.Join(env.WorkDir, ".gitconfig"))
			env.Setenv("GIT_CONFIG_NOSYSTEM", "1")
			env.Setenv("XDG_CACHE_HOME", cache)
			return os.WriteFile(filepath.Join(env.WorkDir, ".gitconfig"), []byte(gitConfig), 0o644)
		},
	})
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
