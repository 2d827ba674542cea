package fixes

import "slices"

// recipes are what [MakePlans] knows to put right.
var recipes = []Recipe{pinDigest, addResources, addProbe, liftEnv, correctName, todaysFields, fitPullPolicy, keepLastWords}

// HasRecipe reports whether findings of a rule can have a fix at all.
func HasRecipe(rule string) bool {
	return slices.ContainsFunc(recipes, func(r Recipe) bool { return slices.Contains(r.Rules, rule) })
}
