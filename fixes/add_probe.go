package fixes

import (
	"context"
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules"
)

// addProbe adds probes from what the repository itself knows of the container.
// It never makes up a path: where none is known, a readiness probe opens the
// port that a Service sends to, which proves that somebody listens. A liveness
// probe needs more than that, because a wrong one restarts what works.
var addProbe = Recipe{
	Rules: []string{"missing-readiness", "missing-liveness"},
	Title: "Add probes",
	Plan:  planProbe,
}

func planProbe(ctx context.Context, p *Plan) (*Fix, error) {
	var notes []string
	fix, err := p.amend(ctx, "probes", func(u use, has *yaml.Node) (*yaml.Node, error) {
		tree := &yaml.Node{Kind: yaml.MappingNode}
		if p.Finding.Rule == "missing-readiness" {
			probe, from, err := p.readiness(u)
			if err != nil || child(has, "readinessProbe") != nil {
				return tree, err
			}
			put(tree, probe, "readinessProbe")
			notes = once(notes, fmt.Sprintf("The readiness probe of container %s comes from %s.", u.name(), from))
			// The rule on liveness speaks of what has a readiness probe, so its
			// finding would only come with this fix: one rollout serves both.
			if live, from, err := p.liveness(u, probe); err == nil && p.checks("missing-liveness") && child(has, "livenessProbe") == nil {
				put(tree, live, "livenessProbe")
				notes = once(notes, fmt.Sprintf("The liveness probe of container %s comes from %s.", u.name(), from))
			}
			return tree, nil
		}
		probe, from, err := p.liveness(u, child(u.node, "readinessProbe"))
		if err != nil || child(has, "livenessProbe") != nil {
			return tree, err
		}
		put(tree, probe, "livenessProbe")
		notes = once(notes, fmt.Sprintf("The liveness probe of container %s comes from %s.", u.name(), from))
		if startup := startupProbe(u.node, probe); startup != nil && child(has, "startupProbe") == nil {
			put(tree, startup, "startupProbe")
			notes = once(notes, fmt.Sprintf("Container %s was given %d seconds to start, which its startup probe stands for.", u.name(), startDelay(u.node)))
		}
		return tree, nil
	})
	if err != nil {
		return nil, err
	}
	fix.Notes = notes
	return fix, nil
}

// readiness is a check that the container can serve, and where it is from.
func (p *Plan) readiness(u use) (probe *yaml.Node, from string, err error) {
	for _, other := range []string{"startupProbe", "livenessProbe"} {
		if known := child(u.node, other); handlerOf(known) != nil {
			return sooner(handlerOf(known), known), "its " + other, nil
		}
	}
	if probe, from = p.elsewhere(u, "readinessProbe"); probe != nil {
		return probe, from, nil
	}
	if probe, from = knownCheck(u, "readinessProbe"); probe != nil {
		return probe, from, nil
	}
	return servedPort(u)
}

// liveness is a check that only a restart can mend, slower than the readiness
// probe: what that one finds must have time to pass.
func (p *Plan) liveness(u use, readiness *yaml.Node) (probe *yaml.Node, from string, err error) {
	if probe, from = p.aliveBy(u, readiness); probe == nil {
		return nil, "", &NoFix{ReasonNoEvidence, fmt.Sprintf(
			"What tells that container %s hangs is its owner's to say: a wrong liveness probe is worse than none. Write the one that fails only when a restart helps.", u.name())}
	}
	if delay := seconds(readiness, "initialDelaySeconds", 0); delay > 0 && delay < longDelay && child(u.node, "startupProbe") == nil && child(probe, "initialDelaySeconds") == nil {
		setInt(probe, delay, "initialDelaySeconds")
	}
	return probe, from, nil
}

// aliveBy is a check that a container works itself, and where it is from; nil
// where nothing shows one.
func (p *Plan) aliveBy(u use, readiness *yaml.Node) (*yaml.Node, string) {
	startup := handlerOf(child(u.node, "startupProbe"))
	if startup != nil && !u.asksAboutOthers(startup) {
		return slower(startup, readiness), "its startupProbe"
	}
	if probe, from := p.elsewhere(u, "livenessProbe"); probe != nil && !u.asksAboutOthers(probe) {
		if tolerates(probe) <= tolerates(readiness) {
			return slower(probe, readiness), from + ", made slower than its readiness probe"
		}
		return probe, from
	}
	if probe, from := knownCheck(u, "livenessProbe"); probe != nil {
		return slower(probe, readiness), from
	}
	// What a readiness probe asks may fail because of something else that the
	// program needs; that its port no longer opens is the program's own fault.
	// A readiness probe that only opens a port says nothing of what hangs.
	for _, kind := range []string{"httpGet", "grpc"} {
		if port := child(readiness, kind, "port"); port != nil && u.answers(port.Value, port.ShortTag() == "!!int") {
			probe := &yaml.Node{Kind: yaml.MappingNode}
			put(probe, renamed(port, nil), "tcpSocket", "port")
			return slower(probe, readiness), "the port of its readiness probe"
		}
	}
	return nil, ""
}

// asksAboutOthers reports whether a liveness probe would restart the container
// because of something else.
func (u use) asksAboutOthers(probe *yaml.Node) bool {
	pass := rules.Reading(u.build, rules.Policy{})
	for c := range pass.Containers() {
		if c.Node == u.node {
			return pass.AsksAboutOthers(c, probe)
		}
	}
	return false
}

// handlerOf is what a probe checks, without how often.
func handlerOf(probe *yaml.Node) *yaml.Node {
	for _, kind := range []string{"httpGet", "tcpSocket", "grpc", "exec"} {
		if handler := child(probe, kind); handler != nil {
			out := &yaml.Node{Kind: yaml.MappingNode}
			put(out, renamed(handler, nil), kind)
			return out
		}
	}
	return nil
}

// sooner has a readiness probe that asks what another probe of the container
// does fail before a liveness probe does: a container that is busy is to get no
// requests for that time, and not to be restarted.
func sooner(probe, other *yaml.Node) *yaml.Node {
	if timeout := child(other, "timeoutSeconds"); timeout != nil {
		put(probe, renamed(timeout, nil), "timeoutSeconds")
	}
	switch bears := tolerates(other); {
	case bears > tolerates(probe): // the defaults
	case bears > 15:
		setInt(probe, 5, "periodSeconds")
	default:
		setInt(probe, max(1, min(5, bears/2)), "periodSeconds")
		setInt(probe, 1, "failureThreshold")
	}
	return probe
}

// tolerates is for how many seconds a probe may fail before it has failed. The
// API server's own defaults are a period of 10 seconds and 3 failures.
func tolerates(probe *yaml.Node) int {
	return seconds(probe, "periodSeconds", 10) * seconds(probe, "failureThreshold", 3)
}

// slower gives a liveness probe at least a minute, and twice what the
// readiness probe has, until it fails.
func slower(probe, readiness *yaml.Node) *yaml.Node {
	period := seconds(readiness, "periodSeconds", 10)
	failures := max(seconds(readiness, "failureThreshold", 3)*2, (60+period-1)/period)
	setInt(probe, period, "periodSeconds")
	setInt(probe, failures, "failureThreshold")
	if timeout := child(readiness, "timeoutSeconds"); timeout != nil && child(probe, "timeoutSeconds") == nil {
		put(probe, renamed(timeout, nil), "timeoutSeconds")
	}
	return probe
}

// longDelay is a delay in seconds that stands for a slow start; startSeconds is
// what the documentation of Kubernetes gives one, in "Configure Liveness,
// Readiness and Startup Probes". Nothing is restarted for a slow start so far,
// so a probe that would has to wait long.
const longDelay, startSeconds = 30, 300

// startDelay is how many seconds a container's probes wait before they first
// check, 0 where they start at once or soon.
func startDelay(container *yaml.Node) int {
	longest := 0
	for _, key := range []string{"readinessProbe", "livenessProbe"} {
		longest = max(longest, seconds(child(container, key), "initialDelaySeconds", 0))
	}
	if longest < longDelay {
		return 0
	}
	return longest
}

// startupProbe lets a container start, for twice as long as the delay that was
// set for it at least, and ends as soon as it is up; nil where it has one or
// needs none.
func startupProbe(container, liveness *yaml.Node) *yaml.Node {
	delay, handler := startDelay(container), handlerOf(liveness)
	if delay == 0 || handler == nil || child(container, "startupProbe") != nil {
		return nil
	}
	setInt(handler, 10, "periodSeconds")
	setInt(handler, (max(2*delay, startSeconds)+9)/10, "failureThreshold")
	return handler
}

func seconds(probe *yaml.Node, key string, otherwise int) int {
	if number, err := strconv.Atoi(scalar(probe, key)); err == nil && number > 0 {
		return number
	}
	return otherwise
}

func setInt(node *yaml.Node, number int, path ...string) {
	put(node, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.Itoa(number)}, path...)
}

// servedPort is a probe of the first port at which a Service reaches the
// container, by the name or number that the Service uses.
func servedPort(u use) (*yaml.Node, string, error) {
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
			return probe, "the port that a Service sends to; an endpoint of the program that says when it can serve would tell more", nil
		}
	}
	return nil, "", &NoFix{ReasonNoEvidence, fmt.Sprintf("In overlay %s no Service sends TCP to a port that container %s declares, so which port answers when it is ready cannot be seen. Write the check that the program documents.", u.build.Overlay, u.name())}
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

// elsewhere is the probe that every other container of the same name and
// image has, in any overlay that reads this one; nil where none has, where
// they differ, or where it uses a port that this one does not declare.
func (p *Plan) elsewhere(u use, key string) (*yaml.Node, string) {
	repository, _ := splitTag(scalar(u.node, "image"))
	var probe *yaml.Node
	from := ""
	for _, overlay := range sortedKeys(p.Builds) {
		for _, c := range p.containersIn(p.Builds[overlay]) {
			image, _ := splitTag(scalar(c.node, "image"))
			found := child(c.node, key)
			if c.name() != u.name() || image != repository || found == nil {
				continue
			}
			if probe != nil && !equal(probe, found) {
				return nil, ""
			}
			probe, from = found, fmt.Sprintf("the same container of %s in overlay %s", c.object.Ref, overlay)
		}
	}
	for _, kind := range []string{"httpGet", "tcpSocket", "grpc"} {
		if port := child(probe, kind, "port"); port != nil && !u.answers(port.Value, false) {
			return nil, ""
		}
	}
	if probe == nil {
		return nil, ""
	}
	return renamed(probe, nil), from
}
