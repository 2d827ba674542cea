package publish

import (
	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/fixes"
	"github.com/kustodian/kustodian/rules"
)

// ruleURL is the page of a rule: what it finds, why, an example, and how to
// turn it off. What the catalogue does not know is a repository's own.
func ruleURL(id string) string {
	if _, ok := rules.ByID(id); !ok {
		id = "own"
	}
	return home + "/blob/main/rules/docs/" + id + ".md"
}

// ruleText is why a rule matters, as a sentence, and what to write instead;
// both "" for a rule that the catalogue does not know, such as a repository's own.
func ruleText(id string) (why, write string) {
	rule, ok := rules.ByID(id)
	if !ok {
		return "", ""
	}
	return rule.Why, rule.Write
}

// noFix is why a finding has no fix, "" where it has one, and where there is
// nothing to know but that none is to be had: what to write says enough.
func noFix(f review.Finding) string {
	if f.Fix != nil || f.NoFixReason == fixes.ReasonNoRecipe {
		return ""
	}
	return f.NoFix
}
