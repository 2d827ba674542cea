package fixes

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// environmentDiffers says in half a sentence which container sees another
// environment in the second build, "" where none does.
func environmentDiffers(before, after *overlay.Build) string {
	was, is := environments(before), environments(after)
	for _, container := range sortedKeys(was) {
		now, ok := is[container]
		if !ok {
			return fmt.Sprintf("%s is gone", container)
		}
		names := sortedKeys(was[container])
		for name := range now {
			if _, ok := was[container][name]; !ok {
				names = append(names, name)
			}
		}
		for _, name := range names {
			if was[container][name] != now[name] {
				return fmt.Sprintf("%s would see another %s", container, name)
			}
		}
	}
	return ""
}

// environments are what the process of each container sees, by name, as far
// as the build says: values are prefixed by "=", what is fetched from
// elsewhere stands as its reference.
func environments(build *overlay.Build) map[string]map[string]string {
	names := stableNames(build)
	data := map[string]map[string]string{}
	for _, o := range build.Objects {
		if o.Ref.Kind == "ConfigMap" {
			key := o.Ref.Namespace + "/" + o.Ref.Name
			data[key] = map[string]string{}
			if values := o.Node; child(values, "data") != nil {
				for k, v := range mapping(child(values, "data")) {
					data[key][k] = v.Value
				}
			}
		}
	}
	out := map[string]map[string]string{}
	for _, o := range build.Objects {
		for _, c := range containers(o) {
			key := fmt.Sprintf("container %s of %s", scalar(c.node, "name"), stableRef(o.Ref, names))
			out[key] = environment(c.node, func(name string) map[string]string { return data[o.Ref.Namespace+"/"+name] })
		}
	}
	return out
}

// environment follows the kubelet: envFrom first, later over earlier; then
// env over it in order, where $(NAME) stands for what was defined before.
func environment(container *yaml.Node, configMap func(name string) map[string]string) map[string]string {
	env := map[string]string{}
	for _, from := range items(container, "envFrom") {
		prefix := scalar(from, "prefix")
		name := scalar(from, "configMapRef", "name")
		values := configMap(name)
		if name == "" || values == nil {
			// Out of sight: whatever it holds, it holds in both builds or not.
			reference, _ := print(from)
			env["envFrom "+reference] = reference
		}
		for key, value := range values {
			env[prefix+key] = "=" + value
		}
	}
	for _, item := range items(container, "env") {
		name := scalar(item, "name")
		if from := child(item, "valueFrom"); from != nil {
			values := configMap(scalar(from, "configMapKeyRef", "name"))
			if value, ok := values[scalar(from, "configMapKeyRef", "key")]; ok {
				env[name] = "=" + value
			} else {
				reference, _ := print(from)
				env[name] = reference
			}
			continue
		}
		env[name] = "=" + expand(scalar(item, "value"), env)
	}
	return env
}

// expand puts the values of $(NAME) into text, as the kubelet does: what stands
// up to the next bracket is a name, $$ is a dollar that begins none, and a name
// that is not defined stays as it is written.
func expand(text string, env map[string]string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "$")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		if strings.HasPrefix(rest, "$") {
			b.WriteByte('$')
			text = rest[1:]
			continue
		}
		name, tail, closed := strings.Cut(strings.TrimPrefix(rest, "("), ")")
		if !closed || !strings.HasPrefix(rest, "(") {
			b.WriteByte('$')
			text = rest
			continue
		}
		if value, defined := env[name]; defined {
			b.WriteString(strings.TrimPrefix(value, "="))
		} else {
			b.WriteString("$(" + name + ")")
		}
		text = tail
	}
}

// mapping is a mapping's values by key.
func mapping(node *yaml.Node) map[string]*yaml.Node {
	out := map[string]*yaml.Node{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		out[node.Content[i].Value] = resolved(node.Content[i+1])
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
