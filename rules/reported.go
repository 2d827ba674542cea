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
		ID:       "loads-outside-root",
		Title:    "a file from outside the folder that is built",
		Why:      "Kustomize refuses it unless it is started with a flag that allows every file.",
		Write:    "the file inside the folder, or a kustomization beside it that the overlay names",
		Severity: Info,
	})
	_ = add(Rule{
		ID:       "generated-file",
		Title:    "a file that is made before the build",
		Why:      "An empty file stands in for it, so what depends on its content is not checked.",
		Write:    "nothing; the configuration says that a pipeline makes it",
		Severity: Info,
	})
	_ = add(Rule{
		ID:       "ignore-unused",
		Title:    "an ignore that silences nothing",
		Why:      "It would silence the next fault of its kind, which nobody has looked at.",
		Write:    "nothing; take the ignore out",
		Severity: Info,
	})
	_ = add(Rule{
		ID:       "rule-failed",
		Title:    "a rule of Kustodian that broke off",
		Why:      "Nobody knows what it would have said. It is a fault of Kustodian, and never of the repository.",
		Write:    "nothing; tell us which overlay it was",
		Severity: Info,
	})
)
