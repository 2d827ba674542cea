package yamledit_test

import (
	"errors"
	"testing"

	"github.com/kustodian/kustodian/fixes/yamledit"
)

// TestWrongResultsAreSeen feeds the check what an edit must never make: each
// text could come of a splice at the wrong bytes, or with the wrong text.
func TestWrongResultsAreSeen(t *testing.T) {
	for name, c := range map[string]struct{ src, wrong string }{
		"another value":           {"a: 1\nb: 2\n", "a: 1\nb: 3\n"},
		"a number as text":        {"a: 1\n", "a: \"1\"\n"},
		"a text as boolean":       {"a: \"true\"\n", "a: true\n"},
		"a text as nothing":       {"a: \"\"\n", "a:\n"},
		"a key more":              {"a: {b: 1}\n", "a: {b: 1, c: 2}\n"},
		"a key less":              {"a: 1\nb: 2\n", "a: 1\n"},
		"a key twice":             {"a: 1\n", "a: 1\na: 1\n"},
		"another key":             {"a: 1\n", "b: 1\n"},
		"keys turned":             {"a: 1\nb: 2\n", "b: 2\na: 1\n"},
		"items turned":            {"- a\n- b\n", "- b\n- a\n"},
		"an item as text":         {"- a\n- b\n", "- a\n  - b\n"},
		"a key one step in":       {"a:\n  b: 1\nc: 2\n", "a:\n  b: 1\n  c: 2\n"},
		"a key one step out":      {"a:\n  b: 1\n  c: 2\n", "a:\n  b: 1\nc: 2\n"},
		"a comment as text":       {"a: b # c\n", "a: b# c\n"},
		"a text as comment":       {"a: b#c\n", "a: b #c\n"},
		"a text cut":              {"a: b c\n", "a: b\n"},
		"a break more in a text":  {"a: |\n  b\nc: d\n", "a: |\n  b\n\n  c\nc: d\n"},
		"a break less in a text":  {"a: |\n  b\n", "a: |-\n  b\n"},
		"a line more in a text":   {"a: |\n  b\nc: d\n", "a: |\n  b\n  c: d\n"},
		"an anchor less":          {"a: &x 1\nb: *x\n", "a: 1\nb: 1\n"},
		"another anchor":          {"a: &x 1\nb: 2\n", "a: &y 1\nb: 2\n"},
		"an alias of another":     {"a: &x 1\nb: &y 1\nc: *x\n", "a: &x 1\nb: &y 1\nc: *y\n"},
		"an alias of a later one": {"a: &x 1\nb: 2\nc: *x\n", "a: &x 1\nb: &x 2\nc: *x\n"},
		"another tag":             {"a: !b 1\n", "a: !c 1\n"},
		"a document more":         {"a: 1\n", "a: 1\n---\nb: 1\n"},
		"a document less":         {"a: 1\n---\nb: 1\n", "a: 1\nb: 1\n"},
		"a document emptied":      {"a: 1\n---\nb: 1\n", "a: 1\n---\n#b: 1\n"},
		"no YAML":                 {"a: 1\n", "a: [\n"},
		"a template":              {"a: 1\n", "a: {{ b }}\n"},
		"no UTF-8":                {"a: 1\n", "a: \xff\n"},
	} {
		t.Run(name, func(t *testing.T) {
			file, err := yamledit.Parse([]byte(c.src))
			if err != nil {
				t.Fatal(err)
			}
			var verify *yamledit.ErrVerify
			if err := yamledit.Verify(file, []byte(c.wrong)); !errors.As(err, &verify) {
				t.Errorf("%q became %q and the check said %v", c.src, c.wrong, err)
			}
		})
	}
}

// TestRightResultsPass holds that the check is not one that refuses everything.
func TestRightResultsPass(t *testing.T) {
	for _, c := range []struct{ src, right string }{
		{"a: 1\n", "a:   1 # one\n"},
		{"a: b\n", "a: \"b\"\n"},
		{"a: [b]\n", "a:\n- b\n"},
		{"a: &x 1\nb: *x\n", "a:  &x 1\n\nb: *x\n"},
		{"a: 1\n", "---\na: 1\n...\n"},
	} {
		file, err := yamledit.Parse([]byte(c.src))
		if err != nil {
			t.Fatal(err)
		}
		if err := yamledit.Verify(file, []byte(c.right)); err != nil {
			t.Errorf("%q became %q and the check said %v", c.src, c.right, err)
		}
	}
}
