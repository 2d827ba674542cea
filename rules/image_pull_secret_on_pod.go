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
		for o := range pass.Objects() {
			pod, ok := templates[o.Ref.Kind]
			if !ok || len(items(o.Lookup(pod), "imagePullSecrets")) == 0 {
				continue
			}
			account := text(o.Lookup(pod), "serviceAccountName")
			for sa := range pass.Objects("ServiceAccount") {
				if sa.Ref.Name == account && sa.Ref.Namespace == o.Ref.Namespace {
					pass.Report(o, pod.Append("imagePullSecrets"),
						fmt.Sprintf("%s %s names its pull secret itself; ServiceAccount %s can give it to all of its pods", o.Ref.Kind, o.Ref.Name, account))
				}
			}
		}
	},
})
