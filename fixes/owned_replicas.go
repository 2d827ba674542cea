package fixes

import (
	"fmt"
	"strings"

	"github.com/kustodian/kustodian/rules"
)

// tellReplicas says how the replicas of a workload go that an autoscaler sets.
// An edit alone would do harm: what nobody says any more falls back to the API's
// default of one pod. So somebody else has to have said it before.
func tellReplicas(f rules.Finding) *NoFix {
	object := strings.ToLower(f.Object.Kind) + "/" + f.Object.Name
	if f.Object.Namespace != "" {
		object += " --namespace " + f.Object.Namespace
	}
	return &NoFix{ReasonInSteps, fmt.Sprintf(
		"Taken out at once, it drops the workload to one pod until the autoscaler looks again. First, in the cluster: where a client applies, kubectl apply edit-last-applied %s, "+
			"without replicas; where Flux or Argo CD applies server-side, apply an object that says nothing but replicas as another field manager. Then remove what says it at %s.", object, f.Source)}
}
