package rules

var _ = add(Rule{
	ID:       "ignore-invalid",
	Title:    "an ignore that silences nothing",
	Why:      "It looks as if somebody had decided, and nobody has.",
	Write:    "# kustodian:ignore RULE the reason; or the annotation kustodian.dev/ignore.RULE with the reason as its value",
	Severity: Warning,
	Parts:    true,
	Survey:   invalidComments,
	Check:    invalidAnnotations,
})
