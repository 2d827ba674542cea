package rules

import (
	"slices"
	"strings"
)

// IsPart reports whether what is built in a folder is, by its path, nothing that
// anybody deploys as it is: a base that others build on, or a [Trial].
func IsPart(dir string) bool { return underBase(dir) || Trial(dir) }

// underBase reports whether an overlay is one that others are meant to build on.
func underBase(dir string) bool {
	return slices.ContainsFunc(strings.Split(dir, "/"), func(step string) bool { return step == "base" || step == "bases" })
}

// trialFolders hold what is there to be tried: data of tests, often wrong on
// purpose, and examples to copy from. A folder test names an environment as
// often, unless it is the first of the path.
var trialFolders = []string{"testdata", "test-data", "fixtures", "e2e", "tests", "example", "examples", "sample", "samples"}

// Trial reports whether what is built in a folder is there to be tried, and no
// cluster gets it. Nobody mends there what would be a fault elsewhere, so few
// rules speak, and none of them above info.
func Trial(dir string) bool {
	steps := strings.Split(strings.ToLower(dir), "/")
	return steps[0] == "test" || slices.ContainsFunc(steps, func(step string) bool { return slices.Contains(trialFolders, step) })
}
