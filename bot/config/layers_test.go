package config_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/kustodian/kustodian/bot/config"
	"github.com/kustodian/kustodian/rules"
)

// TestLayers lays the files of each case of testdata/config over each other, in
// their order: organisation.yaml, the one at the root, those of folders. The
// faults that it must tell stand on their lines; in-force/PATH is what counts
// for a path, without the defaults.
func TestLayers(t *testing.T) {
	cases, err := filepath.Glob("../../testdata/config/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) == 0 {
		t.Fatal("found no cases")
	}
	for _, path := range cases {
		t.Run(filepath.Base(path), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			layers := config.Default()
			for _, file := range archive.Files {
				if at, ok := strings.CutPrefix(file.Name, "in-force/"); ok {
					if diff := cmp.Diff(string(file.Data), inForce(layers, at)); diff != "" {
						t.Errorf("%s: want -, got +:\n%s", at, diff)
					}
					continue
				}
				name, parse := file.Name, config.ParseFolder
				switch name {
				case "organisation.yaml":
					name, parse = config.Organisation, config.Parse
				case config.File:
					parse = config.Parse
				}
				var found []rules.Finding
				layers, found = parse(name, file.Data, layers)
				checkLines(t, file.Data, found)
			}
		})
	}
}

// inForce are the settings that count at a path, one a line, but for defaults.
func inForce(c config.Config, at string) string {
	var b strings.Builder
	for _, s := range c.InForce(at) {
		if s.File != "" {
			fmt.Fprintf(&b, "%s: %s  %s:%d\n", s.Key, s.Value, s.File, s.Line)
		}
	}
	return b.String()
}

// TestSections asks what counts where.
func TestSections(t *testing.T) {
	c, faults := config.Parse(config.File, []byte("version: 1\nrules: {naked-pod: {severity: warning, block: [production]}, node-port: off}\n"+
		"paths:\n  teams/**: {rules: {naked-pod: off}}\n  live/**: {rules: {naked-pod: {severity: error, block: [staging]}, node-port: error}}\n"), config.Default())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if c, faults = config.ParseFolder("teams/a[1]/.kustodian.yaml", []byte("version: 1\nrules: {naked-pod: info}\n"), c); len(faults) > 0 {
		t.Fatal(faults)
	}
	for _, w := range []struct {
		rule, file string
		overlays   []string
		severity   rules.Severity
		block      string
	}{
		{"naked-pod", "base/pod.yaml", []string{"lab", "live/a"}, rules.Warning, "production"},
		{"naked-pod", "base/pod.yaml", []string{"live/b", "live/a"}, rules.Error, "staging"},
		{"naked-pod", "live/pod.yaml", []string{"lab"}, rules.Error, "staging"},
		{"naked-pod", "teams/shop/pod.yaml", []string{"lab"}, rules.Off, "production"},
		{"naked-pod", "teams/a[1]/pod.yaml", nil, rules.Info, "production"},
		{"naked-pod", "teams/a1/pod.yaml", nil, rules.Off, "production"}, // brackets of a folder are no pattern
		{"node-port", "live/service.yaml", nil, rules.Error, ""},
		{"node-port", "lab/service.yaml", nil, rules.Off, ""},
	} {
		severity := c.Rules.SeverityAt(w.rule, rules.Info, w.file, w.overlays, nil)
		block, _ := c.BlockIn(w.rule, w.file, w.overlays)
		if severity != w.severity || strings.Join(block, " ") != w.block {
			t.Errorf("%s in %s of %q: got %v %q, want %v %q", w.rule, w.file, w.overlays, severity, block, w.severity, w.block)
		}
	}
}

// TestSeverityByEnvironment asks what counts in which environment.
func TestSeverityByEnvironment(t *testing.T) {
	organisation, faults := config.Parse(config.Organisation, []byte("version: 1\nrules:\n"+
		"  naked-pod: {severity: {default: info, production: error}}\n"+
		"  host-port: {severity: {production: error, staging: warning}}\n"+
		"  node-port: {severity: {production: error}}\n"), config.Default())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	c, faults := config.Parse(config.File, []byte("version: 1\nrules:\n"+
		"  naked-pod: {severity: {staging: off}}\n"+ // key by key
		"  host-port: off\n"+ // everywhere
		"paths:\n  teams/**: {rules: {naked-pod: {severity: {default: off}}, node-port: {severity: {staging: info}}}}\n"), organisation)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for _, w := range []struct {
		rule, file   string
		environments []string
		want         rules.Severity
	}{
		{"naked-pod", "a.yaml", nil, rules.Info},
		{"naked-pod", "a.yaml", []string{"production"}, rules.Error},
		{"naked-pod", "a.yaml", []string{"staging"}, rules.Off},
		{"naked-pod", "a.yaml", []string{"staging", "production"}, rules.Error}, // the severest
		{"naked-pod", "teams/a.yaml", []string{"production"}, rules.Off},
		{"host-port", "a.yaml", []string{"production"}, rules.Off},
		{"node-port", "a.yaml", []string{"staging"}, rules.Warning}, // as the rule says itself
		{"node-port", "teams/a.yaml", []string{"staging"}, rules.Info},
		{"node-port", "teams/a.yaml", []string{"production"}, rules.Error},
	} {
		if got := c.Rules.SeverityAt(w.rule, rules.Warning, w.file, nil, w.environments); got != w.want {
			t.Errorf("%s in %s, %q: got %v, want %v", w.rule, w.file, w.environments, got, w.want)
		}
	}
	if got := organisation.Rules.SeverityAt("naked-pod", rules.Warning, "a.yaml", nil, []string{"staging"}); got != rules.Info {
		t.Errorf("the file below changed: staging is %v", got)
	}
}

// TestTooMany leaves out what there is too much of, and says so once.
func TestTooMany(t *testing.T) {
	ignores := "ignore:\n" + strings.Repeat("- {rule: naked-pod, reason: many}\n", 600)
	c, faults := config.Parse(config.File, []byte("version: 1\n"+ignores), config.Default())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	c, faults = config.ParseFolder("a/.kustodian.yaml", []byte("version: 1\n"+ignores), c)
	if len(c.Ignore) != 1000 || len(faults) != 1 || faults[0].Line != 403 || !strings.Contains(faults[0].Message, "1000 ignores are allowed") {
		t.Errorf("%d are kept, and told is %v", len(c.Ignore), faults)
	}
	var parts strings.Builder
	parts.WriteString("version: 1\npaths:\n")
	for i := range 201 {
		fmt.Fprintf(&parts, "  a%d/**: {rules: {naked-pod: off}}\n", i)
	}
	c, faults = config.Parse(config.File, []byte(parts.String()), config.Default())
	if len(c.Sections) != 200 || len(faults) != 1 || faults[0].Line != 203 {
		t.Errorf("%d parts are kept, and told is %v", len(c.Sections), faults)
	}
}
