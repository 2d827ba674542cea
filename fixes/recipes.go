package fixes

import "slices"

// recipes are what [MakePlans] knows to put right.
var recipes = []Recipe{pinDigest, pinLost, refreshDigest, addResources, addProbe, liftEnv, correctName, todaysFields, fitPullPolicy, keepLastWords,
	pauseBeforeStop, lengthenGrace, spreadReplicas, addBudget}

// HasRecipe reports whether findings of a rule can have a fix at all.
func HasRecipe(rule string) bool {
	return slices.ContainsFunc(recipes, func(r Recipe) bool { return slices.Contains(r.Rules, rule) })
}

// RecipeTitle says what fixes of a rule's findings do, "" where there are none.
func RecipeTitle(rule string) string {
	for _, r := range recipes {
		if slices.Contains(r.Rules, rule) {
			return r.Title
		}
	}
	return ""
}
