package fixes

import (
	"context"
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// addProbe adds a readiness probe that opens the port that a Service sends to,
// which proves that somebody listens; and a liveness probe only as the
// repository itself writes it for the same container elsewhere, because a wrong
// one restarts what works.
var addProbe = Recipe{
	Rules: []string{"missing-readiness", "missing-liveness"},
	Title: "Add probes",
	Plan:  planProbe,
}

func planProbe(ctx context.Context, p *Plan) (*Fix, error) {
	said, err := p.containerPlace(ctx)
	if err != nil {
		return nil, err
	}
	key, find := "readinessProbe", servedPort
	if p.Finding.Rule == "missing-liveness" {
		key, find = "livenessProbe", siblingLiveness
	}
	if child(said.node, key) != nil {
		return nil, &NoFix{ReasonNotPlaced, fmt.Sprintf("%s says a %s already; what takes it away is not known.", said.path, key)}
	}
	if err := p.layer(ctx, said.uses); err != nil {
		return nil, err
	}
	var probe *yaml.Node
	fix := &Fix{}
	for _, u := range said.uses {
		found, err := find(u)
		if err != nil {
			return nil, err
		}
		if probe != nil && !equal(probe, found) {
			return nil, &NoFix{ReasonSpreads, fmt.Sprintf("The overlays that read %s need different probes; add one in each.", said.path)}
		}
		probe = found
		now := renamed(u.node, nil)
		put(now, found, key)
		fix.Intent.Changes = append(fix.Intent.Changes, u.changes(now)...)
	}
	value, err := valueOf(probe)
	if err != nil {
		return nil, err
	}
	file, err := change(said.path, said.file, said.addKey(nil, key, value))
	if err != nil {
		return nil, err
	}
	fix.Files = []FileChange{file}
	return fix, nil
}

// servedPort is a probe of the first port at which a Service reaches the
// container, by the name or number that the Service uses.
func servedPort(u use) (*yaml.Node, error) {
	pass := rules.Reading(u.build, rules.Policy{})
	for c := range pass.Containers() {
		if c.Node != u.node {
			continue
		}
		for _, port := range pass.Served(c) {
			tag := "!!str"
			if _, err := strconv.Atoi(port); err == nil {
				tag = "!!int"
			}
			if !u.answers(port, tag == "!!int") {
				continue
			}
			probe := &yaml.Node{Kind: yaml.MappingNode}
			put(probe, &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: port}, "tcpSocket", "port")
			return probe, nil
		}
	}
	return nil, &NoFix{ReasonNoRecipe, fmt.Sprintf("In overlay %s no Service sends TCP to a port that container %s declares, so which port answers when it is ready cannot be seen.", u.build.Overlay, scalar(u.node, "name"))}
}

// answers reports whether a probe by TCP can open the port: one that the
// container declares for it, or a number that it declares nothing about.
func (u use) answers(port string, number bool) bool {
	for _, declared := range items(u.node, "ports") {
		if scalar(declared, "name") == port || scalar(declared, "containerPort") == port {
			protocol := scalar(declared, "protocol")
			return protocol == "" || protocol == "TCP"
		}
	}
	return number
}

// siblingLiveness is the liveness probe that every other container of the same
// name and image in the build has.
func siblingLiveness(u use) (*yaml.Node, error) {
	var probe *yaml.Node
	for _, o := range u.build.Objects {
		for _, c := range containers(o) {
			if o == u.object || scalar(c.node, "name") != scalar(u.node, "name") || scalar(c.node, "image") != scalar(u.node, "image") {
				continue
			}
			found := child(c.node, "livenessProbe")
			if found == nil {
				continue
			}
			if probe != nil && !equal(probe, found) {
				return nil, &NoFix{ReasonNoRecipe, fmt.Sprintf("In overlay %s the same container has different liveness probes elsewhere; which one fits is its owner's to say.", u.build.Overlay)}
			}
			probe = found
		}
	}
	if probe == nil {
		return nil, &NoFix{ReasonNoRecipe, "What tells that the program hangs is its owner's to say: a wrong liveness probe is worse than none."}
	}
	for _, kind := range []string{"httpGet", "tcpSocket"} {
		if port := child(probe, kind, "port"); port != nil && !u.answers(port.Value, false) {
			return nil, &NoFix{ReasonNoRecipe, fmt.Sprintf("The same container's liveness probe elsewhere uses port %s, which this one does not declare.", port.Value)}
		}
	}
	return probe, nil
}

func equal(a, b *yaml.Node) bool {
	same := true
	compare(nil, a, b, func(overlay.Field, *yaml.Node, *yaml.Node) { same = false })
	return same
}
