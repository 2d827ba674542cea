package rules

import "fmt"

var _ = add(Rule{
	ID:        "image-pull-secret-on-pod",
	Title:     "a pull secret on each pod",
	Why:       "Every workload has to repeat it, and the one that forgets does not start.",
	Write:     "imagePullSecrets on the ServiceAccount, which all of its pods get",
	Severity:  Off,
	Practices: []int{38},
	Check: func(pass *Pass) {
		for w := range pass.Workloads() {
			o, account := w.Object, text(w.Spec, "serviceAccountName")
			if len(items(w.Spec, "imagePullSecrets")) > 0 && pass.named("ServiceAccount", o.Ref.Namespace, account) != nil {
				pass.Report(o, w.At("imagePullSecrets"),
					fmt.Sprintf("%s %s names its pull secret itself; ServiceAccount %s can give it to all of its pods", o.Ref.Kind, o.Ref.Name, account))
			}
		}
	},
})
