package fixes

import (
	"fmt"
	"slices"
	"strings"
)

// tellReplicas says how the replicas of a workload go that an autoscaler sets.
// An edit alone would do harm: what nobody says any more falls back to the API's
// default of one pod. So somebody else has to have said it before.
func tellReplicas(p *Plan) *NoFix {
	f := p.Finding
	object := strings.ToLower(f.Object.Kind) + "/" + f.Object.Name
	if f.Object.Namespace != "" {
		object += " --namespace " + f.Object.Namespace
	}
	then := fmt.Sprintf("remove what says it at %s", f.Source)
	const byPatch = "take it out by a patch that says replicas: null, "
	others := slices.DeleteFunc(p.readers(f.Source.Path), func(o string) bool { return slices.Contains(f.Overlays, o) })
	switch {
	case f.Source.Path == "":
	case p.editable(f.Source.Path) != nil:
		then = fmt.Sprintf(byPatch+"since %s is not written by hand", f.Source.Path)
	case len(others) > 0:
		then = fmt.Sprintf(byPatch+"in %s, since %s says it for overlay %s too, which has no autoscaler", listed(f.Overlays), f.Source, others[0])
	}
	return &NoFix{ReasonInSteps, fmt.Sprintf(
		"Taken out at once, it drops the workload to one pod until the autoscaler looks again. First, in the cluster: where a client applies, kubectl apply edit-last-applied %s, "+
			"without replicas; where Flux or Argo CD applies server-side, apply an object that says nothing but replicas as another field manager. Then %s.", object, then)}
}
