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

// TestCaps lays a file under what an operator allows.
func TestCaps(t *testing.T) {
	for _, w := range []struct {
		caps                config.Caps
		schedule, want      string
		max, wantMax, rules int
		ignores, faults     int
	}{
		{config.DefaultCaps(), "0 6 * * *", "0 6 * * *", 20, 20, 2, 2, 0},
		{config.Caps{PullRequests: 3, OwnRules: 1, Ignores: 1, Sweeps: config.Weekly}, "5 6 * * 1,3", "5 6 * * 1", 4, 3, 1, 1, 4},
		{config.Caps{PullRequests: 3, OwnRules: 2, Ignores: 2, Sweeps: config.Weekly}, "5 6 * * 1", "5 6 * * 1", 3, 3, 2, 2, 0},
		{config.Caps{PullRequests: 99, OwnRules: 2, Ignores: 2, Sweeps: config.Hourly}, "*/7 * * * *", "0 * * * *", 50, 50, 2, 2, 1},
		{config.Caps{Sweeps: config.Hourly}, "*/60 * * * *", "*/60 * * * *", 1, 0, 0, 0, 4},
	} {
		src := fmt.Sprintf("version: 1\nsweep: {schedule: %q}\nfix: {max: %d}\nignore:\n- {rule: naked-pod, reason: a}\n- {rule: host-port, reason: b}\n"+
			"custom:\n- {id: a, check: 'true', message: m}\n- {id: b, check: 'true', message: m}\n", w.schedule, w.max)
		c, faults := config.Parse(config.File, []byte(src), config.Default().Under(w.caps))
		if c.Sweep.Schedule != w.want || c.PullRequests.Max != w.wantMax || len(c.Rules.Own) != w.rules || len(c.Ignore) != w.ignores || len(faults) != w.faults {
			t.Errorf("%+v: got %q, %d, %d rules, %d ignores, %d faults: %v", w.caps, c.Sweep.Schedule, c.PullRequests.Max, len(c.Rules.Own), len(c.Ignore), len(faults), faults)
		}
	}
	if most := config.Default().Under(config.Caps{PullRequests: 2}).PullRequests.Max; most != 2 {
		t.Errorf("without a file %d pull requests may be open, and 2 are allowed", most)
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

// TestTooLarge reads neither a file that is too large, nor one that is wrong
// throughout to its end, and says so.
func TestTooLarge(t *testing.T) {
	large := "version: 1\nrules: {naked-pod: off}\n# " + strings.Repeat("x", 1<<20)
	c, faults := config.Parse(config.File, []byte(large), config.Default())
	if len(c.Rules.Severities) > 0 || len(faults) != 1 || faults[0].Message != "the file has 1024 KB, and 1024 are allowed; nothing of it counts" {
		t.Errorf("%v counts, and told is %v", c.Rules.Severities, faults)
	}
	if c, faults = config.ParseFolder("a/.kustodian.yaml", []byte(large), config.Default()); len(c.Sections) > 0 || len(faults) != 1 {
		t.Errorf("a folder's: %v counts, and told is %v", c.Sections, faults)
	}
	var wrong strings.Builder
	wrong.WriteString("version: 1\npaths:\n  a/**: &a\n    rules:\n      naked-pod: off\n")
	for i := range 1000 {
		fmt.Fprintf(&wrong, "      rule-%d: off\n", i)
	}
	for i := range 100 {
		fmt.Fprintf(&wrong, "  b%d/**: *a\n", i)
	}
	c, faults = config.Parse(config.File, []byte(wrong.String()), config.Default())
	if len(c.Sections) != 1 || len(faults) != 101 || faults[100].Line != 105 || !strings.Contains(faults[100].Message, "100 faults are told") {
		t.Errorf("%d parts are read, and %d faults told, the last %q", len(c.Sections), len(faults), faults[len(faults)-1].Message)
	}
}
