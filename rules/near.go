package rules

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// typo reports whether one name is the other with one or two letters wrong.
// Names that differ in digits or in the word of an environment are two names.
func typo(wrong, right string) bool {
	if len(right) < 4 || len(wrong) > len(right)+2 || len(right) > len(wrong)+2 || letters(wrong) == letters(right) {
		return false
	}
	distance := levenshtein.ComputeDistance(wrong, right)
	if distance > 2 || distance*3 > len(right) {
		return false
	}
	a, b := strings.Split(wrong, "-"), strings.Split(right, "-")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] && (environmentWords[a[i]] || environmentWords[b[i]]) {
			return false
		}
	}
	return true
}

var environmentWords = map[string]bool{"dev": true, "prod": true, "test": true, "stage": true, "staging": true, "qa": true, "uat": true, "live": true}

// letters is a name without its digits.
func letters(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, name)
}
