package review

import (
	"fmt"
	"path"
	"strings"

	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// noted are the findings of an overlay that say how it was built.
func noted(o overlay.Overlay) []rules.Finding {
	if len(o.Refusals) > 0 {
		return nil
	}
	return append(outside(o), generated(o)...)
}

// outside is the finding of an overlay that only builds where kustomize may
// read files from outside the folder of a kustomization: one, at the first
// entry that asks for it.
func outside(o overlay.Overlay) []rules.Finding {
	if len(o.Outside) == 0 {
		return nil
	}
	first := o.Outside[0]
	is := "is outside"
	if !strings.HasPrefix(path.Clean(first.Text), "../") {
		is = "is a link out of"
	}
	return []rules.Finding{note("loads-outside-root", o, first,
		fmt.Sprintf("%s %s the folder of its kustomization: kustomize builds it only with --load-restrictor LoadRestrictionsNone", first.Text, is))}
}

// generated are the findings of files that a pipeline makes before the build.
func generated(o overlay.Overlay) []rules.Finding {
	var out []rules.Finding
	for _, m := range o.Generated {
		out = append(out, note("generated-file", o, m,
			fmt.Sprintf("%s is made before the build: it is not in the repository, and an empty file stands in for it here", m.Text)))
	}
	return out
}

func note(rule string, o overlay.Overlay, at overlay.Mention, message string) rules.Finding {
	f := rules.Finding{
		Rule: rule, Severity: rules.Info, Path: at.Path, Line: at.Line, Column: at.Column, EndLine: at.Line,
		Message: message, Overlays: []string{o.Path},
	}
	return f.At(f.Path)
}
