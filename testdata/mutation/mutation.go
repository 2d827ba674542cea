// Package mutation puts a source to the test: it changes the text at the place
// that is said to set a field, so that a build of the changed file shows
// whether the field follows.
package mutation

import (
	"bytes"
	"encoding/base64"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/kustodian/kustodian/rules/overlay"
)

// A Mutation is a file changed at one place.
type Mutation struct {
	Text []byte // the whole file
	sign string // what the field holds if it follows
	all  bool   // whether it holds nothing else
}

// What is put in place of a text, a whole number and a number. They stand
// nowhere in a real tree.
const (
	word   = "kdmutated"
	number = "54321"
)

var (
	wholeNumber = regexp.MustCompile(`^[-+]?(0o?|0x)?[0-9]+$`)
	decimal     = regexp.MustCompile(`^[-+]?([0-9]*\.[0-9]+|[0-9]+\.?)([eE][-+]?[0-9]+)?$`)
	properties  = regexp.MustCompile(`^([&!][^ \n]* +)+`)
	keyValue    = regexp.MustCompile(`^[A-Za-z0-9_./-]+=`)
)

// Of changes the file at the place of a source: a text gets a word before it,
// a number becomes another, a boolean its opposite. It reports false where
// nothing stands there that could be changed.
func Of(file []byte, at overlay.Source) (Mutation, bool) {
	offset, ok := offsetOf(file, at.Line, at.Column)
	if !ok {
		return Mutation{}, false
	}
	before, rest := file[:offset], file[offset:]
	if n := len(properties.Find(rest)); n > 0 {
		before, rest = file[:offset+n], rest[n:]
	}
	put := func(n int, new, sign string, all bool) (Mutation, bool) {
		text := bytes.Join([][]byte{before, []byte(new), rest[n:]}, nil)
		return Mutation{text, sign, all}, true
	}
	switch rest[0] {
	case '|', '>':
		skipped := blockIndent(rest)
		if skipped == 0 {
			return Mutation{}, false
		}
		before, rest = file[:len(before)+skipped], rest[skipped:]
		return put(0, word, word, false)
	case '*', '{', '[':
		return Mutation{}, false
	case '\n', '\r': // a null that is not written
		if !bytes.HasSuffix(before, []byte(":")) {
			return Mutation{}, false
		}
		return put(0, " "+word, word, true)
	case '\\': // a quote of a text inside a quoted text
		if !bytes.HasPrefix(rest, []byte(`\"`)) {
			return Mutation{}, false
		}
		before, rest = file[:len(before)+2], rest[2:]
	case '"', '\'':
		before, rest = file[:len(before)+1], rest[1:]
	default:
		plain := plainText(rest)
		switch {
		case at.By == overlay.ByGenerator: // data is text
		case plain == "true":
			return put(4, "false", "false", true)
		case plain == "false":
			return put(5, "true", "true", true)
		case plain == "null" || plain == "~":
			return put(len(plain), word, word, true)
		case wholeNumber.MatchString(plain):
			return put(len(plain), number, number, true)
		case decimal.MatchString(plain):
			return put(len(plain), number+".5", number+".5", true)
		}
	}
	if at.By == overlay.ByGenerator {
		n := len(keyValue.Find(rest))
		before, rest = file[:len(before)+n], rest[n:]
	}
	return put(0, word, word, false)
}

// Followed reports whether a built value shows the change, be it in base64.
func (m Mutation) Followed(built string) bool {
	if m.all && built == m.sign || !m.all && strings.Contains(built, m.sign) {
		return true
	}
	// A number or boolean may have gone into a text.
	if m.all && m.sign != "true" && m.sign != "false" && strings.Contains(built, m.sign) {
		return true
	}
	decoded, err := base64.StdEncoding.DecodeString(built)
	return err == nil && strings.Contains(string(decoded), m.sign)
}

// offsetOf is where a line and column, in runes and both from 1, begin.
func offsetOf(file []byte, line, column int) (int, bool) {
	offset := 0
	for ; line > 1; line-- {
		n := bytes.IndexByte(file[offset:], '\n')
		if n < 0 {
			return 0, false
		}
		offset += n + 1
	}
	if offset == 0 && bytes.HasPrefix(file, []byte("\uFEFF")) {
		offset = len("\uFEFF")
	}
	for ; column > 1 && offset < len(file); column-- {
		_, size := utf8.DecodeRune(file[offset:])
		offset += size
	}
	return offset, line == 1 && offset < len(file)
}

// plainText is the plain scalar at the start of a text, as far as its line goes.
func plainText(text []byte) string {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	if i := bytes.Index(line, []byte(" #")); i >= 0 {
		line = line[:i]
	}
	if i := bytes.IndexAny(line, ",}]"); i >= 0 {
		line = line[:i]
	}
	return strings.TrimSpace(string(line))
}

// blockIndent is the length of a block scalar's head and of the indentation of
// the first line that holds something; 0 where none does.
func blockIndent(text []byte) int {
	offset := 0
	for line := range bytes.Lines(text) {
		if content := bytes.TrimLeft(line, " "); offset > 0 && len(bytes.TrimSpace(content)) > 0 {
			return offset + len(line) - len(content)
		}
		offset += len(line)
	}
	return 0
}
