package rules_test

import (
	"strings"
	"testing"

	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// TestIgnoreWithControlCharacter holds that a reason which a terminal would
// obey silences nothing, and is a fault that does not repeat it: in a comment
// and in an annotation.
func TestIgnoreWithControlCharacter(t *testing.T) {
	pod := "apiVersion: v1\nkind: Pod # kustodian:ignore naked-pod a \x1b[31mshell\nmetadata: {name: a}\n"
	read := func(string) ([]byte, error) { return []byte(pod), nil }
	note, _ := rules.NoteFile("pod.yaml", []byte(pod))
	if silent := rules.Ignores([]rules.Note{note}, rules.Policy{}); len(silent) > 0 {
		t.Errorf("silences: %+v", silent)
	}
	if f := rules.Suppress([]rules.Finding{{Rule: "naked-pod", Path: "pod.yaml", Line: 2}}, read); f[0].Suppressed != nil {
		t.Errorf("silenced by %+v", f[0].Suppressed)
	}
	found := rules.SurveyTree(rules.See(nil, []string{"pod.yaml"}, []rules.Note{note}), read, rules.Policy{})
	tree := overlay.Files{
		"kustomization.yaml": "resources: [pod.yaml]\n",
		"pod.yaml":           "apiVersion: v1\nkind: Pod\nmetadata: {name: a, annotations: {kustodian.dev/ignore.naked-pod: \"a \\e[31mshell\"}}\n",
	}
	build, err := overlay.Open(tree, overlay.Options{}).Build(t.Context(), ".")
	if err != nil {
		t.Fatal(err)
	}
	of, _, err := rules.Run(t.Context(), rules.Subject{Build: build}, rules.Policy{})
	if err != nil {
		t.Fatal(err)
	}
	told, naked := 0, false
	for _, f := range append(found, of...) {
		if f.Rule == "ignore-invalid" && strings.Contains(f.Message, "holds a control character") && !strings.Contains(f.Message, "\x1b") {
			told++
		}
		naked = naked || f.Rule == "naked-pod" && f.Suppressed == nil
	}
	if told != 2 || !naked {
		t.Errorf("told %d times, naked-pod found: %t; want 2 and true: %+v", told, naked, append(found, of...))
	}
}

// TestCheckovComments holds that each comment of checkov's which a page names
// silences its rule.
func TestCheckovComments(t *testing.T) {
	names := 0
	for rule := range rules.All() {
		for _, form := range rules.OtherNames(rule.ID) {
			if !strings.HasPrefix(form, "checkov:") {
				continue
			}
			names++
			pod := "# " + form + ": a reason\nkind: Pod\n"
			read := func(string) ([]byte, error) { return []byte(pod), nil }
			f := rules.Suppress([]rules.Finding{{Rule: rule.ID, Path: "pod.yaml", Line: 2}}, read)
			if s := f[0].Suppressed; s == nil || s.Tool != "checkov" || s.Reason != "a reason" {
				t.Errorf("%s does not silence %s: %+v", form, rule.ID, s)
			}
		}
	}
	if names < 20 {
		t.Errorf("found %d comments only", names)
	}
}
