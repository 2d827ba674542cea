package fixes

import (
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// A mutation makes a wrong fix of a proved one: it returns the fixes that it
// can make of it, each wrong in a way of its own.
type mutation struct {
	name string
	make func(tree *testTree, fix Fix) []Fix
}

var mutations = []mutation{
	{"a wrong overlay", wrongOverlay},
	{"a wrong container", wrongContainer},
	{"a lost variable", lostVariable},
	{"a changed type", changedType},
	{"an edit in a shared base", sharedBase},
}

// TestWrongFixesAreRefused makes wrong fixes of proved ones, and has the proof
// refuse them all.
func TestWrongFixesAreRefused(t *testing.T) {
	const wanted = 10
	made := map[string]int{}
	for _, name := range []string{"kubernetes-sigs+kustomize", "stefanprodan+podinfo", "GoogleCloudPlatform+microservices-demo"} {
		c := &fixCase{
			files:  readArchive(t, "../../shared/corpus/"+name+".tar.gz"),
			rules:  []string{"image-floating", "image-unpinned", "missing-requests", "best-effort", "missing-readiness", "missing-liveness", "env-config-literal"},
			policy: Policy{StartingResources: &ResourcePolicy{Requests: map[string]string{"cpu": "100m", "memory": "64Mi"}}},
			digest: anyDigest,
		}
		tree := open(t, c, c.files)
		for _, fix := range tree.plan(t, c).Fixes {
			var wrong []Fix
			var kinds []string
			for _, m := range mutations {
				if made[m.name] < wanted {
					for _, w := range m.make(tree, fix) {
						wrong, kinds = append(wrong, w), append(kinds, m.name)
					}
				}
			}
			if len(wrong) == 0 || tree.judge(t, []Fix{fix}).Reason != NoReason {
				continue
			}
			for i, w := range wrong {
				made[kinds[i]]++
				if tree.judge(t, []Fix{w}).Reason == NoReason {
					t.Errorf("%s of %s at %s is proved: %+v", kinds[i], w.Title, w.Files[0].Path, w.Files)
				}
			}
		}
	}
	for _, m := range mutations {
		t.Logf("%s: made %d", m.name, made[m.name])
		if made[m.name] < wanted {
			t.Errorf("%s: made %d, want %d", m.name, made[m.name], wanted)
		}
	}
}

// wrongOverlay means the change for another overlay than the one it makes it in.
func wrongOverlay(tree *testTree, fix Fix) []Fix {
	out := fix
	out.Intent.Changes = slices.Clone(fix.Intent.Changes)
	is := out.Intent.Changes[0].Overlay
	i := slices.IndexFunc(tree.overlays, func(o overlay.Overlay) bool { return o.Path != is && len(o.Refusals) == 0 })
	if i < 0 {
		return nil
	}
	for j, c := range out.Intent.Changes {
		if c.Overlay == is {
			out.Intent.Changes[j].Overlay = tree.overlays[i].Path
		}
	}
	return []Fix{out}
}

// wrongContainer makes the edit in the same place of another workload's file.
func wrongContainer(tree *testTree, fix Fix) []Fix {
	if len(fix.Files) != 1 || !slices.Contains(fix.Files[0].Edits[0].Path, any("containers")) {
		return nil
	}
	file := fix.Files[0]
	for _, o := range tree.overlays {
		for _, name := range o.Reads {
			src, err := tree.snapshot.ReadFile(name)
			if err != nil || name == file.Path || !strings.HasSuffix(name, ".yaml") {
				continue
			}
			if after, err := edited(name, src, file.Edits); err == nil {
				out := fix
				out.Files = []FileChange{{Path: name, Edits: file.Edits, Splices: after.Splices}}
				return []Fix{out}
			}
		}
	}
	return nil
}

// lostVariable leaves a value of a moved environment out of its generators,
// each value in a fix of its own.
func lostVariable(tree *testTree, fix Fix) []Fix {
	var out []Fix
	for lost := 0; fix.Intent.Environment; lost++ {
		left := lost
		wrong := altered(tree, fix, func(value *yaml.Node) bool {
			literals := items(value, "literals")
			if left -= len(literals); left >= 0 {
				return false
			}
			literal := literals[len(literals)+left]
			literal.Value = "LOST=" + literal.Value
			return true
		})
		if wrong == nil {
			break
		}
		out = append(out, wrong...)
	}
	return out
}

// changedType writes a number as text, or a text as a number.
func changedType(tree *testTree, fix Fix) []Fix {
	var toggle func(value *yaml.Node) bool
	toggle = func(value *yaml.Node) bool {
		if value.Kind == yaml.ScalarNode {
			if value.ShortTag() == "!!int" {
				value.Tag, value.Style = "!!str", yaml.DoubleQuotedStyle
			} else {
				value.Value, value.Tag, value.Style = "7", "!!int", 0
			}
			return true
		}
		return len(value.Content) > 0 && toggle(value.Content[len(value.Content)-1])
	}
	return altered(tree, fix, toggle)
}

// altered is the fix with the first value that change changes.
func altered(tree *testTree, fix Fix, change func(*yaml.Node) bool) []Fix {
	for i, file := range fix.Files {
		for j, e := range file.Edits {
			roots, err := documents([]byte(e.Value))
			if e.Op == opSet || err != nil || len(roots) != 1 || !change(roots[0]) {
				continue
			}
			text, err := print(roots[0])
			if err != nil {
				continue
			}
			edits := slices.Clone(file.Edits)
			edits[j].Value = text
			src, err := tree.snapshot.ReadFile(file.Path)
			if err != nil {
				continue
			}
			after, err := edited(file.Path, src, edits)
			if err != nil {
				continue
			}
			out := fix
			out.Files = slices.Clone(fix.Files)
			out.Files[i] = FileChange{Path: file.Path, Edits: edits, Splices: after.Splices}
			return []Fix{out}
		}
	}
	return nil
}

// sharedBase means the change for all but one of the overlays that read the file.
func sharedBase(_ *testTree, fix Fix) []Fix {
	left := fix.Intent.Changes[0].Overlay
	out := fix
	out.Intent.Changes = slices.DeleteFunc(slices.Clone(fix.Intent.Changes), func(c Change) bool { return c.Overlay == left })
	if len(out.Intent.Changes) == 0 {
		return nil
	}
	return []Fix{out}
}
