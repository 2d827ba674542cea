package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/kustodian/kustodian"

// A listed package is what `go list -json` says of one.
type listed struct {
	ImportPath string
	Dir        string
	Imports    []string
	GoFiles    []string
}

// packages lists the module's packages; those of testdata are not part of "...".
func packages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Dir,Imports,GoFiles", module+"/...",
		module+"/testdata/corpus", module+"/testdata/demo", module+"/testdata/github", module+"/testdata/mutation", module+"/testdata/rules").Output()
	if err != nil {
		t.Fatalf("listing the packages: %v", err)
	}
	var all []listed
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := decoder.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("reading go list: %v", err)
		}
		all = append(all, p)
	}
	if len(all) < 10 {
		t.Fatalf("go list found %d packages only", len(all))
	}
	return all
}

// rooms is the direction of imports: a package may import those of its own
// room and of the rooms after it.
var rooms = []string{"cmd", "bot", "fixes", "rules", "rules/overlay"}

// onlyImporters are the packages that alone may import a dependency, and why.
var onlyImporters = []struct{ dependency, importer, why string }{
	{"sigs.k8s.io/kustomize/", "rules/overlay", "a build is handed on as YAML nodes"},
	{"github.com/google/go-github/", "bot/github", "the rest sees our own types"},
	{"github.com/bradleyfalzon/ghinstallation/", "bot/github", "tokens are minted in one place"},
	{"github.com/go-git/", "bot/mirror", "the rest sees trees"},
	{"github.com/nats-io/", "bot/queue", "the rest sees keys"},
	{"cel.dev/cel-go/", "rules/custom", "a stranger's expression is held to its limits in one place"},
	{"github.com/google/go-containerregistry/", "fixes/registry", "a registry is asked in one place"},
}

func TestImportsGoOneWay(t *testing.T) {
	for _, p := range packages(t) {
		from := strings.TrimPrefix(p.ImportPath, module+"/")
		if excepted(from) {
			continue
		}
		for _, imported := range p.Imports {
			if to, ours := strings.CutPrefix(imported, module+"/"); ours {
				if room(to) < room(from) {
					t.Errorf("%s imports %s, which is above it", from, to)
				}
				if from == "bot/githubtest" && strings.HasPrefix(to, "bot") && !strings.HasPrefix(to, "bot/githubtest") {
					t.Errorf("%s imports %s: a simulator must not share its client's mistakes", from, to)
				}
			}
			for _, only := range onlyImporters {
				if strings.HasPrefix(imported, only.dependency) && from != only.importer {
					t.Errorf("%s imports %s; only %s may: %s", from, imported, only.importer, only.why)
				}
			}
		}
	}
}

// excepted packages are no part of the product.
func excepted(path string) bool {
	return path == "cmd/demo" || path == "cmd/bench" || strings.HasPrefix(path, "testdata")
}

// room is the index of the room that a package is in; testdata is below all.
func room(path string) int {
	best := len(rooms)
	for i, r := range rooms {
		if path == r || strings.HasPrefix(path, r+"/") {
			best = i // a later room is deeper: rules/overlay after rules
		}
	}
	return best
}

func TestRulesDoNoIO(t *testing.T) {
	for _, p := range packages(t) {
		if p.ImportPath != module+"/rules" {
			continue
		}
		for _, imported := range p.Imports {
			if slices.Contains([]string{"os", "os/exec", "net", "net/http", "time"}, imported) {
				t.Errorf("rules imports %s: a rule is a pure function of a build", imported)
			}
		}
	}
}

// goFile is a file that a package doc names.
var goFile = regexp.MustCompile(`\b[a-z][a-z0-9_]*\.go\b`)

// TestEveryPackageHasOneDoc also holds that the files are there that it names.
func TestEveryPackageHasOneDoc(t *testing.T) {
	for _, p := range packages(t) {
		docs := 0
		for _, name := range p.GoFiles {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if file.Doc == nil {
				continue
			}
			docs++
			for _, named := range goFile.FindAllString(file.Doc.Text(), -1) {
				if !slices.Contains(p.GoFiles, named) {
					t.Errorf("the package doc of %s names %s, which is not there", p.ImportPath, named)
				}
			}
		}
		if docs != 1 {
			t.Errorf("%s has %d package docs, want one", p.ImportPath, docs)
		}
	}
}

// printers are the files that may print YAML, and why none of it goes into a
// file that somebody else wrote.
var printers = map[string]string{
	"fixes/diff.go":                        "objects for a diff to read, and values of edits, which yamledit reads again",
	"rules/overlay/build.go":               "a build, as kustomize prints it",
	"rules/overlay/failure_culprit.go":     "a kustomization held in memory for one build",
	"rules/overlay/kustomizations.go":      "a kustomization held in memory for one build",
	"rules/overlay/remote_mount.go":        "a kustomization held in memory for one build",
	"rules/overlay/serving.go":             "a kustomization held in memory for one build",
	"rules/overlay/token.go":               "patches and configurations held in memory for one build",
	"rules/overlay/token_kustomization.go": "a kustomization held in memory for one build",
}

// prints are the functions that print YAML.
var prints = []string{"yaml.Marshal", "yaml.NewEncoder", "yaml.Dump", "yaml.NewDumper", "AsYAML", "AsYaml", "MustYaml", "MustString"}

// TestNothingElseWritesYAML holds that what goes into somebody's file goes
// through fixes/yamledit, which keeps the bytes that it does not mean to change.
func TestNothingElseWritesYAML(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range packages(t) {
		from := strings.TrimPrefix(p.ImportPath, module+"/")
		if excepted(from) {
			continue
		}
		for _, name := range p.GoFiles {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			path, library := from+"/"+name, map[string]bool{}
			for _, i := range file.Imports {
				if strings.Contains(i.Path.Value, "/yaml") && i.Name != nil {
					library[i.Name.Name] = true
				}
			}
			library["yaml"] = true
			ast.Inspect(file, func(n ast.Node) bool {
				selector, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				called := selector.Sel.Name
				if x, ok := selector.X.(*ast.Ident); ok && library[x.Name] {
					called = "yaml." + called
				}
				if slices.Contains(prints, called) {
					seen[path] = true
					if printers[path] == "" {
						t.Errorf("%s calls %s: YAML for somebody's file is written by fixes/yamledit", path, called)
					}
				}
				return true
			})
		}
	}
	for path := range printers {
		if !seen[path] {
			t.Errorf("%s prints no YAML any more; take it off the list", path)
		}
	}
}

// TestTopLevel holds the frame of the repository.
func TestTopLevel(t *testing.T) {
	known := strings.Fields("cmd bot fixes rules deploy testdata go.mod go.sum Dockerfile app.yml README.md LICENSE CONTRIBUTING.md SECURITY.md")
	entries, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(known, e.Name()) {
			t.Errorf("%s does not belong at the top level", e.Name())
		}
	}
}

// TestNoBannedNames keeps packages from becoming drawers.
func TestNoBannedNames(t *testing.T) {
	banned := strings.Fields("util utils common helpers helper manager types models misc")
	err := filepath.WalkDir("../..", func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasPrefix(e.Name(), ".") && e.Name() != ".." {
			return skip(e)
		}
		if slices.Contains(banned, strings.TrimSuffix(e.Name(), ".go")) {
			t.Errorf("%s says nothing about what is in it", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func skip(e fs.DirEntry) error {
	if e.IsDir() {
		return filepath.SkipDir
	}
	return nil
}
