package fixes

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// fixedFields are the fields that the API server refuses to change in an
// object that exists, by kind. A path is keys; what it leaves open is below it.
// Each row is what the validation of updates of that kind says, in the file of
// kubernetes/kubernetes that stands behind it.
var fixedFields = map[string]struct {
	fixed, free []string // free are exceptions below what is fixed
	source      string
}{
	"Pod": {
		fixed:  []string{"spec"},
		free:   []string{"spec.containers.image", "spec.initContainers.image", "spec.activeDeadlineSeconds", "spec.tolerations"},
		source: "pkg/apis/core/validation: ValidatePodUpdate",
	},
	"Job": {
		fixed:  []string{"spec.template", "spec.selector", "spec.completions", "spec.completionMode", "spec.podFailurePolicy", "spec.successPolicy", "spec.backoffLimitPerIndex", "spec.managedBy"},
		source: "pkg/apis/batch/validation: ValidateJobSpecUpdate",
	},
	"Deployment": {fixed: []string{"spec.selector"}, source: "pkg/apis/apps/validation: ValidateDeploymentUpdate"},
	"DaemonSet":  {fixed: []string{"spec.selector"}, source: "pkg/apis/apps/validation: ValidateDaemonSetUpdate"},
	"ReplicaSet": {fixed: []string{"spec.selector"}, source: "pkg/apis/apps/validation: ValidateReplicaSetUpdate"},
	"StatefulSet": {
		fixed:  []string{"spec"},
		free:   []string{"spec.replicas", "spec.ordinals", "spec.template", "spec.updateStrategy", "spec.persistentVolumeClaimRetentionPolicy", "spec.minReadySeconds"},
		source: "pkg/apis/apps/validation: ValidateStatefulSetUpdate",
	},
	"Service": {fixed: []string{"spec.clusterIP", "spec.clusterIPs"}, source: "pkg/apis/core/validation: ValidateServiceUpdate"},
	"PersistentVolumeClaim": {
		fixed:  []string{"spec"},
		free:   []string{"spec.resources.requests", "spec.volumeAttributesClassName"},
		source: "pkg/apis/core/validation: ValidatePersistentVolumeClaimUpdate",
	},
	"Secret":             {fixed: []string{"type"}, source: "pkg/apis/core/validation: ValidateSecretUpdate"},
	"RuntimeClass":       {fixed: []string{"handler"}, source: "pkg/apis/node/validation: ValidateRuntimeClassUpdate"},
	"StorageClass":       {fixed: []string{"provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"}, source: "pkg/apis/storage/validation: ValidateStorageClassUpdate"},
	"RoleBinding":        {fixed: []string{"roleRef"}, source: "pkg/apis/rbac/validation: ValidateRoleBindingUpdate"},
	"ClusterRoleBinding": {fixed: []string{"roleRef"}, source: "pkg/apis/rbac/validation: ValidateClusterRoleBindingUpdate"},
	"IngressClass":       {fixed: []string{"spec.controller"}, source: "pkg/apis/networking/validation: ValidateIngressClassUpdate"},
	"PriorityClass":      {fixed: []string{"value", "preemptionPolicy"}, source: "pkg/apis/scheduling/validation: ValidatePriorityClassUpdate"},
}

// immutable returns a *NoFix where the API server refuses one of the changes
// of an object that may run already.
func (p *Plan) immutable(changes []Change) error {
	for _, c := range changes {
		build := p.Builds[c.Overlay]
		if build == nil || len(c.Field) == 0 {
			continue // an object that comes or goes is not changed
		}
		for _, o := range build.Objects {
			if o.Ref == c.Object && isFixed(o, c.Field) && !replaced(o.Node) && !slices.Contains(p.fresh[c.Overlay], o.Ref) {
				return &NoFix{ReasonImmutable, fmt.Sprintf("%s of %s cannot be changed while it exists; the edit would fail to apply in overlay %s.", c.Field, o.Ref, c.Overlay)}
			}
		}
	}
	return nil
}

// HasFixedFields reports whether the API server refuses to change some fields
// of the object once it exists.
func HasFixedFields(o *overlay.Object) bool {
	_, ok := fixedFields[o.Ref.Kind]
	return ok || neverChanges(o)
}

// neverChanges reports whether the object says that its data stays as it is.
func neverChanges(o *overlay.Object) bool {
	return (o.Ref.Kind == "ConfigMap" || o.Ref.Kind == "Secret") && scalar(o.Node, "immutable") == "true"
}

// isFixed reports whether a field of an object is one that never changes.
func isFixed(o *overlay.Object, field overlay.Field) bool {
	if neverChanges(o) {
		return field[0] == "data" || field[0] == "binaryData" || field[0] == "stringData"
	}
	var keys []string
	for _, step := range field {
		if !overlay.IsItem(step) {
			keys = append(keys, step)
		}
	}
	path := strings.Join(keys, ".") + "."
	row := fixedFields[o.Ref.Kind]
	for _, free := range row.free {
		if strings.HasPrefix(path, free+".") {
			return false
		}
	}
	for _, fixed := range row.fixed {
		if strings.HasPrefix(path, fixed+".") || strings.HasPrefix(fixed+".", path) {
			return true
		}
	}
	return false
}

// replaced reports whether whoever applies the object makes it anew instead of
// changing it: one without a name of its own, a hook, or one that says so. A Job
// that deletes itself some time after it is finished is none: until then the
// edit fails to apply, and with Flux the whole overlay waits for it.
func replaced(node *yaml.Node) bool {
	if scalar(node, "metadata", "name") == "" && scalar(node, "metadata", "generateName") != "" {
		return true
	}
	said := func(key string) string { return scalar(node, "metadata", "annotations", key) }
	if hook := said("argocd.argoproj.io/hook"); hook != "" && hook != "Skip" {
		// Argo CD deletes a hook before it makes the next one, unless told otherwise.
		policy := said("argocd.argoproj.io/hook-delete-policy")
		return policy == "" || strings.Contains(policy, "BeforeHookCreation") || strings.Contains(policy, "HookSucceeded")
	}
	if said("helm.sh/hook") != "" {
		policy := said("helm.sh/hook-delete-policy")
		return policy == "" || strings.Contains(policy, "before-hook-creation") || strings.Contains(policy, "hook-succeeded")
	}
	options := said("argocd.argoproj.io/sync-options")
	return strings.Contains(options, "Replace=true") && strings.Contains(options, "Force=true") ||
		strings.EqualFold(said("kustomize.toolkit.fluxcd.io/force"), "enabled")
}
