package publish

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// gap is put inside what a reader would otherwise turn into a link, a mention
// or a command: it cannot be seen, and keeps the halves apart.
const gap = "\u200b"

var (
	// mention is an @ that could name somebody. It notifies even inside code,
	// once a reply by mail has lost the code around it.
	mention = regexp.MustCompile(`(^|[^A-Za-z0-9_])@([A-Za-z0-9])`)
	// comment is what starts or ends a hidden comment, and with it our markers.
	comment = regexp.MustCompile(`<!-|-->|--!>`)
	// reference is what GitHub links to another thread, which then says so there.
	reference = regexp.MustCompile(`(#|\b[Gg][Hh]-)([0-9])`)
	// scheme and www start a link.
	scheme = regexp.MustCompile(`([A-Za-z])(://|www\.)|\bwww\.`)
	// emoji is an emoji's name.
	emoji = regexp.MustCompile(`:([A-Za-z0-9_+-]+):`)
	// special is ASCII punctuation that means something to Markdown or HTML.
	special = regexp.MustCompile("[\\\\`*_{}\\[\\]<>|~$&!]")
	// opening is what makes a heading, list, quote or rule of a line that it begins.
	opening = regexp.MustCompile(`^([-+=#>]|[0-9]+[.)])`)
)

// Printable makes a stranger's text safe to print on one line of a terminal:
// control characters and those that turn the direction of writing come out
// spelled as \u escapes, tabs and line breaks as spaces.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' {
			return ' '
		}
		return r
	}, spellOut(s))
}

// spellOut writes control and format characters as \u escapes, so that what is
// read is what is there. Line breaks and tabs stay.
func spellOut(s string) string {
	if strings.IndexFunc(s, hidden) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hidden(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// hidden reports whether a character has no picture of its own: control
// characters, those of writing direction, joiners, private and unassigned ones.
func hidden(r rune) bool {
	if r == '\t' || r == '\n' || r == '\r' {
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp)
}

// inline makes a stranger's prose a part of a line of Markdown that is read
// and never obeyed. Pairs of backticks stay code.
func inline(s string) string {
	s = strings.Join(strings.Fields(Printable(s)), " ") // four leading spaces would be code
	parts := strings.Split(s, "`")
	if len(parts)%2 == 0 { // an odd backtick is no pair
		last := len(parts) - 1
		parts = append(parts[:last-1], parts[last-1]+"`"+parts[last])
	}
	var b strings.Builder
	for i, part := range parts {
		switch {
		case i%2 == 0:
			b.WriteString(prose(part))
		default:
			b.WriteString(code(part))
			if i+2 < len(parts) && parts[i+1] == "" { // two spans that touch would be one
				b.WriteString(gap)
			}
		}
	}
	return b.String()
}

// prose takes every meaning but the words' own from a text.
func prose(s string) string {
	s = strings.ReplaceAll(s, "@", "@"+gap)
	s = reference.ReplaceAllString(s, "$1"+gap+"$2")
	s = scheme.ReplaceAllStringFunc(s, func(m string) string {
		if before, after, ok := strings.Cut(m, "://"); ok {
			return before + ":" + gap + "//" + after
		}
		return strings.ReplaceAll(m, "www.", "www"+gap+".")
	})
	s = emoji.ReplaceAllString(s, ":"+gap+"$1:")
	s = special.ReplaceAllStringFunc(s, func(m string) string {
		switch m {
		case "<":
			return "&lt;"
		case ">":
			return "&gt;"
		case "&":
			return "&amp;"
		}
		return `\` + m
	})
	return opening.ReplaceAllString(s, gap+"$1")
}

// code makes a stranger's text a code span, "" of nothing.
func code(s string) string {
	s = quiet(Printable(s))
	if strings.TrimSpace(s) == "" {
		return ""
	}
	tick := strings.Repeat("`", longestRun(s, '`')+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return tick + s + tick
}

// cell makes Markdown fit for a table, which is cut into cells before anything
// else in it is read.
func cell(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, `\|`, "|"), "|", `\|`)
}

// fence makes a stranger's text a fenced block of the language that no line of
// it can end.
func fence(language, s string) string {
	return fenceExact(language, quiet(spellOut(s)))
}

// fenceExact is fence for text that is to be copied byte for byte: only what
// [exact] admits may pass.
func fenceExact(language, s string) string {
	ticks := strings.Repeat("`", max(3, longestRun(s, '`')+1))
	if s != "" && !strings.HasSuffix(s, "\n") {
		s += "\n"
	}
	return ticks + language + "\n" + s + ticks + "\n"
}

// exact reports whether a text can be shown as it is: nothing in it is hidden,
// and nothing is a comment of ours.
func exact(s string) bool {
	return strings.IndexFunc(s, hidden) < 0 && !comment.MatchString(s) && !strings.Contains(s, "\r")
}

// quiet keeps mentions and hidden comments from being either.
func quiet(s string) string {
	s = mention.ReplaceAllString(s, "$1@"+gap+"$2")
	return comment.ReplaceAllStringFunc(s, func(m string) string { return m[:1] + gap + m[1:] })
}

// longestRun is the length of the longest run of a byte in s.
func longestRun(s string, b byte) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] == b {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	return longest
}

// plain makes a stranger's text a part of a title or of a commit's message,
// where GitHub reads no Markdown, but mentions and references ("fixes #1").
func plain(s string) string {
	return reference.ReplaceAllString(quiet(Printable(s)), "$1"+gap+"$2")
}

// rawHTML makes a stranger's text a part of raw HTML.
func rawHTML(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(quiet(Printable(s)))
}
