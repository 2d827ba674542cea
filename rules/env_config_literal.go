package rules

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "env-config-literal",
	Title:     "configuration in env that is said elsewhere too",
	Why:       "To change one setting somebody patches the workload, or changes each container that repeats it and must not miss one.",
	Write:     "a configMapGenerator beside the base, which an overlay merges into, and a configMapKeyRef in the container",
	Severity:  Info,
	Practices: []int{1},
	Together:  true,
	Check: func(pass *Pass) {
		shared := sharedValues(pass)
		for c := range pass.Containers() {
			wired := wiring(c)
			for _, env := range items(c.Node, "env") {
				name, value := text(env, "name"), text(env, "value")
				if value == "" || wired[name] || strings.ContainsAny(value, "$") || secretLike(name, value) || addressed(pass, value) || listensAt(c, value) {
					continue
				}
				field := c.At("env", overlay.ItemStep("name", name), "value")
				if source := pass.Source(c.Object, field); source.By == overlay.ByPatch && len(source.Via) > 0 {
					pass.Report(c.Object, field, fmt.Sprintf("%s is configuration: a patch sets it in overlay %s", name, pass.Build.Overlay))
				} else if n := shared[[2]string{name, value}]; n > 1 {
					pass.Report(c.Object, field, fmt.Sprintf("%s is configuration: %d containers of the overlay say the same", name, n))
				}
			}
		}
	},
})

// sharedValues counts the containers of the build that give a name one value.
func sharedValues(pass *Pass) map[[2]string]int {
	out := map[[2]string]int{}
	for c := range pass.Containers() {
		for _, env := range items(c.Node, "env") {
			out[[2]string{text(env, "name"), text(env, "value")}]++
		}
	}
	return out
}

var reference = regexp.MustCompile(`\$\(([^)]+)\)`)

// wiring are the names that other values of the container refer to: moving
// them would change the order in which they are expanded.
func wiring(c Container) map[string]bool {
	out := map[string]bool{}
	for _, list := range []string{"env", "args", "command"} {
		for _, item := range items(c.Node, list) {
			value := item.Value
			if list == "env" {
				value = text(item, "value")
			}
			for _, m := range reference.FindAllStringSubmatch(value, -1) {
				out[m[1]] = true
			}
		}
	}
	return out
}

func secretLike(name, value string) bool {
	secret, _ := namedSecret(name, value)
	return secret || shapedSecret(value)
}

// addressed reports whether a value names a Service of the build: kustomize
// may rename those, and a ConfigMap would not follow.
func addressed(pass *Pass, value string) bool {
	if _, rest, ok := strings.Cut(value, "://"); ok {
		value = rest
	}
	end := strings.IndexAny(value, ".:/")
	if end < 0 {
		end = len(value)
	}
	for o := range pass.Objects("Service") {
		if name := value[:end]; o.Ref.Name == name || o.Origin.Name == name {
			return true
		}
	}
	return false
}

// listensAt reports whether a value is a port that the container declares:
// that containers share a number there is chance.
func listensAt(c Container, value string) bool {
	for _, port := range items(c.Node, "ports") {
		if text(port, "containerPort") == value {
			return true
		}
	}
	return false
}
