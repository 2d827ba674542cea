package rules

// These are found while a tree is read, and not by looking at a build.
var (
	_ = add(Rule{
		ID:       "build-failed",
		Title:    "an overlay that does not build",
		Why:      "What does not build is not deployed, and the cluster stays as it is without a word.",
		Write:    "what kustomize asks for at the line shown; kustomize build OVERLAY shows the same",
		Severity: Error,
	})
	_ = add(Rule{
		ID:       "reference-refused",
		Title:    "a reference that is not followed",
		Why:      "Remote bases, charts and plugins are never fetched and never run, so this overlay is not checked.",
		Write:    "a copy of the base in the repository, where you want it checked",
		Severity: Info,
	})
	_ = add(Rule{
		ID:       "config-invalid",
		Title:    "a fault in .kustodian.yaml",
		Why:      "What is at fault is left out, so the repository is reviewed otherwise than meant.",
		Write:    "what the message says",
		Severity: Error,
	})
	_ = add(Rule{
		ID:       "ignore-invalid",
		Title:    "an ignore comment that silences nothing",
		Why:      "It looks as if somebody had decided, and nobody has.",
		Write:    "# kustodian:ignore RULE the reason",
		Severity: Warning,
	})
)
