package yamledit_test

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/kustodian/kustodian/fixes/yamledit"
)

// TestHostileTexts reads what is made to hurt whoever reads it, and tries to
// edit it: an error of the package's own, or an edit, in bounded time and memory.
func TestHostileTexts(t *testing.T) {
	for name, c := range map[string]struct {
		src  []byte
		want string // the type of the error; "" where the edit is made
	}{
		"not UTF-8":          {[]byte("a: caf\xe9\n"), "ErrEncoding"},
		"a surrogate half":   {[]byte("a: \xed\xa0\x80\n"), "ErrEncoding"},
		"UTF-16":             {utf16Of("a: b\n", false), "ErrEncoding"},
		"UTF-16, big end":    {utf16Of("a: b\n", true), "ErrEncoding"},
		"NUL":                {[]byte("a: b\x00c\n"), "ErrEncoding"},
		"NULs only":          {make([]byte, 1<<20), "ErrEncoding"},
		"a bell":             {[]byte("a: \a\n"), "ErrSyntax"},
		"a chart's template": {[]byte("a: {{ .Values.a }}\n"), "ErrTemplate"},
		"a template's loop":  {[]byte("a:\n{{- range .Values.a }}\n- {{ . }}\n{{- end }}\n"), "ErrSyntax"},
		"aliases of aliases": {aliases(30), ""},
		"deep in brackets":   {[]byte("a: b\nc: " + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + "\n"), "ErrLimit"},
		"too deep":           {[]byte("a: b\nc: " + strings.Repeat("[", 20_000)), "ErrSyntax"},
		"deep in dashes":     {[]byte("a: b\nc:\n" + strings.Repeat("- ", 9_000) + "d\n"), "ErrLimit"},
		"deep in braces":     {[]byte("a: b\nc: " + strings.Repeat("{d: ", 9_000) + "e" + strings.Repeat("}", 9_000) + "\n"), "ErrLimit"},
		"deep enough":        {[]byte("a: b\nc: " + strings.Repeat("[", 900) + strings.Repeat("]", 900) + "\n"), ""},
		"large":              {bytes.Repeat([]byte("a: b\n"), 10<<20), "ErrLimit"},
		"UTF-16, no mark":    {utf16Of("a: b\n", false)[2:], "ErrEncoding"},
		"open braces":        {[]byte("a: " + strings.Repeat("{a: ", 50_000)), "ErrSyntax"},
		"many documents":     {[]byte("a: b\n" + strings.Repeat("---\n", 100_000)), ""},
		"many anchors":       {[]byte("a: b\nc:\n" + strings.Repeat("- &x y\n", 50_000)), ""},
		"many merge keys":    {merges(2_000), ""},
		"one long key":       {[]byte("a: b\n? " + strings.Repeat("k", 1<<20) + "\n: v\n"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			result, err := apply(c.src, yamledit.SetScalar(0, yamledit.Path{"a"}, "c"))
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			switch {
			case c.want == "" && err != nil:
				t.Errorf("refused: %.300s", err.Error())
			case c.want == "" && bytes.Equal(result, c.src):
				t.Error("nothing changed")
			case c.want != "" && fmt.Sprintf("%T", err) != "*yamledit."+c.want:
				t.Errorf("got %T, want %s", err, c.want)
			}
			// Generous, for a machine that does other things and the race detector.
			if took > time.Minute || after.TotalAlloc-before.TotalAlloc > 2<<30 {
				t.Errorf("%d bytes took %s and %d MB", len(c.src), took, (after.TotalAlloc-before.TotalAlloc)>>20)
			}
		})
	}
}

// utf16Of is a text as Windows' older editors save it.
func utf16Of(text string, bigEnd bool) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
		low, high := byte(unit), byte(unit>>8)
		if bigEnd {
			low, high = high, low
		}
		out = append(out, low, high)
	}
	return out
}

// aliases is a text of a few lines that would be 9 to the power of deep items
// if it were read out.
func aliases(deep int) []byte {
	var b bytes.Buffer
	b.WriteString("a: b\nl0: &l0 [x, x, x, x, x, x, x, x, x]\n")
	for i := range deep {
		fmt.Fprintf(&b, "l%d: &l%d [%s*l%d]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*l%d, ", i), 8), i)
	}
	return b.Bytes()
}

// merges is a text in which each mapping brings in the one before it, twice.
func merges(deep int) []byte {
	var b bytes.Buffer
	b.WriteString("a: b\nm0: &m0 {k: v}\n")
	for i := range deep {
		fmt.Fprintf(&b, "m%d: &m%d\n  <<: [*m%d, *m%d]\n", i+1, i+1, i, i)
	}
	return b.Bytes()
}

// TestMergedBombs looks for a key that no mapping of a merge bomb has.
func TestMergedBombs(t *testing.T) {
	const deep = 500
	_, err := apply(merges(deep), yamledit.SetScalar(0, yamledit.Path{fmt.Sprintf("m%d", deep), "none"}, "c"))
	typedError(t, err)
}
