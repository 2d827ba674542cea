package rules

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "secret-literal",
	Title:     "a secret written into a manifest",
	Why:       "Everybody who can read the repository, or its history, has it.",
	Write:     "a reference to a Secret that is made outside git, and a new secret: this one is known",
	Severity:  Error,
	Practices: []int{4},
	Parts:     true,
	Check: func(pass *Pass) {
		for c := range pass.Containers() {
			secretEnv(pass, c)
			secretArguments(pass, c)
		}
		for o := range pass.Objects("ConfigMap") {
			secretData(pass, o)
		}
	},
})

func secretEnv(pass *Pass, c Container) {
	for _, env := range items(c.Node, "env") {
		name, value := text(env, "name"), text(env, "value")
		field := c.At("env", overlay.ItemStep("name", name), "value")
		secret, replaced := namedSecret(name, value)
		switch {
		case shapedSecret(value):
			pass.Report(c.Object, field, fmt.Sprintf("the value of %s has the shape of a secret", name))
		case replaced:
			pass.ReportAs(Info, c.Object, field, fmt.Sprintf("%s is a placeholder: the real one must not be written here", name))
		case secret:
			pass.Report(c.Object, field, fmt.Sprintf("%s is a secret by its name, and its value stands in the manifest", name))
		}
	}
}

// secretArguments looks at --password=… and at --password followed by its value.
func secretArguments(pass *Pass, c Container) {
	for _, key := range []string{"command", "args"} {
		flagged := "" // the flag before, where its value follows it
		for i, argument := range items(c.Node, key) {
			if argument.Kind != yaml.ScalarNode {
				flagged = ""
				continue
			}
			flag, value, assigned := strings.Cut(argument.Value, "=")
			if flagged != "" && !strings.HasPrefix(flag, "-") {
				flag, value = flagged, argument.Value
			}
			flagged = ""
			if strings.HasPrefix(flag, "-") && !assigned {
				flagged = flag
			}
			secret, replaced := namedSecret(strings.TrimLeft(flag, "-"), value)
			if shapedSecret(argument.Value) || strings.HasPrefix(flag, "-") && secret && !replaced {
				pass.Report(c.Object, c.At(key, overlay.IndexStep(i)), fmt.Sprintf("container %s is given a secret in its %s; take it from a Secret that is made outside git, and a new one: this one is known", c.Name, key))
			}
		}
	}
}

// secretData goes by shape alone: keys of ConfigMaps are often called like the
// secret that another file holds.
func secretData(pass *Pass, o *overlay.Object) {
	data := child(o.Node, "data")
	if data == nil || data.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(data.Content); i += 2 {
		if key := data.Content[i].Value; shapedSecret(data.Content[i+1].Value) {
			pass.Report(o, overlay.Field{"data", key}, fmt.Sprintf("the value of %s in ConfigMap %s has the shape of a secret", key, o.Ref.Name))
		}
	}
}
