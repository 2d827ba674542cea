package yamledit_test

import (
	"errors"
	"testing"

	"github.com/kustodian/kustodian/fixes/yamledit"
)

// TestWrongResultsAreSeen feeds the check what an edit must never make.
func TestWrongResultsAreSeen(t *testing.T) {
	for _, c := range []struct{ src, wrong string }{
		{"a: 1\nb: 2\n", "a: 1\nb: 3\n"},
		{"a: 1\n", "a: \"1\"\n"},
		{"a: {b: 1}\n", "a: {b: 1, c: 2}\n"},
		{"a: &x 1\nb: *x\n", "a: 1\nb: 1\n"},
		{"a: 1\n", "a: 1\n---\nb: 1\n"},
		{"- a\n- b\n", "- b\n- a\n"},
		{"a: 1\n", "a: [\n"},
	} {
		file, err := yamledit.Parse([]byte(c.src))
		if err != nil {
			t.Fatal(err)
		}
		var verify *yamledit.ErrVerify
		if err := yamledit.Verify(file, []byte(c.wrong)); !errors.As(err, &verify) {
			t.Errorf("%q became %q and the check said %v", c.src, c.wrong, err)
		}
	}
}
