package publish

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/fixes"
	"github.com/kustodian/kustodian/fixes/yamledit"
)

// What Diff prints, git takes, and makes of the files before the files after.
func TestDiffIsWhatGitApplies(t *testing.T) {
	text := func(s string) *string { return &s }
	insert := func(path string, at int, s string) fixes.FileChange {
		return fixes.FileChange{Path: path, Splices: []yamledit.Splice{{Start: at, End: at, New: s}}}
	}
	tests := []struct {
		name   string
		before map[string]string
		fixes  [][]fixes.FileChange
		after  map[string]string // "-" is a file that is gone
	}{
		{"one line", map[string]string{"a.yaml": "a\nb\nc\n"}, [][]fixes.FileChange{{insert("a.yaml", 1, "x")}}, map[string]string{"a.yaml": "ax\nb\nc\n"}},
		{"no line break at the end", map[string]string{"a.yaml": "a\nb"}, [][]fixes.FileChange{{insert("a.yaml", 3, "\nc")}}, map[string]string{"a.yaml": "a\nb\nc"}},
		{"carriage returns", map[string]string{"a.yaml": "a\r\nb\r\n"}, [][]fixes.FileChange{{insert("a.yaml", 1, "x")}}, map[string]string{"a.yaml": "ax\r\nb\r\n"}},
		{"two fixes of one file share an edit", map[string]string{"a.yaml": "a\nb\n"},
			[][]fixes.FileChange{{insert("a.yaml", 1, "x")}, {insert("a.yaml", 1, "x"), insert("a.yaml", 3, "y")}}, map[string]string{"a.yaml": "ax\nby\n"}},
		{"a file comes, a file goes", map[string]string{"old.yaml": "a\n"},
			[][]fixes.FileChange{{{Path: "new/a b.yaml", Create: text("a\n")}, {Path: "old.yaml", Delete: true}}}, map[string]string{"new/a b.yaml": "a\n", "old.yaml": "-"}},
		{"names that need quotes", map[string]string{"ü \"q\"\t.yaml": "a\n", "a b.yaml": "a\n"},
			[][]fixes.FileChange{{insert("ü \"q\"\t.yaml", 1, "x"), insert("a b.yaml", 1, "x")}}, map[string]string{"ü \"q\"\t.yaml": "ax\n", "a b.yaml": "ax\n"}},
		{"an empty file comes", nil, [][]fixes.FileChange{{{Path: "new.yaml", Create: text("")}}}, map[string]string{"new.yaml": ""}},
		{"nothing", map[string]string{"a.yaml": "a\n"}, nil, map[string]string{"a.yaml": "a\n"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			folder, head := t.TempDir(), map[string][]byte{}
			for name, s := range test.before {
				head[name] = []byte(s)
				if err := os.WriteFile(filepath.Join(folder, name), []byte(s), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			report := &review.Report{}
			for _, changes := range test.fixes {
				report.Fixes = append(report.Fixes, provedFix(t, head, fixes.Fix{Files: changes}, fixes.Proof{}))
			}
			var patch bytes.Buffer
			if err := Diff(&patch, report); err != nil {
				t.Fatal(err)
			}
			if patch.Len() > 0 {
				apply := exec.Command("git", "apply", "--whitespace=nowarn", "-")
				apply.Dir, apply.Stdin = folder, bytes.NewReader(patch.Bytes())
				if out, err := apply.CombinedOutput(); err != nil {
					t.Fatalf("git apply: %v\n%s\n%s", err, out, patch.String())
				}
			}
			for name, want := range test.after {
				got, err := os.ReadFile(filepath.Join(folder, name))
				if want == "-" {
					if !os.IsNotExist(err) {
						t.Errorf("%s is still there", name)
					}
				} else if err != nil || string(got) != want {
					t.Errorf("%s is %q (%v), want %q", name, got, err, want)
				}
			}
		})
	}
}

func TestDiffOfFixesThatCollide(t *testing.T) {
	fix := func(s string) review.ProvedFix {
		return review.ProvedFix{
			Fix:    fixes.Fix{Files: []fixes.FileChange{{Path: "a.yaml", Splices: []yamledit.Splice{{Start: 0, End: 1, New: s}}}}},
			Before: map[string][]byte{"a.yaml": []byte("a\n")},
		}
	}
	if err := Diff(&bytes.Buffer{}, &review.Report{Fixes: []review.ProvedFix{fix("b"), fix("c")}}); err == nil {
		t.Error("two fixes of the same bytes make a diff")
	}
}
