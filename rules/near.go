package rules

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// typo reports whether one name is the other with one or two letters wrong, or
// two that stand in each other's place. Names that differ in digits or in the
// word of an environment are two names; so are short ones, such as api and app,
// that differ in a letter and have none too many or too few.
func typo(wrong, right string) bool {
	shorter := min(len(wrong), len(right))
	if shorter < 2 || letters(wrong) == letters(right) {
		return false
	}
	distance := levenshtein.ComputeDistance(wrong, right)
	exchanged := swapped(wrong, right)
	if exchanged {
		distance = 1
	}
	if distance > 2 || distance > 1 && distance*3 > len(right) || shorter < 4 && !exchanged && (distance > 1 || len(wrong) == len(right)) {
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

// swapped reports whether two letters side by side are all that two names differ in.
func swapped(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
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
