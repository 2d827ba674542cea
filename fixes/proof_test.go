package fixes

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kustodian/kustodian/fixes/yamledit"
	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

func TestJudge(t *testing.T) {
	web := overlay.ObjectRef{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"}
	text := func(s string) *string { return &s }
	pin := Change{Overlay: "prod", Object: web, Field: overlay.Field{"image"}, Before: text("a:1"), After: text("a:1@d")}
	other := pin
	other.Field = overlay.Field{"spec", "replicas"}
	half := pin
	half.After = text("a:1@e")
	order := Change{Overlay: "prod", Object: web, Field: overlay.Field{"env"}, Before: text("[1,2]"), After: text("[2,1]")}
	fix := Fix{Intent: Intent{Changes: []Change{pin}}}
	lifts := Fix{Intent: Intent{Changes: []Change{pin}, Environment: true}}
	prod := func(changes ...Change) OverlayProof { return OverlayProof{Overlay: "prod", Changes: changes} }
	tests := []struct {
		name   string
		fix    Fix
		proofs []OverlayProof
		reason Reason
		detail string
	}{
		{"as intended", fix, []OverlayProof{prod(pin)}, NoReason, ""},
		{"another overlay stays", fix, []OverlayProof{prod(pin), {Overlay: "dev"}}, NoReason, ""},
		{"a difference outside the intent", fix, []OverlayProof{prod(pin, other)}, ReasonNoProof, "would also change spec.replicas of apps/v1 Deployment web in overlay prod"},
		{"another value", fix, []OverlayProof{prod(half)}, ReasonNoProof, "would also change image"},
		{"nothing happens", fix, []OverlayProof{prod()}, ReasonNoProof, "does not change image"},
		{"it reaches a second overlay", fix, []OverlayProof{prod(pin), {Overlay: "dev", Changes: []Change{other}}}, ReasonSpreads, "in overlay dev"},
		{"an overlay was not built", fix, nil, ReasonNoProof, "prod, which the fix means to change, was not built"},
		{"an overlay does not build", fix, []OverlayProof{{Overlay: "prod", Error: "It does not build after the fix: no"}}, ReasonNotBuilt, "prod could not be compared. It does not build after the fix: no"},
		{"the finding stays", fix, []OverlayProof{{Overlay: "prod", Changes: []Change{pin}, Remaining: []string{"f"}}}, ReasonNoProof, "still has the finding"},
		{"another order of variables is meant", lifts, []OverlayProof{prod(pin, order)}, NoReason, ""},
		{"another order of variables is not meant", fix, []OverlayProof{prod(pin, order)}, ReasonNoProof, "would also change env"},
		{"another environment", lifts, []OverlayProof{{Overlay: "prod", Changes: []Change{pin}, Environment: "container web would see another A"}}, ReasonNoProof, "In overlay prod container web"},
		{"another environment that nobody promised to keep", fix, []OverlayProof{{Overlay: "prod", Changes: []Change{pin}, Environment: "x"}}, NoReason, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := Judge([]Fix{test.fix}, test.proofs)
			if got.Reason != test.reason || !strings.Contains(got.Detail, test.detail) || test.detail == "" && got.Detail != "" {
				t.Errorf("got %q %q, want %q %q", got.Reason, got.Detail, test.reason, test.detail)
			}
		})
	}
}

// A fix of one overlay whose edit stands in the base that another one reads.
func TestEditThatReachesASecondOverlay(t *testing.T) {
	files := overlay.Files{
		"base/kustomization.yaml": "resources: [pod.yaml]\n", "base/pod.yaml": pod,
		"dev/kustomization.yaml": "resources: [../base]\n", "prod/kustomization.yaml": "resources: [../base]\n",
	}
	at := strings.Index(pod, "web:1") + len("web:1")
	before, after := "web:1", "web:1@d"
	change := func(overlayPath string) Change {
		return Change{Overlay: overlayPath, Object: overlay.ObjectRef{APIVersion: "v1", Kind: "Pod", Name: "web"},
			Field: overlay.Field{"spec", "containers", "[name=web]", "image"}, Before: &before, After: &after}
	}
	fix := Fix{Files: []FileChange{{Path: "base/pod.yaml", Splices: []yamledit.Splice{{Start: at, End: at, New: "@d"}}}}}
	snapshot := overlay.Open(files, overlay.Options{})
	var befores Befores
	judge := func(changes ...Change) Proof {
		fix.Intent.Changes = changes
		var proofs []OverlayProof
		for _, path := range []string{"dev", "prod"} {
			proof, err := ProveOverlay(t.Context(), snapshot, []Fix{fix}, path, rules.Policy{}, &befores)
			if err != nil {
				t.Fatal(err)
			}
			proofs = append(proofs, proof)
		}
		return Judge([]Fix{fix}, proofs)
	}
	if got := judge(change("dev"), change("prod")); got.Reason != NoReason {
		t.Errorf("meant for both: got %q %q", got.Reason, got.Detail)
	}
	want := "The edit would also change spec.containers[name=web].image of v1 Pod web in overlay dev."
	if got := judge(change("prod")); got.Reason != ReasonSpreads || got.Detail != want {
		t.Errorf("meant for one: got %q %q, want %q %q", got.Reason, got.Detail, ReasonSpreads, want)
	}
}

// compared builds the overlay "." of two trees and compares them.
func compared(t *testing.T, before, after overlay.Files) ([]Change, string, string) {
	t.Helper()
	build := func(files overlay.Files) *overlay.Build {
		b, err := overlay.Open(files, overlay.Options{}).Build(t.Context(), ".")
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	was, is := build(before), build(after)
	changes, diff, err := compareBuilds(was, is)
	if err != nil {
		t.Fatal(err)
	}
	return changes, diff, environmentDiffers(was, is)
}

const pod = `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - name: web
    image: web:1
`

func TestCompareBuilds(t *testing.T) {
	generated := "resources: [pod.yaml]\nconfigMapGenerator:\n- {name: web, literals: [A=1]}\n"
	refers := pod + "    envFrom:\n    - configMapRef: {name: web}\n"
	secret := "apiVersion: v1\nkind: Secret\nmetadata: {name: web}\nstringData: {key: VALUE, other: same}\n"
	tests := []struct {
		name          string
		before, after overlay.Files
		fields        []string // "field: before -> after"
		diff          []string // lines that the difference has
		hidden        string   // what it must not have
	}{
		{
			name:   "no difference",
			before: overlay.Files{"kustomization.yaml": "resources: [pod.yaml]\n", "pod.yaml": pod},
			after:  overlay.Files{"kustomization.yaml": "resources:\n- pod.yaml\n", "pod.yaml": pod + "# the end\n"},
		},
		{
			name:   "a generated name and what refers to it follow the content",
			before: overlay.Files{"kustomization.yaml": generated, "pod.yaml": refers},
			after:  overlay.Files{"kustomization.yaml": strings.Replace(generated, "A=1", "A=2", 1), "pod.yaml": refers},
			fields: []string{"v1 ConfigMap web-* data.A: 1 -> 2"},
			diff:   []string{"-  A: \"1\"", "+  A: \"2\""},
		},
		{
			name:   "an item that comes, by its name",
			before: overlay.Files{"kustomization.yaml": "resources: [pod.yaml]\n", "pod.yaml": pod},
			after:  overlay.Files{"kustomization.yaml": "resources: [pod.yaml]\n", "pod.yaml": pod + "  - name: aside\n    image: aside:1\n"},
			fields: []string{`v1 Pod web spec.containers[name=aside]: absent -> {"image":"aside:1","name":"aside"}`},
		},
		{
			name:   "another order is a difference of the list",
			before: overlay.Files{"kustomization.yaml": "resources: [pod.yaml]\n", "pod.yaml": pod + "    env: [{name: A, value: x}, {name: B, value: y}]\n"},
			after:  overlay.Files{"kustomization.yaml": "resources: [pod.yaml]\n", "pod.yaml": pod + "    env: [{name: B, value: y}, {name: A, value: x}]\n"},
			fields: []string{`v1 Pod web spec.containers[name=web].env: [{"name":"A","value":"x"},{"name":"B","value":"y"}] -> [{"name":"B","value":"y"},{"name":"A","value":"x"}]`},
		},
		{
			name:   "a number is not the text of it",
			before: overlay.Files{"kustomization.yaml": "resources: [pod.yaml]\n", "pod.yaml": pod + "  priority: 1\n"},
			after:  overlay.Files{"kustomization.yaml": "resources: [pod.yaml]\n", "pod.yaml": pod + "  priority: \"1\"\n"},
			fields: []string{"v1 Pod web spec.priority: !!int 1 -> !!str 1"},
		},
		{
			name:   "an object that goes",
			before: overlay.Files{"kustomization.yaml": "resources: [pod.yaml]\nconfigMapGenerator:\n- {name: web, literals: [A=1]}\n", "pod.yaml": pod},
			after:  overlay.Files{"kustomization.yaml": "resources: [pod.yaml]\n", "pod.yaml": pod},
			fields: []string{`v1 ConfigMap web-* : {"apiVersion":"v1","data":{"A":"1"},"kind":"ConfigMap"} -> absent`},
		},
		{
			name:   "secrets are masked",
			before: overlay.Files{"kustomization.yaml": "resources: [secret.yaml]\n", "secret.yaml": secret},
			after:  overlay.Files{"kustomization.yaml": "resources: [secret.yaml]\n", "secret.yaml": strings.Replace(secret, "VALUE", "VALUES", 1)},
			fields: []string{"v1 Secret web stringData.key: (masked) -> (masked)"},
			diff:   []string{"-  key: (masked)", "+  key: (masked, changed)"},
			hidden: "VALUE",
		},
		{
			name:   "values that look like secrets are masked",
			before: overlay.Files{"kustomization.yaml": "resources: [pod.yaml]\n", "pod.yaml": pod + "    env: [{name: DB_PASSWORD, value: hunter2}]\n"},
			after:  overlay.Files{"kustomization.yaml": "resources: [pod.yaml]\n", "pod.yaml": pod},
			fields: []string{`v1 Pod web spec.containers[name=web].env: [{"name":"DB_PASSWORD","value":"(masked)"}] -> absent`},
			hidden: "hunter2",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			changes, diff, _ := compared(t, test.before, test.after)
			var got []string
			for _, c := range changes {
				got = append(got, c.Object.String()+" "+c.Field.String()+": "+shown(c.Before)+" -> "+shown(c.After))
			}
			if d := cmp.Diff(test.fields, got); d != "" {
				t.Errorf("changes differ (-want +got):\n%s", d)
			}
			for _, line := range test.diff {
				if !strings.Contains(diff, line+"\n") {
					t.Errorf("the difference lacks %q:\n%s", line, diff)
				}
			}
			if test.hidden != "" && strings.Contains(diff+strings.Join(got, ""), test.hidden) {
				t.Errorf("%q is shown:\n%s", test.hidden, diff)
			}
		})
	}
}

func shown(text *string) string {
	if text == nil {
		return "absent"
	}
	return *text
}

func TestEnvironment(t *testing.T) {
	tests := []struct {
		name          string
		before, after string // the end of the container
		generator     string
		want          string
	}{
		{
			name:      "a literal from a ConfigMap",
			before:    "    env: [{name: A, value: x}]\n",
			after:     "    env: [{name: A, valueFrom: {configMapKeyRef: {name: web, key: A}}}]\n",
			generator: "A=x",
		},
		{
			name:      "another value",
			before:    "    env: [{name: A, value: x}]\n",
			after:     "    env: [{name: A, valueFrom: {configMapKeyRef: {name: web, key: A}}}]\n",
			generator: "A=y",
			want:      "container web of v1 Pod web would see another A",
		},
		{
			name:      "env goes before envFrom",
			before:    "    env: [{name: A, value: x}]\n",
			after:     "    envFrom: [{configMapRef: {name: web}}]\n    env: [{name: A, value: x}]\n",
			generator: "A=y",
		},
		{
			name:      "envFrom brings more",
			before:    "    env: [{name: A, value: x}]\n",
			after:     "    envFrom: [{configMapRef: {name: web}}]\n    env: [{name: A, value: x}]\n",
			generator: "B=y",
			want:      "would see another B",
		},
		{
			name:   "what is referred to is defined before",
			before: "    env: [{name: A, value: x}, {name: B, value: \"$(A)/$$(A)\"}]\n",
			after:  "    env: [{name: B, value: \"$(A)/$$(A)\"}, {name: A, value: x}]\n",
			want:   "would see another B",
		},
		{
			name:   "what is referred to may be written out",
			before: "    env: [{name: A, value: x}, {name: B, value: \"$(A)/$(C)\"}]\n",
			after:  "    env: [{name: A, value: x}, {name: B, value: x/$(C)}]\n",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			kustomization := "resources: [pod.yaml]\n"
			if test.generator != "" {
				kustomization += "configMapGenerator:\n- {name: web, literals: [" + test.generator + "]}\n"
			}
			_, _, got := compared(t,
				overlay.Files{"kustomization.yaml": kustomization, "pod.yaml": pod + test.before},
				overlay.Files{"kustomization.yaml": kustomization, "pod.yaml": pod + test.after})
			if !strings.Contains(got, test.want) || test.want == "" && got != "" {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestApply(t *testing.T) {
	snapshot := overlay.Open(overlay.Files{"a.yaml": "one: 1\ntwo: {x: 2}\n"}, overlay.Options{})
	fix := func(edits ...Edit) Fix {
		after, err := edited("a.yaml", []byte("one: 1\ntwo: {x: 2}\n"), edits)
		if err != nil {
			t.Fatal(err)
		}
		return Fix{Files: []FileChange{{Path: "a.yaml", Edits: edits, Splices: after.Splices}}}
	}
	at := func(op, value string, path ...any) Edit { return Edit{Op: op, Path: path, Value: value} }
	text := "new\n"
	tests := []struct {
		name  string
		fixes []Fix
		want  map[string][]byte
		fails bool
	}{
		{"two places", []Fix{fix(at(opSet, "3", "two", "x")), fix(at(opSet, "2", "one"))}, map[string][]byte{"a.yaml": []byte("one: 2\ntwo: {x: 3}\n")}, false},
		{"one edit that two fixes share", []Fix{fix(at(opSet, "2", "one")), fix(at(opSet, "2", "one"))}, map[string][]byte{"a.yaml": []byte("one: 2\ntwo: {x: 2}\n")}, false},
		{"two values of one scalar", []Fix{fix(at(opSet, "2", "one")), fix(at(opSet, "3", "one"))}, nil, true},
		{"the first item of a list, twice", []Fix{fix(at(opAppend, "a", "list")), fix(at(opAppend, "b", "list"))}, map[string][]byte{"a.yaml": []byte("one: 1\ntwo: {x: 2}\nlist:\n- a\n- b\n")}, false},
		{"a change below what another removes", []Fix{fix(at(opRemove, "", "two")), fix(at(opSet, "3", "two", "x"))}, nil, true},
		{"create and delete", []Fix{{Files: []FileChange{{Path: "b.yaml", Create: &text}, {Path: "a.yaml", Delete: true}}}}, map[string][]byte{"b.yaml": []byte("new\n"), "a.yaml": nil}, false},
		{"delete what another changes", []Fix{fix(at(opSet, "2", "one")), {Files: []FileChange{{Path: "a.yaml", Delete: true}}}}, nil, true},
		{"create what is there", []Fix{{Files: []FileChange{{Path: "a.yaml", Create: &text}}}}, nil, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Apply(snapshot.ReadFile, test.fixes)
			var noFix *NoFix
			if test.fails != (errors.As(err, &noFix) && noFix.Reason == ReasonConflict) || !test.fails && err != nil {
				t.Fatalf("error %v, want a conflict: %t", err, test.fails)
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}
