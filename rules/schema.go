package rules

import (
	"github.com/kustodian/kustodian/rules/overlay"
	"github.com/kustodian/kustodian/rules/schema"
)

var schemaRule = add(Rule{
	ID:        "schema",
	Title:     "what the kind of an object does not allow",
	Why:       "The cluster refuses the object, or drops the field without a word and runs without it.",
	Write:     "the field, the kind or the type of value that the API has",
	Severity:  Error,
	Practices: []int{6, 18, 48},
	Parts:     true,
	Check: func(pass *Pass) {
		for o := range pass.Objects() {
			for _, f := range schema.Check(o.Node, pass.run.definitions) {
				fault := schemaFault(f)
				fault.Object, fault.Field = o, f.Field
				pass.Fault(fault)
			}
		}
	},
})

// schemaFault is what the schema says as a rule reports it. A definition in
// the repository may be older than the cluster's, so it is believed less.
func schemaFault(f schema.Fault) Fault {
	fault := Fault{Reason: f.Reason, Message: f.Message, Covers: f.Reason == schema.ReasonKind || f.Reason == schema.ReasonGroup}
	if f.Custom {
		fault.Severity = Warning
	}
	return fault
}

// CheckDocuments holds documents as written to the schema, for an overlay that
// does not build: what is wrong with a document is often why.
func CheckDocuments(dir, environment string, documents []overlay.Document, definitions schema.Definitions, policy Policy) []Finding {
	if !policy.Asks(schemaRule) {
		return nil
	}
	var found []Finding
	for _, document := range documents {
		for _, object := range document.Objects {
			for _, f := range schema.Check(object, definitions) {
				fault := schemaFault(f)
				ref := overlay.Ref(object)
				at := Place{Object: ref, Origin: ref, Field: f.Field, Source: document.Source(f.Node)}
				severity := policy.grade(schemaRule, fault.Severity, at.Source.Path, []string{dir}, []string{environment})
				fault.Severity = min(severity, Warning) // nobody deploys it as it is
				if Trial(dir) {
					fault.Severity = min(severity, Info)
				}
				if severity != Off {
					found = append(found, at.finding(schemaRule, fault, []string{dir}))
				}
			}
		}
	}
	return Merge(found)
}
