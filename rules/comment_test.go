package rules_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kustodian/kustodian/rules"
)

// TestWhatIsAComment finds the comments of a text, and nothing in what only
// looks like one.
func TestWhatIsAComment(t *testing.T) {
	const comment = "# kustodian:ignore naked-pod a reason"
	for _, c := range []struct {
		what, file, text string
		want             []int
	}{
		{"on a line of its own", "a.yaml", comment + "\nkind: Pod\n", []int{1}},
		{"behind a value", "a.yaml", "kind: Pod " + comment + "\n", []int{1}},
		{"with the ends of Windows' lines", "a.yaml", comment + "\r\nkind: Pod " + comment + "\r\n", []int{1, 2}},
		{"behind another comment", "a.yaml", "# a shell " + comment + "\n", []int{1}},
		{"behind a quote that is closed", "a.yaml", "a: 'it''s' " + comment + "\nb: \"\\\"\" " + comment + "\n", []int{1, 2}},
		{"behind an apostrophe in a word", "a.yaml", "a: it's " + comment + "\n", []int{1}},
		{"in quotes", "a.yaml", "a: 'x " + comment + "'\nb: [\"" + comment + "\"]\n", nil},
		{"without a blank before it", "a.yaml", "a: http://x/" + comment + "\n", nil},
		{"in a script", "a.yaml", "data:\n  run: |\n    " + comment + "\n\n    x " + comment + "\n  other: a " + comment + "\n", []int{6}},
		{"in a folded text of a list", "a.yaml", "args:\n- >-\n  " + comment + "\n- b " + comment + "\n", []int{4}},
		{"in a text of an item's key", "a.yaml", "-   a: b\n    text: !!str |2-\n      " + comment + "\n    " + comment + "\n", []int{4}},
		{"in a list in a list", "a.yaml", "- - |\n    " + comment + "\n  - " + comment + "\n", []int{3}},
		{"at the key of a block", "a.yaml", "run: | " + comment + "\n  " + comment + "\n", []int{1}},
		{"behind a pipe in a value", "a.yaml", "run: a |\n" + comment + "\n", []int{2}},
		{"in an inline patch", "base/kustomization.yaml", "patches:\n- patch: |-\n    " + comment + "\npatchesStrategicMerge:\n- |-\n  " + comment + "\n", []int{3, 6}},
		{"in a patch of Flux's", "flux.yaml", "spec:\n  patches:\n  - patch: |\n      " + comment + "\n    target: {}\n", []int{4}},
	} {
		note, _ := rules.NoteFile(c.file, []byte(c.text))
		var got []int
		for _, found := range note.Comments {
			got = append(got, found.Line)
			if found.Rule != "naked-pod" || found.Reason != "a reason" {
				t.Errorf("%s: read as %+v", c.what, found)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: lines: want -, got +:\n%s", c.what, diff)
		}
	}
}
