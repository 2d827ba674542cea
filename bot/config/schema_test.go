package config_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
	"golang.org/x/tools/txtar"

	"github.com/kustodian/kustodian/bot/config"
)

//go:generate go test . -run TestSchemaIsPublished -update

var update = flag.Bool("update", false, "write schema.json")

// TestSchemaIsPublished holds the file that editors load to what is read.
func TestSchemaIsPublished(t *testing.T) {
	var want bytes.Buffer
	encoder := json.NewEncoder(&want)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(config.Schema()); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("schema.json", want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(have), want.String()); diff != "" {
		t.Errorf("schema.json is not what is read; run go generate ./bot/config\n%s", diff)
	}
	for key, property := range properties(t) {
		if property["description"] == "" {
			t.Errorf("nothing is said of the key %s", key)
		}
	}
}

// properties are those of the published schema.
func properties(t *testing.T) map[string]map[string]any {
	t.Helper()
	src, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct{ Properties map[string]map[string]any }
	if err := json.Unmarshal(src, &schema); err != nil {
		t.Fatal(err)
	}
	if len(schema.Properties) < 10 {
		t.Fatalf("the schema has %d keys only", len(schema.Properties))
	}
	return schema.Properties
}

// TestSchemaAgrees holds the schema to the reader: what one takes the other
// takes too, and what is wrong in itself both refuse. That a rule is not known,
// a key locked, or a pattern none, only the reader can tell.
func TestSchemaAgrees(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	right := map[string][]byte{"the empty one": []byte("version: 1\n")}
	for _, file := range []string{"../../testdata/config/right.yaml", "../../.kustodian.yaml"} {
		if right[file], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range inCases(t) {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range archive.Files {
			if filepath.Base(file.Name) == config.File {
				if _, faults := config.Parse(config.File, file.Data, config.Default()); len(faults) == 0 {
					right[name+" "+file.Name] = file.Data
				}
			}
		}
	}
	if len(right) < 6 {
		t.Fatalf("found %d configurations only", len(right))
	}
	for name, src := range right {
		if err := schema.Validate(plain(t, src)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, wrong := range []string{
		"{}", "[]", "text", "version: 2", "version: 1\nrule: {}", "version: 1\nrules: []", "version: 1\nrules: {naked-pod: loud}",
		"version: 1\nrules: {naked-pod: {severty: off}}", "version: 1\nrules: {naked-pod: {block: production}}",
		"version: 1\nenvironments: {production: prod}", "version: 1\nignore: [{rule: naked-pod}]", "version: 1\nignore: [{reason: none}]",
		"version: 1\nfix: {max: -1}", "version: 1\nfix: {pullRequests: often}", "version: 1\nsweep: daily",
		"version: 1\ncluster: {version: 1.34}", "version: 1\nresources: [{match: {kind: Pod}}]", "version: 1\nresources: [{requests: {gpu: 1}}]",
		"version: 1\ncustom: [{id: a, check: 'true'}]", "version: 1\ncustom: [{id: A, check: 'true', message: m}]", "version: 1\ncheck: {always: perhaps}",
		"version: 1\nkinds: [{group: example.com}]", "version: 1\npaths: {a: {fix: {max: 1}}}", "version: 1\ngenerated: .env", "version: 1\nlocked: fix",
		"version: 1\ninlineIgnore: deny", "version: 1\nimages: {leve: []}", "version: 1\ncontact: [{}]",
	} {
		if _, faults := config.Parse(config.File, []byte(wrong), config.Default()); len(faults) == 0 {
			t.Errorf("%q is read without a fault", wrong)
		}
		if schema.Validate(plain(t, []byte(wrong))) == nil {
			t.Errorf("the schema takes %q", wrong)
		}
	}
}

// inCases are the cases that may hold configurations.
func inCases(t *testing.T) (names []string) {
	t.Helper()
	for _, pattern := range []string{"config", "cli", "review", "fixes"} {
		found, err := filepath.Glob("../../testdata/" + pattern + "/*.txtar")
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, found...)
	}
	return names
}

// plain is YAML as a validator of JSON sees it: a day is a text.
func plain(t *testing.T, src []byte) any {
	t.Helper()
	var document yaml.Node
	if err := yaml.Unmarshal(src, &document); err != nil {
		t.Fatal(err)
	}
	var convert func(n *yaml.Node) any
	convert = func(n *yaml.Node) any {
		switch n.Kind {
		case yaml.MappingNode:
			out := map[string]any{}
			for i := 0; i+1 < len(n.Content); i += 2 {
				out[n.Content[i].Value] = convert(n.Content[i+1])
			}
			return out
		case yaml.SequenceNode:
			out := []any{}
			for _, item := range n.Content {
				out = append(out, convert(item))
			}
			return out
		}
		var value any
		if err := n.Decode(&value); err != nil || strings.HasPrefix(n.ShortTag(), "!!time") {
			return n.Value
		}
		return value
	}
	return convert(document.Content[0])
}
