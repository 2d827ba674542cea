package fixes

import (
	"strings"
	"testing"
)

// TestExpand holds expansion to the examples of Kubernetes' documentation of
// dependent variables and of EnvVar.value, and to what its code does with the
// rest: third_party/forked/golang/expansion of kubernetes/kubernetes.
func TestExpand(t *testing.T) {
	env := map[string]string{"PROTOCOL": "=https", "ADDRESS": "=172.17.0.1", "EMPTY": "=", "DOLLAR": "=$(PROTOCOL)", "A$(ADDRESS": "=odd"}
	for _, c := range []struct{ text, want string }{
		{"$(PROTOCOL)://$(ADDRESS)", "https://172.17.0.1"},
		{"$(UNDEFINED)://$(ADDRESS)", "$(UNDEFINED)://172.17.0.1"},
		{"$$(PROTOCOL)://$(ADDRESS)", "$(PROTOCOL)://172.17.0.1"},
		{"$$$(PROTOCOL)", "$https"},
		{"$$$$(PROTOCOL)", "$$(PROTOCOL)"},
		{"$(EMPTY)", ""},
		{"$(DOLLAR)", "$(PROTOCOL)"}, // a value is not expanded again
		{"$()", "$()"},
		{"$(PROTOCOL", "$(PROTOCOL"},
		{"$(PROTOCOL$(ADDRESS)", "$(PROTOCOL$(ADDRESS)"}, // the name is all before the bracket
		{"$(A$(ADDRESS))", "odd)"},
		{"$(B$(ADDRESS))", "$(B$(ADDRESS))"},
		{"$(PROTOCOL))", "https)"},
		{"$PROTOCOL ${PROTOCOL} $", "$PROTOCOL ${PROTOCOL} $"},
		{"$($(PROTOCOL))", "$($(PROTOCOL))"},
		{"$(A$$(B", "$(A$(B"},
		{"costs 5$", "costs 5$"},
		{"$é$(ADDRESS)", "$é172.17.0.1"},
	} {
		if got := expand(c.text, env); got != c.want {
			t.Errorf("%q becomes %q; want %q", c.text, got, c.want)
		}
	}
}

func FuzzExpand(f *testing.F) {
	for _, text := range []string{"", "$", "$$", "$(A)", "$(A$(B))", "x$(", "$(A)$(B)$$(A)"} {
		f.Add(text, "A", "value $(B)")
	}
	f.Fuzz(func(t *testing.T, text, name, value string) {
		if got := expand(strings.ReplaceAll(text, "$", "$$"), map[string]string{name: value}); got != text {
			t.Errorf("%q with every dollar doubled becomes %q", text, got)
		}
		if !strings.Contains(text, "$$") {
			if got := expand(text, nil); got != text {
				t.Errorf("%q becomes %q where nothing is defined", text, got)
			}
		}
		if !strings.Contains(name, ")") {
			plain := strings.ReplaceAll(text, "$", "")
			if got, want := expand(plain+"$("+name+")"+plain, map[string]string{name: "=" + value}), plain+value+plain; got != want {
				t.Errorf("$(%s) in %q becomes %q; want %q", name, plain, got, want)
			}
		}
	})
}
