package fixes

import (
	"context"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules"
)

// lengthenGrace gives a pod the time to end that its own preStop leaves none of.
var lengthenGrace = Recipe{
	Rules: []string{"grace-too-short"},
	Title: "Lengthen grace periods that end before the program can",
	Plan:  planGrace,
}

func planGrace(ctx context.Context, p *Plan) (*Fix, error) {
	return p.amendPod(ctx, amendment{topic: "shutdown", want: func(u use, has *yaml.Node) (*yaml.Node, error) {
		tree := &yaml.Node{Kind: yaml.MappingNode}
		w := rules.Reading(u.build, p.Rules).WorkloadOf(u.object)
		// The hooks are those of the build: a patch may have brought them.
		if grace := w.GraceToWrite(); grace > 0 && scalar(has, "terminationGracePeriodSeconds") != strconv.Itoa(grace) {
			setInt(tree, grace, "terminationGracePeriodSeconds")
		}
		return tree, nil
	}})
}
