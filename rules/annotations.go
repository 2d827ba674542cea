package rules

import (
	"fmt"
	"strings"

	"github.com/kustodian/kustodian/rules/overlay"
)

// ignoreAnnotation, with a rule's id behind it, silences the rule for an
// object; its value is the reason.
const ignoreAnnotation = "kustodian.dev/ignore."

// annotated is the suppression of a rule that an annotation of the object is,
// nil where there is none. Ours counts before those of other tools.
func (r *run) annotated(rule *Rule, o *overlay.Object) *Suppression {
	annotations := child(o.Node, "metadata", "annotations")
	for _, key := range keys(annotations) {
		if reason := text(annotations, key); key == ignoreAnnotation+rule.ID && reasonFault(rule.ID, reason, "") == "" {
			return r.suppression(o, key, reason, "")
		}
	}
	for _, key := range keys(annotations) {
		for _, peer := range peers {
			if reason, ok := peer.reason(rule.ID, key, text(annotations, key)); ok {
				return r.suppression(o, key, reason, peer.tool)
			}
		}
	}
	return nil
}

func (r *run) suppression(o *overlay.Object, key, reason, tool string) *Suppression {
	source := r.source(o, overlay.Field{"metadata", "annotations", key})
	return &Suppression{Path: source.Path, Line: source.Line, Reason: reason, Tool: tool}
}

// invalidAnnotations reports the annotations that silence nothing, because the
// rule is not known or nobody says why.
func invalidAnnotations(pass *Pass) {
	for o := range pass.Objects() {
		annotations := child(o.Node, "metadata", "annotations")
		for _, key := range keys(annotations) {
			id, ours := strings.CutPrefix(key, ignoreAnnotation)
			if !ours {
				continue
			}
			if fault := pass.Policy.ignoreFault(id, text(annotations, key), fmt.Sprintf("%sRULE: the reason", ignoreAnnotation)); fault != "" {
				pass.Report(o, overlay.Field{"metadata", "annotations", key}, fault)
			}
		}
	}
}
