package overlay

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// FuzzWritten holds that what is placed of a value stands there: the same byte,
// a quote or an escape of it, or for blanks and breaks a blank or a break.
func FuzzWritten(f *testing.F) {
	for _, seed := range []string{
		"a: >\n  one\n  two\n\n  three\n", "a: >-\n  one\n    in\n  two\n", "a: |2\n    one\n   two\n", "a: \"one \\\"two\\\"\\n three\\\n   four\n\n five\"\n",
		"a: 'it''s\n  so'\n", "a: one\n  two\n\n  three\n", "a: |+\n  one\n\n\n", "a: \"\\u00e9\\x41 \\\\\"\n", "a: >\n\n\n  one\r\n  two\r\n", "- &x !!str >\n  one\n- two\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var document yaml.Node
		if yaml.Unmarshal([]byte(text), &document) != nil || len(document.Content) == 0 || checkAliases(&document, 1000) != nil {
			return
		}
		eachScalar(document.Content[0], nil, func(_ Field, n *yaml.Node) {
			offsets, ok := written([]byte(text), n)
			for i := 0; ok && i < len(offsets); i++ {
				said, value := text[offsets[i]], n.Value[i]
				blank := strings.ContainsRune(" \t\r\n", rune(said)) && (value == ' ' || value == '\n')
				if said != value && said != '\\' && !blank || i > 0 && offsets[i] < offsets[i-1] {
					t.Errorf("byte %d of %q is %q in the file, at %d: %v", i, n.Value, said, offsets[i], offsets)
				}
			}
		})
	})
}

// TestWritten holds that each of the ways to write a text is gone through to
// its end.
func TestWritten(t *testing.T) {
	for _, text := range []string{
		"a: >\n  one\n  two\n\n  three\nb: 1\n", "a: >-\n  one\n    in\n  two\n# more\n", "a: |2\n    one\n   two\n", "a: \"one \\\"two\\\"\\n three\\\n   four\n\n five\"\n",
		"a: 'it''s\n  so'\nb: 1\n", "a: one\n  two\n\n  three\nb: 1\n", "a: |+\n  one\n\n\nb: 1\n", "a: \"\\u00e9\\x41 \\\\\"\n", "a: >\n\n\n  one\n  two\n", "- &x !!str >\n  one\n- two\n",
		"a: |\n  one\n", "a: |-\n  one", "a:\n- >-\n  [{},\n  {}]\n-\n",
	} {
		for _, text := range []string{text, strings.ReplaceAll(text, "\n", "\r\n")} {
			var document yaml.Node
			if err := yaml.Unmarshal([]byte(text), &document); err != nil {
				t.Fatal(err)
			}
			eachScalar(document.Content[0], nil, func(_ Field, n *yaml.Node) {
				if _, ok := written([]byte(text), n); !ok {
					t.Errorf("%q in %q is not placed", n.Value, text)
				}
			})
		}
	}
}
