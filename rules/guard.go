package rules

import (
	"fmt"
	"runtime"

	"github.com/kustodian/kustodian/rules/overlay"
)

// guard runs a part of a rule, and says how it broke off: "" where it did not.
// What a rule panics with may quote the tree, so only the runtime's own words
// are repeated.
func guard(part func()) (broken string) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case runtime.Error:
			broken = r.Error()
		default:
			broken = fmt.Sprintf("a panic with a %T", r)
		}
	}()
	part()
	return ""
}

// brokeOff is the finding that a rule broke off.
func brokeOff(rule *Rule, broken string, at overlay.Source, overlays ...string) Finding {
	failed, _ := ByID("rule-failed")
	return Place{Source: at}.finding(failed, Fault{
		Severity: failed.Severity, Reason: rule.ID,
		Message: fmt.Sprintf("rule %s broke off (%s), so nobody knows what it would say; this is a fault of Kustodian, not yours", rule.ID, broken),
	}, overlays)
}
