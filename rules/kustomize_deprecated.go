package rules

import (
	"fmt"
	"strings"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "kustomize-deprecated",
	Title:     "a field of kustomizations that is on its way out",
	Why:       "The next version of the kustomization's format has it no more, and kustomize warns of it at each build.",
	Write:     "the field that took its place; kustodian fix does it where no build changes, and keeps comments and layout",
	Severity:  Info,
	Practices: []int{48},
	Check: func(pass *Pass) {
		for _, file := range pass.Build.Kustomizations() {
			for i := 0; i+1 < len(file.Root.Content); i += 2 {
				key := file.Root.Content[i]
				instead, old := replaced[strings.ToLower(key.Value)]
				if !old {
					continue
				}
				pass.Fault(Fault{
					Source:  overlay.Source{Path: file.Path, Line: key.Line, Column: key.Column, EndLine: key.Line},
					Reason:  key.Value,
					Message: fmt.Sprintf("%s is deprecated; write %s", key.Value, instead),
				})
			}
		}
	},
})

// replaced are the deprecated fields and what took their place, from
// FixKustomizationPreMarshalling and the warnings of sigs.k8s.io/kustomize/api.
var replaced = map[string]string{
	"bases":                       "its entries under resources",
	"commonlabels":                "labels with includeSelectors: true",
	"imagetags":                   "images",
	"patchesstrategicmerge":       "patches",
	"patchesjson6902":             "patches with a target",
	"vars":                        "replacements",
	"helmchartinflationgenerator": "helmCharts",
}
