package fixes

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"go.yaml.in/yaml/v3"
)

// fromJSON5 is JSON5 as YAML reads it: without comments, all strings in double
// quotes, and a blank behind each colon.
func fromJSON5(src []byte) []byte {
	var out bytes.Buffer
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	for len(src) > 0 {
		n := 1
		switch {
		case bytes.HasPrefix(src, []byte("//")):
			if n = bytes.IndexByte(src, '\n'); n < 0 {
				n = len(src)
			}
		case bytes.HasPrefix(src, []byte("/*")):
			if n = bytes.Index(src, []byte("*/")) + 2; n < 2 {
				n = len(src)
			}
		case src[0] == '"', src[0] == '\'':
			n = quoted(&out, src)
		case src[0] == ':':
			out.WriteString(": ")
		case src[0] == '\t':
			out.WriteByte(' ')
		default:
			out.WriteByte(src[0])
		}
		src = src[n:]
	}
	return out.Bytes()
}

// quoted writes the string that src begins with in double quotes, and returns
// how many bytes of src it takes.
func quoted(out *bytes.Buffer, src []byte) int {
	out.WriteByte('"')
	defer out.WriteByte('"')
	for i := 1; i < len(src); i++ {
		switch c := src[i]; {
		case c == src[0]:
			return i + 1
		case c == '\\' && i+1 < len(src):
			i++
			if src[i] != '/' && src[i] != '\'' { // which YAML does not escape
				out.WriteByte(c)
			}
			out.WriteByte(src[i])
		case c == '"':
			out.WriteString(`\"`)
		default:
			out.WriteByte(c)
		}
	}
	return len(src)
}

// texts are the scalars at path: one, or those of a list.
func texts(node *yaml.Node, path ...string) []string {
	if one := scalar(node, path...); one != "" {
		return []string{one}
	}
	var out []string
	for _, item := range items(node, path...) {
		if item = resolved(item); item.Kind == yaml.ScalarNode {
			out = append(out, item.Value)
		}
	}
	return out
}

// asPatterns are regular expressions as a list of Renovate's says them.
func asPatterns(expressions []string) []string {
	out := make([]string, len(expressions))
	for i, e := range expressions {
		if e == "*" {
			e = ".*"
		}
		out[i] = "/" + e + "/"
	}
	return out
}

// anyMatches reports whether a text is among those that a list of Renovate's
// means: of globs, and of regular expressions between slashes; of those that
// begin with ! none may match.
func anyMatches(list []string, text string) bool {
	found, negated := false, 0
	for _, pattern := range list {
		pattern, not := strings.CutPrefix(pattern, "!")
		matches := matchesOne(pattern, text)
		switch {
		case not && matches:
			return false
		case not:
			negated++
		default:
			found = found || matches
		}
	}
	return found || negated > 0 && negated == len(list)
}

func matchesOne(pattern, text string) bool {
	if len(pattern) > 1 && pattern[0] == '/' && (strings.HasSuffix(pattern, "/") || strings.HasSuffix(pattern, "/i")) {
		expression, fold := strings.CutSuffix(pattern[1:], "i")
		expression = strings.TrimSuffix(expression, "/")
		if fold {
			expression = "(?i)" + expression
		}
		compiled, err := regexp.Compile(expression) // Renovate's are of re2 too
		return err == nil && compiled.MatchString(text)
	}
	matches, err := doublestar.Match(pattern, text)
	return pattern == "*" || pattern == text || err == nil && matches
}
