package fixes

import (
	"context"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// spreadReplicas has the scheduler keep replicas on nodes and in zones of their
// own where it can: a wish never keeps a pod from running.
var spreadReplicas = Recipe{
	Rules: []string{"missing-spread"},
	Title: "Spread replicas over nodes and zones",
	Plan:  planSpread,
}

func planSpread(ctx context.Context, p *Plan) (*Fix, error) {
	// What kustomizations add to a workload's selector they add to the
	// constraints' own as well.
	return p.amendPod(ctx, amendment{topic: "spread", follows: true, want: func(u use, has *yaml.Node) (*yaml.Node, error) {
		selector, err := p.selectorBeside(u, has)
		if err != nil || selector == nil || child(has, "topologySpreadConstraints") != nil || child(has, "affinity", "podAntiAffinity") != nil {
			return nil, err
		}
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for _, key := range []string{"kubernetes.io/hostname", "topology.kubernetes.io/zone"} {
			constraint := &yaml.Node{Kind: yaml.MappingNode}
			setInt(constraint, 1, "maxSkew")
			set(constraint, key, "topologyKey")
			set(constraint, "ScheduleAnyway", "whenUnsatisfiable")
			put(constraint, renamed(selector, nil), "labelSelector")
			if u.object.Ref.Kind == "Deployment" && p.Rules.ClusterAtLeast(27) {
				// Or the pods of the old version would count in a rollout.
				hash := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: "pod-template-hash"}
				put(constraint, &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{hash}}, "matchLabelKeys")
			}
			list.Content = append(list.Content, constraint)
		}
		tree := &yaml.Node{Kind: yaml.MappingNode}
		put(tree, list, "topologySpreadConstraints")
		return tree, nil
	}})
}

// selectorBeside is the selector of the workload whose pod a build or a file
// has, nil where the file leaves it to kustomizations.
func (p *Plan) selectorBeside(u use, pod *yaml.Node) (*yaml.Node, error) {
	if pod == u.node {
		selector := child(u.object.Node, "spec", "selector")
		if isEmpty(selector) {
			return nil, &NoFix{ReasonNoEvidence, fmt.Sprintf("%s says no selector of its pods.", u.object.Ref)}
		}
		return selector, nil
	}
	said, err := p.introduced(u.object)
	return child(said.node, "spec", "selector"), err
}

// anySteps is a field without items of lists as a path.
func anySteps(field []string) []any {
	out := make([]any, len(field))
	for i, step := range field {
		out[i] = step
	}
	return out
}
