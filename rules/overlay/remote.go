package overlay

import (
	"regexp"
	"strings"
)

// userAt is the login before the host in "git@host:path", as the engine reads it.
var userAt = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9-]*@.*[:/]`)

// remote reports whether the engine could take a path for something to
// fetch, by HTTP or by git. It says yes too often rather than too seldom.
func remote(text string) bool {
	text = strings.ToLower(strings.TrimSpace(text))
	text = strings.TrimPrefix(text, "git::")
	for _, prefix := range []string{"http:", "https:", "ssh:", "file:", "git:", "github.com/", "github.com:"} {
		if strings.HasPrefix(text, prefix) {
			return true
		}
	}
	return strings.Contains(text, "://") || userAt.MatchString(text)
}
