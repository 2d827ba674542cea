package fixes

import (
	"iter"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// A container is one container of a built object.
type container struct {
	object *overlay.Object
	field  overlay.Field // of the container: "spec.template.spec.containers[name=web]"
	node   *yaml.Node
}

func (c container) name() string { return scalar(c.node, "name") }

// A use is a container of one build, with the container's own build.
type use struct {
	build *overlay.Build
	container
}

// changes are the changes of a use whose container becomes now.
func (u use) changes(now *yaml.Node) []Change {
	var out []Change
	compare(u.field, u.node, now, func(field overlay.Field, before, after *yaml.Node) {
		out = append(out, Change{Overlay: u.build.Overlay, Object: u.object.Ref, Field: field,
			Before: text(u.object.Ref, field, before), After: text(u.object.Ref, field, after)})
	})
	return out
}

// podFields say where the pod of a kind is.
var podFields = map[string]overlay.Field{
	"Pod":                   {"spec"},
	"CronJob":               {"spec", "jobTemplate", "spec", "template", "spec"},
	"Deployment":            {"spec", "template", "spec"},
	"StatefulSet":           {"spec", "template", "spec"},
	"DaemonSet":             {"spec", "template", "spec"},
	"ReplicaSet":            {"spec", "template", "spec"},
	"ReplicationController": {"spec", "template", "spec"},
	"DeploymentConfig":      {"spec", "template", "spec"},
	"Job":                   {"spec", "template", "spec"},
}

// containers are the containers and init containers of an object, in order.
func containers(o *overlay.Object) []container {
	var out []container
	pod := podFields[o.Ref.Kind]
	if pod == nil {
		return nil
	}
	for _, list := range []string{"initContainers", "containers"} {
		field := pod.Append(list)
		for i, node := range items(o.Node, field...) {
			step := overlay.IndexStep(i)
			if name := scalar(node, "name"); name != "" {
				step = overlay.ItemStep("name", name)
			}
			out = append(out, container{o, field.Append(step), node})
		}
	}
	return out
}

// uses lists the containers of all builds for which ok holds, in the order of
// the overlays' paths.
func (p *Plan) uses(ok func(use) (bool, error)) ([]use, error) {
	return p.usesAmong(p.containersIn, ok)
}

// usesAmong is uses among those of the build's containers that list gives.
func (p *Plan) usesAmong(list func(*overlay.Build) []container, ok func(use) (bool, error)) ([]use, error) {
	var out []use
	for _, name := range sortedKeys(p.Builds) {
		for _, c := range list(p.Builds[name]) {
			u := use{p.Builds[name], c}
			keep, err := ok(u)
			if err != nil {
				return nil, err
			}
			if keep {
				out = append(out, u)
			}
		}
	}
	return out, nil
}

// containersIn are the containers of a build as the rules see them, of kinds
// that the repository itself names too.
func (p *Plan) containersIn(build *overlay.Build) []container {
	return p.listed(p.read.containers, build, (*rules.Pass).Containers)
}

// imagesIn are the containers of a build with all others that have an image.
func (p *Plan) imagesIn(build *overlay.Build) []container {
	return p.listed(p.read.images, build, (*rules.Pass).Images)
}

// listed are the containers that list gives for a build, kept in known.
func (p *Plan) listed(known map[*overlay.Build][]container, build *overlay.Build, list func(*rules.Pass) iter.Seq[rules.Container]) []container {
	if containers, ok := known[build]; ok {
		return containers
	}
	var out []container
	for c := range list(rules.Reading(build, p.Rules)) {
		out = append(out, container{c.Object, c.Field, c.Node})
	}
	known[build] = out
	return out
}

// isIn reports whether a field is at or below another.
func isIn(above, field overlay.Field) bool {
	return len(field) >= len(above) && slices.Equal(above, field[:len(above)])
}

// containerName is the name of the container that a field is in, "" for none.
func containerName(field overlay.Field) string {
	for _, step := range field {
		if overlay.IsItem(step) {
			_, name, _ := itemKey(step)
			return name
		}
	}
	return ""
}

// itemKey is the key and its value by which a step tells a list's item.
func itemKey(step string) (key, value string, ok bool) {
	if !overlay.IsItem(step) {
		return "", "", false
	}
	return strings.Cut(strings.TrimSuffix(strings.TrimPrefix(step, "["), "]"), "=")
}
