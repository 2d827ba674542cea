package publish

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
)

var (
	element      = regexp.MustCompile(`</?([a-z0-9]+)|<!--`)
	liveMention  = regexp.MustCompile(`(^|[^A-Za-z0-9_])@[A-Za-z0-9]`)
	dressed      = goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe()))
	hostileTexts = []string{
		"", "plain words", "`nginx:1.27` is not pinned", "`a``b`", "```", "`a", "``a`b``c`",
		"@acme/ops", "(@acme)", "`@acme`", "x@y.z", "#12", "GH-3", "a/b#4",
		"<b>", "<!-- a -->", "</sub>", "&#64;acme", "&lt;", "[a](b)", "![a](b)", "[a]: b", "<http://a.example>",
		"https://a.example", "www.a.example", "ftp://a.example", "mailto:a@b.example", "*a* _b_ ~c~ **d**", "$a$", ":boom:",
		"# a", "- a", "+ a", "1. a", "1) a", "> a", "===", "---", "|a|b|", "\\", "\\@a", "a\nb", "a\r\n# b", "\u202ea", "a\u0000b", "a\u2028b", "-->",
	}
)

// checkInert fails where Markdown made of a stranger's text is anything but
// text and code in one paragraph.
func checkInert(t *testing.T, source, markdown string) {
	t.Helper()
	var page bytes.Buffer
	if err := dressed.Convert([]byte(markdown), &page); err != nil {
		t.Fatal(err)
	}
	for _, m := range element.FindAllStringSubmatch(page.String(), -1) {
		if m[1] != "p" && m[1] != "code" {
			t.Errorf("%q became %q, which holds %s:\n%s", source, markdown, m[0], page.String())
		}
	}
	if strings.Count(page.String(), "<p>") > 1 {
		t.Errorf("%q became more than one paragraph: %q", source, markdown)
	}
	if liveMention.MatchString(markdown) {
		t.Errorf("%q became %q, which mentions somebody", source, markdown)
	}
	if comment.MatchString(markdown) || strings.IndexFunc(strings.ReplaceAll(markdown, gap, ""), hidden) >= 0 {
		t.Errorf("%q became %q, which hides something", source, markdown)
	}
}

func TestInert(t *testing.T) {
	for _, s := range hostileTexts {
		checkInert(t, s, inline(s))
		checkInert(t, s, code(s))
	}
}

func FuzzInline(f *testing.F) {
	for _, s := range hostileTexts {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		checkInert(t, s, inline(s))
		checkInert(t, s, code(s))
	})
}

func FuzzFence(f *testing.F) {
	f.Add("a\n```\n<b>\n")
	f.Fuzz(func(t *testing.T, s string) {
		var page bytes.Buffer
		if err := dressed.Convert([]byte(fence("diff", s)), &page); err != nil {
			t.Fatal(err)
		}
		if got := page.String(); !strings.HasPrefix(got, "<pre><code") || !strings.HasSuffix(got, "</code></pre>\n") || strings.Count(got, "<") != 4 {
			t.Errorf("%q is not one block of code: %s", s, got)
		}
	})
}
