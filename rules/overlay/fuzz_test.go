package overlay

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func FuzzField(f *testing.F) {
	for _, seed := range []string{"", "spec.replicas", "spec.containers[name=web].image", `metadata.annotations["example.com/owner"]`, "args[3]", `a["b]"].c`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		field, err := ParseField(text)
		if err != nil {
			return
		}
		again, err := ParseField(field.String())
		if err != nil {
			t.Fatalf("%q printed as %q: %v", text, field, err)
		}
		if diff := cmp.Diff(field, again); diff != "" {
			t.Errorf("%q printed as %q reads differently:\n%s", text, field, diff)
		}
	})
}

func FuzzFind(f *testing.F) {
	for _, seed := range []string{"", "resources:\n- a\n", "patches:\n- patch: |\n    a: b\n", "generators: ['{a: b}']\n", "<<: &a {x: *a}\n", "resources: {a: b}\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := Open(Files{"kustomization.yaml": text, "a": text}, Options{}).Find(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
