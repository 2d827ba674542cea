package publish

import (
	"strings"
	"testing"

	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/rules"
)

// The caret stands below the column, whatever the runes before it are.
func TestExcerpt(t *testing.T) {
	long := strings.Repeat("x", 300)
	for _, c := range []struct {
		name, line string
		column     int
		want       string
	}{
		{"plain", "  image: web", 10, "      1 |   image: web\n        |          ^\n"},
		{"a tab is one column", "\timage:\tweb", 9, "      1 |  image: web\n        |         ^\n"},
		{"wide runes are two", "名前: web", 5, "      1 | 名前: web\n        |       ^\n"},
		{"a mark is none", "e\u0301: web", 5, "      1 | e\u0301: web\n        |    ^\n"},
		{"a return at the end is none", "a: b\r", 4, "      1 | a: b\n        |    ^\n"},
		{"nobody can see a column behind what is hidden", "a\u200bb: c", 5, "      1 | a\\u200bb: c\n"},
		{"without a column", "a: b", 0, "      1 | a: b\n"},
		{"beyond the end", "a: b", 9, "      1 | a: b\n        |     ^\n"},
		{"from the column on", long + ": end", 303, "      1 | …" + strings.Repeat("x", 38) + ": end\n        | " + strings.Repeat(" ", 41) + "^\n"},
		{"up to the column", "key: " + long, 1, "      1 | key: " + strings.Repeat("x", 135) + "…\n        | ^\n"},
		{"a blank line", "   ", 1, ""},
		{"no text", "a: \xff", 1, ""},
	} {
		f := review.Finding{Finding: rules.Finding{Line: 1, Column: c.column}}
		if got := excerpt(f, []byte(c.line+"\n")); got != c.want {
			t.Errorf("%s:\n%swant\n%s", c.name, got, c.want)
		}
	}
}
