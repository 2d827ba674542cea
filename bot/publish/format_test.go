package publish

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"golang.org/x/tools/txtar"

	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/fixes"
	"github.com/kustodian/kustodian/rules"
)

var update = flag.Bool("update", false, "write what is got into the cases' want/ files")

// A testCase is a txtar archive: report.json and head/PATH are the report,
// want/NAME is what is expected.
type testCase struct {
	file    string
	archive *txtar.Archive
	report  *review.Report
}

// eachCase runs a test for every case of a folder; a folder without one fails.
func eachCase(t *testing.T, folder string, test func(*testing.T, *testCase)) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../../testdata/publish", folder, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s: %v", folder, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			c := loadCase(t, file)
			test(t, c)
			if *update {
				if err := os.WriteFile(c.file, txtar.Format(c.archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func loadCase(t *testing.T, file string) *testCase {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c := &testCase{file: file, archive: archive, report: &review.Report{Kustomize: true, Files: map[string][]byte{}}}
	for _, f := range archive.Files {
		if name, ok := strings.CutPrefix(f.Name, "head/"); ok {
			c.report.Files[name] = f.Data
		}
	}
	var in struct {
		*review.Report
		Fixes []struct {
			fixes.Fix
			Proof fixes.Proof
		}
	}
	in.Report = c.report
	if err := json.Unmarshal(c.read(t, "report.json"), &in); err != nil {
		t.Fatal(err)
	}
	for i, f := range in.Fixes {
		c.report.Fixes = append(c.report.Fixes, provedFix(t, c.report.Files, f.Fix, f.Proof))
		for j := range c.report.Findings {
			if slices.Contains(f.Fingerprints, c.report.Findings[j].Fingerprint) {
				c.report.Findings[j].ProvedFix = i + 1
			}
		}
	}
	for j := range c.report.Findings {
		c.report.Findings[j].ProvedFix--
	}
	return c
}

// provedFix is a fix of files as they are at the head.
func provedFix(t *testing.T, head map[string][]byte, fix fixes.Fix, proof fixes.Proof) review.ProvedFix {
	t.Helper()
	out := review.ProvedFix{Fix: fix, Proof: proof, Before: map[string][]byte{}, After: map[string][]byte{}}
	for _, file := range fix.Files {
		out.Before[file.Path] = head[file.Path]
		switch {
		case file.Create != nil:
			out.After[file.Path] = []byte(*file.Create)
		case file.Delete:
			out.After[file.Path] = nil
		default:
			only := out
			only.Files = []fixes.FileChange{file}
			changed, err := applied([]review.ProvedFix{only})
			if err != nil {
				t.Fatal(err)
			}
			out.After[file.Path] = changed[0].after
		}
	}
	return out
}

// read returns a file of the case.
func (c *testCase) read(t *testing.T, name string) []byte {
	t.Helper()
	for _, f := range c.archive.Files {
		if f.Name == name {
			return f.Data
		}
	}
	t.Fatalf("%s has no %s", c.file, name)
	return nil
}

// want compares with the case's want/NAME, or writes it with -update.
func (c *testCase) want(t *testing.T, name string, got []byte) {
	t.Helper()
	name = "want/" + name
	i := slices.IndexFunc(c.archive.Files, func(f txtar.File) bool { return f.Name == name })
	if *update {
		if i < 0 {
			i = len(c.archive.Files)
			c.archive.Files = append(c.archive.Files, txtar.File{Name: name})
		}
		c.archive.Files[i].Data = got
		return
	}
	if i < 0 {
		t.Fatalf("%s has no %s", c.file, name)
	}
	// An archive ends every file with a line break.
	if len(got) > 0 && !bytes.HasSuffix(got, []byte("\n")) {
		got = append(got, '\n')
	}
	if diff := cmp.Diff(string(c.archive.Files[i].Data), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestFormats(t *testing.T) {
	eachCase(t, "formats", func(t *testing.T, c *testCase) {
		for _, format := range Formats() {
			var out bytes.Buffer
			if err := Write(&out, format, c.report, Options{Version: "1.2.3"}); err != nil {
				t.Fatalf("%s: %v", format, err)
			}
			c.want(t, format, out.Bytes())
			if format == "sarif" {
				parsed, err := sarif.FromBytes(out.Bytes(), sarif.WithStrictValidation())
				if err != nil {
					t.Fatal(err)
				}
				// The schema is that of OASIS. It is held to what was parsed, so all
				// that was written has to be in that.
				if err := parsed.Validate(); err != nil {
					t.Error(err)
				}
				again, err := json.Marshal(parsed)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(decoded(t, out.Bytes()), decoded(t, again)); diff != "" {
					t.Errorf("parsing loses what was written (-written +parsed):\n%s", diff)
				}
			}
		}
	})
}

// decoded is JSON as Go has it.
func decoded(t *testing.T, text []byte) (value any) {
	t.Helper()
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestFails(t *testing.T) {
	warning := review.Finding{Finding: rules.Finding{Severity: rules.Warning}}
	silenced := review.Finding{Finding: rules.Finding{Severity: rules.Error, Suppressed: &rules.Suppression{}}}
	report := &review.Report{Findings: []review.Finding{warning, silenced}}
	for failOn, want := range map[rules.Severity]bool{rules.Off: false, rules.Info: true, rules.Warning: true, rules.Error: false} {
		if got := Fails(report, failOn); got != want {
			t.Errorf("Fails(a warning and a silenced error, %s) = %v, want %v", failOn, got, want)
		}
	}
	if err := Write(&bytes.Buffer{}, "yaml", report, Options{}); err == nil || !strings.Contains(err.Error(), "want text, json") {
		t.Errorf("Write of an unknown format: %v", err)
	}
}
