package rules

import (
	"fmt"
	"path"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "env-ref-undefined",
	Title:     "a $(VARIABLE) that nothing sets before",
	Why:       "The kubelet leaves it as it is written, and the program gets the text $(VARIABLE).",
	Write:     "the variable above the one that uses it, or $$(VARIABLE) where the text is meant",
	Severity:  Warning,
	Practices: []int{1},
	Check: func(pass *Pass) {
		for c := range pass.Containers() {
			known, all := variablesFrom(pass, c)
			if !all {
				continue // what it gets cannot be seen
			}
			for _, variable := range items(c.Node, "env") {
				name := text(variable, "name")
				for _, undefined := range undefinedIn(text(variable, "value"), known) {
					pass.Report(c.Object, c.At("env", overlay.ItemStep("name", name), "value"),
						fmt.Sprintf("%s uses $(%s), which is not set before it in container %s", name, undefined, c.Name))
				}
				known[name] = true
			}
			for _, key := range []string{"command", "args"} {
				words := items(c.Node, key)
				if shell(c) {
					break // there $(…) runs a command
				}
				for i, word := range words {
					if undefined := undefinedIn(word.Value, known); word.Kind == yaml.ScalarNode && len(undefined) > 0 {
						pass.Report(c.Object, c.At(key, overlay.IndexStep(i)),
							fmt.Sprintf("%s of container %s uses $(%s), which its env does not set", key, c.Name, undefined[0]))
					}
				}
			}
		}
	},
})

var (
	// expansion is $(NAME), or $$(NAME), which stands for its text. Names with
	// dots are those of other tools, such as Tekton's $(params.x).
	expansion = regexp.MustCompile(`\$?\$\(([A-Za-z_][A-Za-z0-9_]*)\)`)
	// fromServices are what the kubelet sets for the Services of a namespace.
	fromServices = regexp.MustCompile(`_SERVICE_(HOST|PORT)(_[A-Z0-9_]+)?$|_PORT(_[0-9]+_(TCP|UDP|SCTP)(_[A-Z]+)?)?$`)
)

// undefinedIn are the variables that a text uses and that are not known.
func undefinedIn(value string, known map[string]bool) []string {
	var out []string
	for _, m := range expansion.FindAllStringSubmatch(value, -1) {
		if m[0][:2] != "$$" && !known[m[1]] && !fromServices.MatchString(m[1]) && !slices.Contains(out, m[1]) {
			out = append(out, m[1])
		}
	}
	return out
}

// variablesFrom are the variables that the ConfigMaps and Secrets of envFrom
// set. all is false where one of them is not in the build, or hides its keys.
func variablesFrom(pass *Pass, c Container) (known map[string]bool, all bool) {
	known = map[string]bool{}
	for _, from := range items(c.Node, "envFrom") {
		kind, name := "ConfigMap", text(from, "configMapRef", "name")
		if name == "" {
			kind, name = "Secret", text(from, "secretRef", "name")
		}
		source := pass.named(kind, c.Object.Ref.Namespace, name)
		if source == nil {
			return nil, false
		}
		for _, key := range slices.Concat(keys(child(source.Node, "data")), keys(child(source.Node, "stringData"))) {
			known[text(from, "prefix")+key] = true
		}
	}
	return known, true
}

var shells = []string{"sh", "bash", "ash", "dash", "zsh", "busybox"}

// shell reports whether a container's words are read by a shell.
func shell(c Container) bool {
	words := slices.Concat(items(c.Node, "command"), items(c.Node, "args"))
	return slices.ContainsFunc(words, func(word *yaml.Node) bool {
		return slices.Contains(shells, path.Base(word.Value)) || word.Value == "-c" || word.Value == "-lc" || word.Value == "-ec"
	})
}
