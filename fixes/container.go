package fixes

import (
	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// A container is one container of a built object.
type container struct {
	object *overlay.Object
	field  overlay.Field // of the container: "spec.template.spec.containers[name=web]"
	node   *yaml.Node
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
