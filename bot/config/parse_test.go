package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kustodian/kustodian/bot/config"
	"github.com/kustodian/kustodian/fixes/registry"
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
			checkLines(t, src, found)
		})
	}
}

// checkLines compares what was found in a file with what its lines want.
func checkLines(t *testing.T, src []byte, found []rules.Finding) {
	t.Helper()
	for i, line := range strings.Split(string(src), "\n") {
		var wanted []string
		for _, m := range want.FindAllStringSubmatch(line, -1) {
			wanted = append(wanted, m[1])
		}
		check(t, i+1, wanted, found)
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
		{"right", "the limit of cpu", func(c config.Config) bool {
			return c.Fixes.Resources[0].CPULimit == "1" && c.Fixes.Resources[1].CPULimit == ""
		}},
		{"limits", "a request beside a limit that is forbidden", func(c config.Config) bool {
			entry := c.Fixes.Resources[0]
			return len(c.Fixes.Resources) == 2 && entry.Requests["cpu"] == "100m" && entry.CPULimit == "" && c.Fixes.StartingResources.CPULimit == ""
		}},
		{"right", "the mode", func(c config.Config) bool { return c.PullRequests.Mode == config.OnRequest && c.PullRequests.Max == 3 }},
		{"right", "rules of its own", func(c config.Config) bool {
			own := c.Rules.Own
			return len(own) == 3 && own[0].Severity == rules.Info && own[0].Field.String() == "metadata.labels" && own[1].Line == 31 && own[1].Severity == rules.Warning
		}},
		{"right", "the severity of a rule of its own", func(c config.Config) bool { return c.Rules.Severities["team-label"] == rules.Error }},
		{"wrong", "only the rule of its own that is right", func(c config.Config) bool { return len(c.Rules.Own) == 1 && c.Rules.Own[0].ID == "fourteen" }},
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
	want.Settings, got.Settings = nil, nil // see TestLayers
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

// TestOwnBelow lays rules over those of the organisation, one by one.
func TestOwnBelow(t *testing.T) {
	below, _ := config.Parse(config.File, []byte("version: 1\ncustom:\n- {id: a, check: 'true', message: theirs}\n- {id: b, check: 'true', message: theirs}\n"), config.Default())
	got, faults := config.Parse(config.File, []byte("version: 1\nrules: {a: off}\ncustom:\n- {id: b, check: 'true', message: ours}\n- {id: c, check: 'true', message: ours}\n"), below)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	var said []string
	for _, own := range got.Rules.Own {
		said = append(said, own.ID+" "+own.Message)
	}
	if diff := cmp.Diff([]string{"a theirs", "b ours", "c ours"}, said); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	if below.Rules.Own[1].Message != "theirs" {
		t.Error("the configuration below changed")
	}
}

// TestOwnTooMuch leaves out what a configuration has too much of, and says so.
func TestOwnTooMuch(t *testing.T) {
	rule := func(i int, check string) string {
		return fmt.Sprintf("- {id: rule-%d, check: %q, message: m}\n", i, check)
	}
	var many, long strings.Builder
	for i := range 52 {
		many.WriteString(rule(i, "true"))
	}
	for i := range 3 {
		long.WriteString(rule(i, "true"+strings.Repeat(" ", 60<<10)))
	}
	for _, c := range []struct {
		custom string
		kept   int
		want   string
		faults int
	}{
		{many.String(), 50, "50 rules of your own are allowed", 2},
		{long.String(), 2, "more than 128 KB together", 1},
		{rule(0, "true"+strings.Repeat(" ", 64<<10)), 0, "the check has 65 KB; 64 are allowed", 1},
	} {
		got, faults := config.Parse(config.File, []byte("version: 1\ncustom:\n"+c.custom), config.Default())
		if len(got.Rules.Own) != c.kept || len(faults) != c.faults || !strings.Contains(faults[0].Message, c.want) {
			t.Errorf("%d rules are kept, and told is %v; want %d and %q", len(got.Rules.Own), faults, c.kept, c.want)
		}
	}
}

// TestSweepOf reads the schedule alone, whatever else is wrong.
func TestSweepOf(t *testing.T) {
	const monday, sunday = "sweep: {schedule: '0 6 * * 1', timezone: Europe/Berlin}\n", "sweep: {schedule: '0 4 * * 0'}\n"
	for _, c := range []struct {
		organisation, own string
		want              config.Sweep
	}{
		{"", "rulse: 1\n" + monday, config.Sweep{Schedule: "0 6 * * 1", Timezone: "Europe/Berlin"}},
		{monday, "", config.Sweep{Schedule: "0 6 * * 1", Timezone: "Europe/Berlin"}},
		{monday, sunday, config.Sweep{Schedule: "0 4 * * 0", Timezone: "Europe/Berlin"}},
		{monday + "locked: [sweep]\n", sunday, config.Sweep{Schedule: "0 6 * * 1", Timezone: "Europe/Berlin"}},
		{monday, sunday + "locked: [sweep]\n", config.Sweep{Schedule: "0 4 * * 0", Timezone: "Europe/Berlin"}},
		{"[", sunday, config.Sweep{Schedule: "0 4 * * 0"}},
		{"", "[", config.Sweep{}},
		{"", "- sweep", config.Sweep{}},
		{"", "sweep: []", config.Sweep{}},
		{"", "sweep: {schedule: often}", config.Sweep{}},
		{"", "sweep: {schedule: TZ=UTC}", config.Sweep{}},
		{"", "sweep: {schedule: 'CRON_TZ=Europe/Berlin 0 4 * * 0'}", config.Sweep{}},
	} {
		if got := config.SweepOf(config.DefaultCaps(), []byte(c.organisation), []byte(c.own)); got != c.want {
			t.Errorf("%q over %q: got %+v, want %+v", c.own, c.organisation, got, c.want)
		}
	}
}

// TestMirrorsOf reads the mirrors alone, whatever else is wrong.
func TestMirrorsOf(t *testing.T) {
	for src, want := range map[string][]registry.Mirror{
		"": nil, "[": nil, "images: []": nil, "images: {mirrors: hub}": nil,
		"rulse: 1\nimages: {leave: 1, mirrors: [{name: hub, of: docker.io, at: ghcr.io/acme/hub}, {of: quay.io}]}": {{Name: "hub", Of: "docker.io", At: "ghcr.io/acme/hub"}},
		"images: {mirrors: [{of: docker.io, at: ghcr.io, trusted: true}]}":                                         nil,
	} {
		if diff := cmp.Diff(want, config.MirrorsOf([]byte(src))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", src, diff)
		}
	}
	if many := config.MirrorsOf([]byte("images:\n  mirrors:\n" + strings.Repeat("  - {of: docker.io, at: ghcr.io}\n", 60))); len(many) != 50 {
		t.Errorf("%d mirrors count, want 50", len(many))
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("version: 1\n"))
	f.Add([]byte("ignore: [{rule: &a x}, *a]"))
	f.Add([]byte("a: &a {b: *a}"))
	f.Add([]byte("custom: [{id: a, check: 'has(object.a', message: b}, &a {custom: *a}]"))
	f.Fuzz(func(t *testing.T, src []byte) {
		_, found := config.Parse(config.File, src, config.Default())
		for _, fault := range found {
			if fault.Line < 1 || fault.Message == "" || fault.Fingerprint == "" {
				t.Errorf("a fault without line, message or fingerprint: %+v", fault)
			}
		}
	})
}
