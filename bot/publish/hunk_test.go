package publish

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseHunks(t *testing.T) {
	tests := []struct {
		name, patch string
		want        []hunk
		err         string
	}{
		{name: "none"},
		{
			name:  "one line added to an empty file",
			patch: "@@ -0,0 +1 @@\n+a",
			want:  []hunk{{1, 1, map[int]bool{1: true}}},
		},
		{
			name:  "a file deleted",
			patch: "@@ -1,2 +0,0 @@\n-a\n-b",
			want:  []hunk{{0, -1, map[int]bool{}}},
		},
		{
			name:  "two hunks, the heading of one, and no line break at the end",
			patch: "@@ -1,3 +1,3 @@ kind: Pod\n a\n-b\n+B\n c\n@@ -9,2 +9,3 @@\n i\n-j\n\\ No newline at end of file\n+j\n+k\n\\ No newline at end of file",
			want:  []hunk{{1, 3, map[int]bool{2: true}}, {9, 11, map[int]bool{10: true, 11: true}}},
		},
		{
			name:  "a line that looks like a file's name",
			patch: "@@ -1,2 +1,2 @@\n---- a\n+++ b\n c\n",
			want:  []hunk{{1, 2, map[int]bool{1: true}}},
		},
		{name: "no hunk", patch: "+a", err: "before its first hunk"},
		{name: "too short", patch: "@@ -1 +1,2 @@\n+a", err: "ends 1 lines early"},
		{name: "too long", patch: "@@ -1 +1 @@\n+a\n+b", err: "one more than its hunk has"},
		{name: "no number", patch: "@@ -1 +x @@\n+a", err: "want @@"},
		{name: "a number beyond every file", patch: "@@ -1 +99999999999999999999 @@\n+a", err: "want @@"},
		{name: "a line of no kind", patch: "@@ -1 +1 @@\na", err: "want +, - or a space"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseHunks(test.patch)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("error %v, want one that says %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(hunk{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What the hunks of a patch show is what its text shows.
func FuzzParseHunks(f *testing.F) {
	f.Add("@@ -1,3 +1,3 @@ kind: Pod\n a\n-b\n+B\n c")
	f.Add("@@ -0,0 +1 @@\n+a\n\\ No newline at end of file")
	f.Fuzz(func(t *testing.T, patch string) {
		hunks, err := parseHunks(patch)
		if err != nil {
			return
		}
		added := 0
		for _, h := range hunks {
			added += len(h.added)
			for n := range h.added {
				if !h.has(n, n) {
					t.Errorf("line %d is added outside of its hunk %d to %d", n, h.first, h.last)
				}
			}
		}
		plus := 0
		for _, line := range strings.Split(patch, "\n") {
			if strings.HasPrefix(line, "+") {
				plus++
			}
		}
		if added != plus {
			t.Errorf("%d lines added, the patch has %d", added, plus)
		}
	})
}

func TestDocument(t *testing.T) {
	const src = "a\n---\nb\nc\n--- # d\n---x\n"
	for line, want := range map[int][2]int{
		0: {1, 0}, 1: {1, 1}, 2: {2, 4}, 4: {2, 4}, 5: {5, 6}, 6: {5, 6}, 7: {1, 0},
	} {
		if first, last := document([]byte(src), line); [2]int{first, last} != want {
			t.Errorf("document of line %d is %d to %d, want %d to %d", line, first, last, want[0], want[1])
		}
	}
}
