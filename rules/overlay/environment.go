package overlay

import (
	"maps"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// production is the name of the environment that strangers use.
const production = "production"

// environmentWords are the words of a path that name an environment. "live"
// and "stage" are seen in the field beside the plain ones.
var environmentWords = map[string]string{
	"prod": production, "prd": production, "production": production, "live": production,
	"staging": "staging", "stage": "staging", "stg": "staging",
	"preprod": "preproduction", "preproduction": "preproduction", "preprd": "preproduction",
	"dev": "development", "develop": "development", "development": "development",
	"qa": "qa", "uat": "uat", "test": "test", "testing": "test", "sandbox": "sandbox", "lab": "lab", "local": "local",
}

// ambiguousWords name an environment only directly below a folder of
// environments: elsewhere they name a suite, a tool or a host.
var ambiguousWords = []string{"test", "testing", "lab", "local", "live"}

// environmentFolders are the folders that hold one folder per environment.
var environmentFolders = []string{"overlays", "overlay", "envs", "env", "environments", "environment", "clusters", "cluster"}

// Of is the environment of the overlay at dir, "" where it is not known.
func (e Environments) Of(dir string) (name string, isProduction bool) {
	if len(e) > 0 {
		for _, name := range e.Names() {
			for _, pattern := range e[name] {
				if ok, err := doublestar.Match(strings.TrimSuffix(pattern, "/"), dir); err == nil && ok {
					return name, name == production
				}
			}
		}
		return "", false
	}
	name = environmentByWords(dir)
	return name, name == production
}

// Names are the environments that an overlay can be in, sorted.
func (e Environments) Names() []string {
	if len(e) > 0 {
		return slices.Sorted(maps.Keys(e))
	}
	return slices.Compact(slices.Sorted(maps.Values(environmentWords)))
}

// environmentByWords takes the last whole word of the path that names an
// environment: words are parted at "-", "_" and ".", digits at their ends are
// dropped, so that "prod-eu1" is production and "productcatalog" is nothing.
func environmentByWords(dir string) string {
	found := ""
	steps := strings.Split(dir, "/")
	for i, step := range steps {
		for _, word := range strings.FieldsFunc(step, func(r rune) bool { return r == '-' || r == '_' || r == '.' }) {
			word = strings.Trim(strings.ToLower(word), "0123456789")
			name, ok := environmentWords[word]
			if !ok {
				continue
			}
			if slices.Contains(ambiguousWords, word) && (i == 0 || !slices.Contains(environmentFolders, steps[i-1])) {
				continue
			}
			found = name
		}
	}
	// "non-prod" and "pre-prod" are words apart and mean the opposite.
	last := "-" + strings.ToLower(strings.ReplaceAll(dir, "_", "-")) + "-"
	if found == production && (strings.Contains(last, "non-pr") || strings.Contains(last, "pre-pr") || strings.Contains(last, "nonprod")) {
		return ""
	}
	return found
}

// matchesAny reports whether a path matches one of the patterns.
func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, err := doublestar.Match(pattern, name)
		if !strings.Contains(pattern, "/") && !ok {
			ok, err = doublestar.Match("**/"+pattern, name)
		}
		return ok && err == nil
	})
}
