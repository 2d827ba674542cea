package rules

import (
	"encoding/json"
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
			return r.suppression(o, overlay.Field{"metadata", "annotations", key}, reason, "")
		}
	}
	// Other tools read those of the pods too.
	for _, at := range []overlay.Field{nil, {"spec", "template"}} {
		at = append(at, "metadata", "annotations")
		annotations := child(o.Node, at...)
		for _, key := range keys(annotations) {
			for _, peer := range peers {
				if reason, ok := peer.reason(rule.ID, key, text(annotations, key)); ok {
					return r.suppression(o, append(at, key), reason, peer.tool)
				}
			}
		}
	}
	return nil
}

func (r *run) suppression(o *overlay.Object, field overlay.Field, reason, tool string) *Suppression {
	source := r.source(o, field)
	return &Suppression{Path: source.Path, Line: source.Line, Reason: reason, Tool: tool}
}

// IgnoreAnnotations are the annotations that rule ignore-invalid noted: those
// that silence a rule, each as the comment that it stands for. The error is of
// facts that no rule of this version noted.
func IgnoreAnnotations(facts []Fact) ([]IgnoreComment, error) {
	var out []IgnoreComment
	for _, f := range facts {
		if f.Rule != "ignore-invalid" {
			continue
		}
		var noted IgnoreComment
		if err := json.Unmarshal(f.Data, &noted); err != nil {
			return nil, fmt.Errorf("reading an annotation of overlay %s: %w", f.Overlay, err)
		}
		out = append(out, noted)
	}
	return out, nil
}

// invalidAnnotations reports the annotations that silence nothing, because the
// rule is not known or nobody says why, and notes the others.
func invalidAnnotations(pass *Pass) {
	for o := range pass.Objects() {
		annotations := child(o.Node, "metadata", "annotations")
		for _, key := range keys(annotations) {
			id, ours := strings.CutPrefix(key, ignoreAnnotation)
			if !ours {
				continue
			}
			field, reason := overlay.Field{"metadata", "annotations", key}, text(annotations, key)
			if fault := pass.Policy.ignoreFault(id, reason, ignoreAnnotation+"RULE: the reason"); fault != "" {
				pass.Report(o, field, fault)
			} else if at := pass.Source(o, field); at.Path != "" {
				pass.Fact(IgnoreComment{at.Path, at.Line, id, reason})
			}
		}
	}
}
