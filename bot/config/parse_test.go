package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kustodian/kustodian/bot/config"
	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

var want = regexp.MustCompile(`# want "([^"]+)"`)

// TestParse reads each case of testdata/config; the faults it must tell stand
// on their lines.
func TestParse(t *testing.T) {
	cases, err := filepath.Glob("../../testdata/config/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) == 0 {
		t.Fatal("found no cases")
	}
	for _, path := range cases {
		t.Run(filepath.Base(path), func(t *testing.T) {
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			_, found := config.Parse(config.File, src, config.Default())
			for i, line := range strings.Split(string(src), "\n") {
				var wanted []string
				for _, m := range want.FindAllStringSubmatch(line, -1) {
					wanted = append(wanted, m[1])
				}
				check(t, i+1, wanted, found)
			}
		})
	}
}

// check compares what was found on a line with what the line wants.
func check(t *testing.T, line int, wanted []string, found []rules.Finding) {
	t.Helper()
	var messages []string
	for _, f := range found {
		if f.Line == line {
			messages = append(messages, f.Message)
		}
	}
	if len(messages) != len(wanted) {
		t.Errorf("line %d: found %q, want %q", line, messages, wanted)
		return
	}
	for i, pattern := range wanted {
		if !regexp.MustCompile(pattern).MatchString(messages[i]) {
			t.Errorf("line %d: found %q, want %q", line, messages[i], pattern)
		}
	}
}

// TestRightCounts reads what the right and the wrong file set.
func TestRightCounts(t *testing.T) {
	for _, c := range []struct {
		file, what string
		ok         func(config.Config) bool
	}{
		{"right", "off is read as a severity", func(c config.Config) bool {
			s, set := c.Rules.Severities["missing-liveness"]
			return set && s == rules.Off
		}},
		{"right", "a severity in a mapping", func(c config.Config) bool { return c.Rules.Severities["image-unpinned"] == rules.Error }},
		{"right", "the first policy", func(c config.Config) bool { return c.Fixes.Resources[0].MemoryLimitFactor == 1.5 }},
		{"right", "the mode", func(c config.Config) bool { return c.PullRequests.Mode == config.OnRequest && c.PullRequests.Max == 3 }},
		{"wrong", "a rule beside a wrong one", func(c config.Config) bool { _, set := c.Rules.Severities["naked-pod"]; return set }},
		{"wrong", "no ignore without a reason", func(c config.Config) bool { return len(c.Ignore) == 0 }},
		{"wrong", "the default mode stays", func(c config.Config) bool { return c.PullRequests.Mode == config.Automatic }},
		{"empty", "an empty file is a configuration", func(c config.Config) bool { return c.Exists }},
	} {
		src, err := os.ReadFile("../../testdata/config/" + c.file + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		parsed, _ := config.Parse(config.File, src, config.Default())
		if !c.ok(parsed) {
			t.Errorf("%s: %s: got %+v", c.file, c.what, parsed)
		}
	}
}

// TestBelow lays a repository's configuration over its organisation's.
func TestBelow(t *testing.T) {
	below, faults := config.Parse(config.File, []byte("version: 1\nrules: {naked-pod: off, missing-liveness: off}\nfix: {pullRequests: request, max: 3, labels: [ours]}\ngenerated: [a, b]\nenvironments: {production: [live/**], lab: [lab/**]}\n"), config.Default())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	got, faults := config.Parse(config.File, []byte("version: 1\nrules: {naked-pod: error}\nfix: {max: 2}\ngenerated: [c]\nenvironments: {production: [prod/**]}\n"), below)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	want := below
	want.Rules.Severities = map[string]rules.Severity{"naked-pod": rules.Error, "missing-liveness": rules.Off}
	want.PullRequests.Max = 2
	want.Generated = []string{"c"}
	want.Environments = overlay.Environments{"production": {"prod/**"}, "lab": {"lab/**"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	if below.Rules.Severities["naked-pod"] != rules.Off || below.Environments["production"][0] != "live/**" {
		t.Error("the configuration below changed")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("version: 1\n"))
	f.Add([]byte("ignore: [{rule: &a x}, *a]"))
	f.Add([]byte("a: &a {b: *a}"))
	f.Fuzz(func(t *testing.T, src []byte) {
		_, found := config.Parse(config.File, src, config.Default())
		for _, fault := range found {
			if fault.Line < 1 || fault.Message == "" || fault.Fingerprint == "" {
				t.Errorf("a fault without line, message or fingerprint: %+v", fault)
			}
		}
	})
}
