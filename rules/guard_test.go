package rules

import (
	"slices"
	"strings"
	"testing"

	"github.com/kustodian/kustodian/rules/overlay"
)

// TestRuleThatPanics lets a rule break off in each of its parts: it is told as
// our fault with its id, its words are not repeated, and the others speak.
func TestRuleThatPanics(t *testing.T) {
	whole := slices.Clone(catalogue)
	t.Cleanup(func() { catalogue = whole })
	var nothing *Workload
	add(Rule{
		ID: "a-broken-rule", Severity: Warning,
		Survey: func(*Survey) { panic("hunter2") },
		Check: func(pass *Pass) {
			pass.Fact(1)
			nothing.Object.Ref.Name = ""
		},
		Join: func(*Joint) { panic("hunter2") },
	})
	snapshot := overlay.Open(overlay.Files{
		"kustomization.yaml": "resources: [pod.yaml]\n",
		"pod.yaml":           "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: example.com/web}]}\n",
	}, overlay.Options{})
	build, err := snapshot.Build(t.Context(), ".")
	if err != nil {
		t.Fatal(err)
	}
	found, facts, err := Run(t.Context(), Subject{Build: build}, Policy{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(found, func(f Finding) bool { return f.Rule == "image-untagged" }) {
		t.Errorf("the other rules are silent: %v", found)
	}
	broken := func(where string, found []Finding) {
		t.Helper()
		i := slices.IndexFunc(found, func(f Finding) bool { return f.Rule == "rule-failed" })
		if i < 0 {
			t.Fatalf("%s: nobody says that the rule broke off: %v", where, found)
		}
		f := found[i]
		if f.Path != "kustomization.yaml" || f.Line != 1 || f.Reason != "a-broken-rule" || !strings.Contains(f.Message, "a-broken-rule") || strings.Contains(f.Message, "hunter2") {
			t.Errorf("%s: found %+v", where, f)
		}
	}
	broken("check", found)
	overlays, err := snapshot.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	joined, err := Join(Facts{Head: facts, Overlays: overlays}, Policy{})
	if err != nil {
		t.Fatal(err)
	}
	broken("join", joined)
	broken("survey", SurveyTree(See(overlays, nil, nil), snapshot.ReadFile, Policy{}))
}
