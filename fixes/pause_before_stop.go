package fixes

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules"
)

// pauseBeforeStop lets a served container go on until its endpoint is gone
// everywhere, and leaves the program as long to end as it had.
var pauseBeforeStop = Recipe{
	Rules: []string{"missing-prestop"},
	Title: "Pause before served containers stop",
	Plan:  planPause,
}

// pauseSeconds is how long an endpoint needs to be gone from the proxies of
// all nodes; graceSeconds is what the API server gives a pod to end.
const pauseSeconds, graceSeconds = 5, 30

func planPause(ctx context.Context, p *Plan) (*Fix, error) {
	pauses, err := p.pauses()
	if err != nil {
		return nil, err
	}
	fix, err := p.amendPod(ctx, amendment{topic: "shutdown", want: func(u use, has *yaml.Node) (*yaml.Node, error) {
		tree := p.inContainers(has, func(c *yaml.Node) *yaml.Node {
			tree := &yaml.Node{Kind: yaml.MappingNode}
			if pause := pauses[scalar(c, "name")]; pause != nil && child(c, "lifecycle", "preStop") == nil {
				put(tree, pause, "lifecycle", "preStop")
			}
			return tree
		})
		if grace := seconds(has, "terminationGracePeriodSeconds", graceSeconds); grace < graceSeconds && !isEmpty(tree) {
			setInt(tree, max(grace+pauseSeconds, graceSeconds), "terminationGracePeriodSeconds")
		}
		return tree, nil
	}})
	if err != nil {
		return nil, err
	}
	for _, f := range append([]rules.Finding{p.Finding}, p.Others...) {
		if pauses[containerName(f.Field)] != nil {
			fix.Fingerprints = append(fix.Fingerprints, f.Fingerprint)
		}
	}
	return fix, nil
}

// pauses are what makes each container of the finding's pod wait, by its name;
// the error says why there is nothing for the finding's own.
func (p *Plan) pauses() (map[string]*yaml.Node, error) {
	out := map[string]*yaml.Node{}
	build, object := p.found()
	for _, c := range p.containersIn(build) {
		if c.object != object {
			continue
		}
		pause := &yaml.Node{Kind: yaml.MappingNode}
		shell := shellOf(c.node)
		switch {
		case p.Rules.ClusterAtLeast(30): // where the API server knows sleep by default
			setInt(pause, pauseSeconds, "sleep", "seconds")
		case shell != "":
			command := &yaml.Node{Kind: yaml.SequenceNode}
			for _, word := range []string{shell, "-c", "sleep " + strconv.Itoa(pauseSeconds)} {
				command.Content = append(command.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: word})
			}
			put(pause, command, "exec", "command")
		default:
			continue
		}
		out[c.name()] = pause
	}
	name := containerName(p.Finding.Field)
	switch {
	case object == nil:
		return nil, &NoFix{ReasonNotPlaced, fmt.Sprintf("Which file introduces %s is not known.", p.Finding.Origin)}
	case out[name] != nil:
		return out, nil
	case p.Rules.ClusterVersion == "":
		return nil, &NoFix{ReasonNoPolicy, fmt.Sprintf(
			"Whether the cluster can let container %s sleep is not known: cluster.version in .kustodian.yaml says it, from 1.30 on; nothing shows that its image has a shell.", name)}
	}
	return nil, &NoFix{ReasonNoEvidence, fmt.Sprintf("The cluster knows no preStop.sleep before 1.30, and nothing shows that the image of container %s has a shell to sleep in.", name)}
}

// shellOf is the shell that a container's command or one of its checks starts,
// "" where none does.
func shellOf(c *yaml.Node) string {
	for _, at := range [][]string{
		{"command"}, {"readinessProbe", "exec", "command"}, {"livenessProbe", "exec", "command"},
		{"startupProbe", "exec", "command"}, {"lifecycle", "postStart", "exec", "command"},
	} {
		argv := items(c, at...)
		if len(argv) > 0 && slices.Contains([]string{"sh", "ash", "dash", "bash"}, path.Base(argv[0].Value)) {
			return argv[0].Value
		}
	}
	return ""
}
