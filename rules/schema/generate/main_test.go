package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTables holds the tables to the source that they are made of.
func TestTables(t *testing.T) {
	want, err := tables()
	if err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile("../tables.go")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(have), string(want)); diff != "" {
		t.Errorf("tables.go is not what k8s.io/api says; run go generate ./rules/schema\n%s", diff)
	}
}

// published is the schema that Kubernetes publishes, in the module of a
// version that is close to ours.
const published = "k8s.io/kubernetes@v1.36.3/api/openapi-spec/swagger.json"

// TestPublished holds the required fields to the published schema, where that
// module was downloaded.
func TestPublished(t *testing.T) {
	cache, err := exec.CommandContext(t.Context(), "go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(cache)), published))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is not here; go mod download k8s.io/kubernetes@v1.36.3 in a module of its own brings it", published)
	}
	if err != nil {
		t.Fatal(err)
	}
	var swagger struct {
		Definitions map[string]struct {
			Required []string `json:"required"`
		} `json:"definitions"`
	}
	if err := json.Unmarshal(text, &swagger); err != nil {
		t.Fatal(err)
	}
	w := &walk{required: map[string][]string{}, enums: map[string][]string{}, marked: map[string]bool{}, partly: map[string]bool{}}
	for _, s := range sources {
		dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", s.module).Output()
		if err != nil {
			t.Fatal(err)
		}
		if err := w.module(s.module, strings.TrimSpace(string(dir)), s.folder); err != nil {
			t.Fatal(err)
		}
	}
	compared := 0
	for name, definition := range swagger.Definitions {
		short, ok := strings.CutPrefix(name, "io.k8s.api.")
		if !ok || !stable.MatchString(short) || strings.HasSuffix(name, "List") || strings.HasSuffix(name, "Status") || strings.HasSuffix(name, "Condition") {
			continue
		}
		compared++
		ours := w.required["k8s.io/api/"+strings.Replace(short, ".", "/", 1)]
		for _, field := range definition.Required {
			if !slices.Contains(ours, field) && !slices.Contains(relaxed, short+"."+field) {
				t.Errorf("%s: %s is required in the published schema", short, field)
			}
		}
	}
	if compared < 200 {
		t.Errorf("%d types were compared", compared)
	}
}

// stable are the groups whose required fields no version changes.
var stable = regexp.MustCompile(`^(apps|autoscaling|batch|core|networking|policy|rbac|storage)\.v[12]\.`)

// relaxed are the fields that a later version than the published one asks for no more.
var relaxed = []string{"core.v1.EphemeralContainer.name", "apps.v1.ControllerRevision.revision"}
