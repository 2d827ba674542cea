package schema

import (
	"fmt"
	"reflect"

	apischema "k8s.io/apimachinery/pkg/runtime/schema"
)

// A Life says until when clusters serve a version of a kind.
type Life struct {
	// Deprecated and Removed are minor versions of Kubernetes 1, 0 where it is
	// neither.
	Deprecated, Removed int
	// Replacement is the apiVersion to write instead, and the kind where that
	// has another name; "" where there is none.
	Replacement string
}

// gone are the kinds that k8s.io/api has no more. From the deprecated API
// migration guide of Kubernetes,
// https://kubernetes.io/docs/reference/using-api/deprecation-guide/.
var gone = map[string]Life{
	"admissionregistration.k8s.io/v1beta1 MutatingWebhookConfiguration":   {16, 22, "admissionregistration.k8s.io/v1"},
	"admissionregistration.k8s.io/v1beta1 ValidatingWebhookConfiguration": {16, 22, "admissionregistration.k8s.io/v1"},
	"apiextensions.k8s.io/v1beta1 CustomResourceDefinition":               {16, 22, "apiextensions.k8s.io/v1"},
	"apiregistration.k8s.io/v1beta1 APIService":                           {19, 22, "apiregistration.k8s.io/v1"},
	"autoscaling/v2beta1 HorizontalPodAutoscaler":                         {22, 25, "autoscaling/v2"},
	"autoscaling/v2beta2 HorizontalPodAutoscaler":                         {23, 26, "autoscaling/v2"},
	"certificates.k8s.io/v1beta1 CertificateSigningRequest":               {19, 22, "certificates.k8s.io/v1"},
	"events.k8s.io/v1beta1 Event":                                         {22, 25, "events.k8s.io/v1"},
	"extensions/v1beta1 PodSecurityPolicy":                                {11, 16, "policy/v1beta1"},
	"extensions/v1beta1 Ingress":                                          {14, 22, "networking.k8s.io/v1"},
	"policy/v1beta1 PodSecurityPolicy":                                    {21, 25, ""},
	"rbac.authorization.k8s.io/v1alpha1 Role":                             {17, 22, "rbac.authorization.k8s.io/v1"},
	"rbac.authorization.k8s.io/v1alpha1 RoleBinding":                      {17, 22, "rbac.authorization.k8s.io/v1"},
	"rbac.authorization.k8s.io/v1alpha1 ClusterRole":                      {17, 22, "rbac.authorization.k8s.io/v1"},
	"rbac.authorization.k8s.io/v1alpha1 ClusterRoleBinding":               {17, 22, "rbac.authorization.k8s.io/v1"},
	"batch/v2alpha1 CronJob":                                              {8, 21, "batch/v1"},
	"scheduling.k8s.io/v1alpha1 PriorityClass":                            {14, 22, "scheduling.k8s.io/v1"},
}

// Lifecycle is until when clusters serve the kind in that apiVersion; ok is
// false where nothing is known to end.
func Lifecycle(version, kind string) (life Life, ok bool) {
	if life, ok := gone[version+" "+kind]; ok {
		return life, true
	}
	typed, ok := known().byVersion[version][kind]
	if !ok {
		return Life{}, false
	}
	object := reflect.New(typed).Interface()
	if ends, is := object.(interface{ APILifecycleRemoved() (int, int) }); is {
		_, life.Removed = ends.APILifecycleRemoved()
	}
	if old, is := object.(interface{ APILifecycleDeprecated() (int, int) }); is {
		_, life.Deprecated = old.APILifecycleDeprecated()
	}
	if next, is := object.(interface {
		APILifecycleReplacement() apischema.GroupVersionKind
	}); is {
		gvk := next.APILifecycleReplacement()
		life.Replacement = gvk.GroupVersion().String()
		if gvk.Kind != kind {
			life.Replacement = fmt.Sprintf("%s %s", life.Replacement, gvk.Kind)
		}
	}
	return life, life.Removed > 0 || life.Deprecated > 0
}
