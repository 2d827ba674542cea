package fixes

import (
	"context"

	"go.yaml.in/yaml/v3"
)

// keepLastWords has the end of the log shown where a container failed without
// another message. Where it did not fail nothing is read.
var keepLastWords = Recipe{
	Rules: []string{"termination-message"},
	Title: "Show the end of the log of containers that fail",
	Plan:  planLastWords,
}

func planLastWords(ctx context.Context, p *Plan) (*Fix, error) {
	fix, err := p.amendPod(ctx, amendment{topic: "messages", want: func(u use, has *yaml.Node) (*yaml.Node, error) {
		return p.inContainers(has, func(c *yaml.Node) *yaml.Node {
			tree := &yaml.Node{Kind: yaml.MappingNode}
			if child(c, "terminationMessagePolicy") == nil {
				set(tree, "FallbackToLogsOnError", "terminationMessagePolicy")
			}
			return tree
		}), nil
	}})
	if err != nil {
		return nil, err
	}
	fix.Fingerprints = p.fingerprints()
	return fix, nil
}
