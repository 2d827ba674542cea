package rules

import (
	"regexp"
	"strings"
)

// environmentOf are the words that name an environment, as parts of hosts,
// namespaces and tags. Shorter and more common words are parts of much else.
var environmentOf = map[string]string{
	"prod": "production", "prd": "production", "production": "production", "live": "production",
	"staging": "staging", "stage": "staging", "stg": "staging",
	"preprod": "preproduction", "preproduction": "preproduction",
	"dev": "development", "development": "development",
	"qa": "qa", "uat": "uat",
}

var wordEnds = regexp.MustCompile(`[^a-z]+`)

// environmentIn is the environment that a name carries as a word, "" for none
// or several.
func environmentIn(name string) string {
	found := ""
	for _, word := range wordEnds.Split(strings.ToLower(name), -1) {
		environment, ok := environmentOf[word]
		if ok && found != "" && found != environment {
			return ""
		}
		if ok {
			found = environment
		}
	}
	return found
}
