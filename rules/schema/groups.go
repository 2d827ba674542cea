package schema

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	admissionregistrationv1beta1 "k8s.io/api/admissionregistration/v1beta1"
	appsv1 "k8s.io/api/apps/v1"
	appsv1beta1 "k8s.io/api/apps/v1beta1"
	appsv1beta2 "k8s.io/api/apps/v1beta2"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	batchv1beta1 "k8s.io/api/batch/v1beta1"
	certificatesv1 "k8s.io/api/certificates/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	coordinationv1beta1 "k8s.io/api/coordination/v1beta1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	discoveryv1beta1 "k8s.io/api/discovery/v1beta1"
	eventsv1 "k8s.io/api/events/v1"
	extensionsv1beta1 "k8s.io/api/extensions/v1beta1"
	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	flowcontrolv1beta1 "k8s.io/api/flowcontrol/v1beta1"
	flowcontrolv1beta2 "k8s.io/api/flowcontrol/v1beta2"
	flowcontrolv1beta3 "k8s.io/api/flowcontrol/v1beta3"
	networkingv1 "k8s.io/api/networking/v1"
	networkingv1beta1 "k8s.io/api/networking/v1beta1"
	nodev1 "k8s.io/api/node/v1"
	nodev1beta1 "k8s.io/api/node/v1beta1"
	policyv1 "k8s.io/api/policy/v1"
	policyv1beta1 "k8s.io/api/policy/v1beta1"
	rbacv1 "k8s.io/api/rbac/v1"
	rbacv1beta1 "k8s.io/api/rbac/v1beta1"
	resourcev1 "k8s.io/api/resource/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	schedulingv1beta1 "k8s.io/api/scheduling/v1beta1"
	storagev1 "k8s.io/api/storage/v1"
	storagev1beta1 "k8s.io/api/storage/v1beta1"
	"k8s.io/apimachinery/pkg/runtime"
)

// groups are the groups and versions that manifests are written for. Alpha
// versions are left out: they change under a name.
var groups = []func(*runtime.Scheme) error{
	admissionregistrationv1.AddToScheme, admissionregistrationv1beta1.AddToScheme,
	appsv1.AddToScheme, appsv1beta1.AddToScheme, appsv1beta2.AddToScheme,
	autoscalingv1.AddToScheme, autoscalingv2.AddToScheme,
	batchv1.AddToScheme, batchv1beta1.AddToScheme,
	certificatesv1.AddToScheme, coordinationv1.AddToScheme, coordinationv1beta1.AddToScheme,
	corev1.AddToScheme, discoveryv1.AddToScheme, discoveryv1beta1.AddToScheme,
	eventsv1.AddToScheme, extensionsv1beta1.AddToScheme,
	flowcontrolv1.AddToScheme, flowcontrolv1beta1.AddToScheme, flowcontrolv1beta2.AddToScheme, flowcontrolv1beta3.AddToScheme,
	networkingv1.AddToScheme, networkingv1beta1.AddToScheme,
	nodev1.AddToScheme, nodev1beta1.AddToScheme,
	policyv1.AddToScheme, policyv1beta1.AddToScheme,
	rbacv1.AddToScheme, rbacv1beta1.AddToScheme,
	resourcev1.AddToScheme, schedulingv1.AddToScheme, schedulingv1beta1.AddToScheme,
	storagev1.AddToScheme, storagev1beta1.AddToScheme,
}

// apis are the kinds that groups have.
type apis struct {
	// byVersion are the types by apiVersion and kind.
	byVersion map[string]map[string]reflect.Type
	// byGroup are the apiVersions that have a kind, the newest first, by group and kind.
	byGroup map[string]map[string][]string
}

// known are read at the first question: most processes have none.
var known = sync.OnceValue(readTypes)

func readTypes() apis {
	out := apis{map[string]map[string]reflect.Type{}, map[string]map[string][]string{}}
	scheme := runtime.NewScheme()
	for _, add := range groups {
		if add(scheme) != nil {
			return out // only where two groups claim one kind: the tests see that kinds are missing
		}
	}
	for gvk, typed := range scheme.AllKnownTypes() {
		meta, ok := typed.FieldByName("ObjectMeta")
		if !ok || !meta.Anonymous {
			continue // lists, and the options of calls
		}
		version := gvk.GroupVersion().String()
		if out.byVersion[version] == nil {
			out.byVersion[version] = map[string]reflect.Type{}
		}
		out.byVersion[version][gvk.Kind] = typed
		if out.byGroup[gvk.Group] == nil {
			out.byGroup[gvk.Group] = map[string][]string{}
		}
		out.byGroup[gvk.Group][gvk.Kind] = append(out.byGroup[gvk.Group][gvk.Kind], version)
	}
	for _, kinds := range out.byGroup {
		for _, versions := range kinds {
			slices.SortFunc(versions, func(a, b string) int { return strings.Compare(rank(b), rank(a)) })
		}
	}
	return out
}

// rank orders versions: v1 before v1beta2 before v1beta1, and v2 before v1.
func rank(version string) string {
	_, name, found := strings.Cut(version, "/")
	if !found {
		name = version
	}
	if strings.Contains(name, "beta") {
		return "0" + name
	}
	return "1" + name
}

// legacy are kinds of the core group that OpenShift served before it had
// groups of its own. Its clusters still take them.
var legacy = map[string]bool{
	"v1 DeploymentConfig": true, "v1 Route": true, "v1 Template": true, "v1 BuildConfig": true, "v1 Build": true,
	"v1 ImageStream": true, "v1 ImageStreamTag": true, "v1 Project": true, "v1 ProjectRequest": true, "v1 Group": true,
	"v1 User": true, "v1 OAuthClient": true, "v1 SecurityContextConstraints": true, "v1 RoleBinding": true,
	"v1 Role": true, "v1 ClusterRoleBinding": true, "v1 ClusterRole": true, "v1 RoleBindingRestriction": true,
}

func groupOf(version string) string {
	group, _, found := strings.Cut(version, "/")
	if !found {
		return ""
	}
	return group
}

func keysOf[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
