package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// TestOwnCost ends the repository's own rules on an overlay where they cost too
// much, and says so at the rule that was under way; the others speak.
func TestOwnCost(t *testing.T) {
	var objects strings.Builder
	for i := range 50 {
		fmt.Fprintf(&objects, "apiVersion: v1\nkind: Pod\nmetadata: {name: p%d}\nspec: {containers: [{name: a, image: a}]}\n---\n", i)
	}
	tree := overlay.Files{"kustomization.yaml": "resources: [all.yaml]\n", "all.yaml": objects.String()}
	build, err := overlay.Open(tree, overlay.Options{}).Build(t.Context(), ".")
	if err != nil {
		t.Fatal(err)
	}
	policy := rules.Policy{
		OwnCost: 1000,
		Own: []rules.OwnRule{
			{ID: "first", Severity: rules.Warning, Check: `object.metadata.name != "p0"`, Message: "first", Path: ".kustodian.yaml", Line: 3},
			{ID: "second", Severity: rules.Warning, Check: strings.Repeat(`object.spec.containers.all(c, c.name == "a") && `, 20) + "true", Message: "second", Path: ".kustodian.yaml", Line: 4},
			{ID: "third", Severity: rules.Warning, Check: "false", Message: "third", Path: ".kustodian.yaml", Line: 5},
		},
	}
	found, _, err := rules.Run(t.Context(), rules.Subject{Build: build}, policy)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]int{}
	for _, f := range found {
		said[f.Rule]++
		if f.Rule == "config-invalid" && (f.Line != 4 || !strings.Contains(f.Message, "cost too much together")) {
			t.Errorf("told is %q at line %d", f.Message, f.Line)
		}
	}
	if said["first"] != 1 || said["config-invalid"] != 1 || said["third"] != 0 || said["naked-pod"] == 0 {
		t.Errorf("found %v", said)
	}
	policy.OwnCost = 0
	if found, _, err = rules.Run(t.Context(), rules.Subject{Build: build}, policy); err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if f.Rule == "config-invalid" {
			t.Errorf("by default told is %q", f.Message)
		}
	}
}
