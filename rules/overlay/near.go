package overlay

import "strings"

// didYouMean is a hint at the one of names that is nearest to name, "" where
// none is near.
func didYouMean(name string, names []string) string {
	if best := nearest(name, names); best != "" {
		return "did you mean " + best + "?"
	}
	return ""
}

// nearest is the one of names with the fewest letters to change, where that is
// at most a third of them; else the first that ends in name; else "".
func nearest(name string, names []string) string {
	best, bestDistance := "", 1+len(name)/3
	for _, candidate := range names {
		if d := distance(strings.ToLower(name), strings.ToLower(candidate)); d < bestDistance && candidate != name {
			best, bestDistance = candidate, d
		}
	}
	for i := 0; best == "" && len(name) > 2 && i < len(names); i++ {
		if len(names[i]) > len(name) && strings.EqualFold(names[i][len(names[i])-len(name):], name) {
			best = names[i]
		}
	}
	return best
}

// distance is the number of letters to insert, delete or replace between a and b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		previous := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := previous
			if a[i] != b[j] {
				cost++
			}
			previous = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
