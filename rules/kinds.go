package rules

import (
	"slices"
	"strings"

	"github.com/kustodian/kustodian/rules/overlay"
)

// A Kind says where the objects of a kind keep their containers.
type Kind struct {
	// Group is the API group, "" for core. Kind is the kind's name.
	Group string `json:"group,omitempty"`
	Kind  string `json:"kind"`
	// Pod is the field of the pod's spec, such as spec.template.spec; its
	// metadata stands beside it. Empty where only containers are known.
	Pod overlay.Field `json:"pod,omitempty"`
	// Containers are the fields of further containers, or lists of them, such
	// as spec.steps; those of Pod need not be named.
	Containers []overlay.Field `json:"containers,omitempty"`
	// Ends is set where the pods do work that ends, as those of a Job.
	Ends bool `json:"ends,omitempty"`

	bare     bool // the object is the pod
	anyGroup bool // whatever Group says
}

// template is where most kinds keep the spec of their pods.
var template = overlay.Field{"spec", "template", "spec"}

// kinds are the kinds whose pods are known. A repository's own come before them.
var kinds = []Kind{
	{Kind: "Pod", Pod: overlay.Field{"spec"}, bare: true},
	{Kind: "ReplicationController", Pod: template},
	{Group: "apps", Kind: "Deployment", Pod: template},
	{Group: "apps", Kind: "StatefulSet", Pod: template},
	{Group: "apps", Kind: "DaemonSet", Pod: template},
	{Group: "apps", Kind: "ReplicaSet", Pod: template},
	{Group: "batch", Kind: "Job", Pod: template, Ends: true},
	{Group: "batch", Kind: "CronJob", Pod: overlay.Field{"spec", "jobTemplate", "spec", "template", "spec"}, Ends: true},

	// The API groups that these had before: clusters no longer take them, files still have them.
	{Group: "extensions", Kind: "Deployment", Pod: template},
	{Group: "extensions", Kind: "DaemonSet", Pod: template},
	{Group: "extensions", Kind: "ReplicaSet", Pod: template},

	{Group: "apps.openshift.io", Kind: "DeploymentConfig", Pod: template},
	{Kind: "DeploymentConfig", Pod: template}, // OpenShift's legacy group
	{Group: "argoproj.io", Kind: "Rollout", Pod: template},
	{Group: "serving.knative.dev", Kind: "Service", Pod: template},
	{Group: "serving.knative.dev", Kind: "Configuration", Pod: template},
	{Group: "apps.kruise.io", Kind: "CloneSet", Pod: template},
	{Group: "apps.kruise.io", Kind: "StatefulSet", Pod: template},
	{Group: "apps.kruise.io", Kind: "DaemonSet", Pod: template},
	{Group: "apps.kruise.io", Kind: "BroadcastJob", Pod: template, Ends: true},
	{Group: "apps.kruise.io", Kind: "AdvancedCronJob", Pod: overlay.Field{"spec", "template", "jobTemplate", "spec", "template", "spec"}, Ends: true},
	{Group: "apps.kruise.io", Kind: "SidecarSet", Containers: []overlay.Field{{"spec", "containers"}, {"spec", "initContainers"}}},
	{Group: "keda.sh", Kind: "ScaledJob", Pod: overlay.Field{"spec", "jobTargetRef", "template", "spec"}, Ends: true},
	{Group: "tekton.dev", Kind: "Task", Containers: []overlay.Field{{"spec", "steps"}, {"spec", "sidecars"}}, Ends: true},
	{Group: "tekton.dev", Kind: "ClusterTask", Containers: []overlay.Field{{"spec", "steps"}, {"spec", "sidecars"}}, Ends: true},
}

// containerLists are the names that lists of containers go by.
var containerLists = []string{"containers", "initContainers", "ephemeralContainers", "steps", "sidecars"}

// kindOf is the kind of an object among those that hold containers, nil for others.
func kindOf(ref overlay.ObjectRef, own []Kind) *Kind {
	is := func(k Kind) bool { return k.Kind == ref.Kind && (k.anyGroup || k.Group == group(ref.APIVersion)) }
	if i := slices.IndexFunc(own, is); i >= 0 {
		return &own[i]
	}
	if i := slices.IndexFunc(kinds, is); i >= 0 {
		return &kinds[i]
	}
	return nil
}

// group is the group of an API version, "" of the core's.
func group(version string) string {
	group, _, found := strings.Cut(version, "/")
	if !found {
		return ""
	}
	return group
}

// configured are the kinds whose images the build's kustomizations say where
// to find, in the files that they list under configurations.
func configured(build *overlay.Build) []Kind {
	var own []Kind
	for _, file := range build.Configurations() {
		for _, spec := range items(file, "images") {
			kind := Kind{Group: text(spec, "group"), Kind: text(spec, "kind"), anyGroup: text(spec, "group") == ""}
			path, ok := strings.CutSuffix(text(spec, "path"), "/image")
			if !ok || kind.Kind == "" {
				continue
			}
			at := overlay.Field(strings.Split(strings.ReplaceAll(strings.ReplaceAll(path, "[]", ""), "\\/", "/"), "/"))
			kind.Containers = []overlay.Field{at}
			i := slices.IndexFunc(own, func(k Kind) bool { return k.Group == kind.Group && k.Kind == kind.Kind })
			if i < 0 {
				own = append(own, kind)
			} else {
				own[i].Containers = append(own[i].Containers, at)
			}
		}
	}
	return own
}
