package fixes

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kustodian/kustodian/rules/overlay"
)

// addResources writes requests, and a memory limit, so that the container that
// grows is the one that is stopped. It never writes a limit of CPU that nobody
// asked for: people do not agree that one helps.
var addResources = Recipe{
	Rules: []string{"missing-requests", "best-effort"},
	Title: "Add resource requests",
	Plan:  planResources,
}

// resourcesTopic is what patches of resources are about.
const resourcesTopic = "resources"

// planResources plans for the finding's container, or for all of a pod that
// asks for nothing: the finding of one stands for the others too. Overlays that
// the policy leaves out stay as they are.
func planResources(ctx context.Context, p *Plan) (*Fix, error) {
	build, object := p.found()
	fields := []overlay.Field{p.Finding.Field}
	if object != nil && p.Finding.Rule == "best-effort" {
		fields = nil
		for _, c := range p.containersIn(build) {
			if c.object == object {
				fields = append(fields, c.field.Append("resources"))
			}
		}
	}
	unknown, err := p.unknown(ctx, fields)
	if err != nil {
		return nil, err
	}
	whole := newAmended(resourcesTopic)
	for _, field := range fields {
		one := *p
		one.Finding.Field = field
		one.HasFinding = func(ctx context.Context, b *overlay.Build, o *overlay.Object, _ overlay.Field) (bool, error) {
			if unknown[b.Overlay] != nil {
				return false, nil
			}
			return p.HasFinding(ctx, b, o, p.Finding.Field)
		}
		if err := one.size(ctx, whole); err != nil {
			return nil, err
		}
	}
	for _, path := range sortedKeys(unknown) {
		whole.fix.Notes = append(whole.fix.Notes, fmt.Sprintf("Overlay %s stays as it is. %s", path, unknown[path].Detail))
	}
	return whole.finish(p)
}

// unknown says of the overlays that have the finding, and that the policy leaves
// out, why nobody knows the numbers there. Where they are not known and the
// policy is not why, that is the error: what one overlay gets by other evidence
// would be evidence for the next.
func (p *Plan) unknown(ctx context.Context, fields []overlay.Field) (map[string]*NoFix, error) {
	has, err := p.uses(func(u use) (bool, error) {
		if u.object.Origin != p.Finding.Origin || !slices.ContainsFunc(fields, func(f overlay.Field) bool { return isIn(u.field, f) }) {
			return false, nil
		}
		return p.HasFinding(ctx, u.build, u.object, p.Finding.Field)
	})
	if err != nil {
		return nil, err
	}
	out := map[string]*NoFix{}
	for _, u := range has {
		_, err := p.numbers(ctx, u, u.node)
		var noFix *NoFix
		if err != nil && !errors.As(err, &noFix) {
			return nil, err
		}
		if noFix != nil {
			out[u.build.Overlay] = noFix
		}
	}
	known := slices.DeleteFunc(has, func(u use) bool { return out[u.build.Overlay] != nil })
	otherwise := slices.ContainsFunc(known, func(u use) bool { return p.resourcePolicy(u) == nil })
	if len(out) > 0 && (len(known) == 0 || otherwise) {
		return nil, out[sortedKeys(out)[0]]
	}
	return out, nil
}

// size adds what the finding's container has no number for, and notes where
// the numbers come from.
func (p *Plan) size(ctx context.Context, to *amended) error {
	if !slices.Contains(p.Finding.Field, "containers") && !slices.Contains(p.Finding.Field, "initContainers") {
		return &NoFix{ReasonNoRecipe, fmt.Sprintf("Under which key a container of a %s takes requests depends on its version.", p.Finding.Origin.Kind)}
	}
	return to.container(ctx, p, func(u use, has *yaml.Node) (*yaml.Node, error) {
		numbers, err := p.numbers(ctx, u, has)
		tree := &yaml.Node{Kind: yaml.MappingNode}
		for _, n := range numbers {
			set(tree, n.value, "resources", n.list, n.name)
			to.fix.Notes = once(to.fix.Notes, fmt.Sprintf("%s.%s: %s of container %s comes from %s.", n.list, n.name, n.value, u.name(), n.from))
		}
		return tree, err
	})
}

// once adds a text that is not there yet.
func once(texts []string, text string) []string {
	for _, known := range texts {
		if known == text {
			return texts
		}
	}
	return append(texts, text)
}

// A number is one quantity below resources, such as 100m at requests.cpu, and
// where it comes from.
type number struct {
	list, name, value, from string
}

// numbers are what a container has no number for: a limit that is there serves
// as the request too, and the memory limit follows the request that is there.
// What is set stays.
func (p *Plan) numbers(ctx context.Context, u use, has *yaml.Node) ([]number, error) {
	var out []number
	requests := map[string]string{}
	for _, name := range []string{"cpu", "memory"} {
		if requests[name] = requested(has, name); requests[name] != "" {
			continue
		}
		found, err := p.request(ctx, u, name)
		if err != nil {
			return nil, err
		}
		requests[name] = found.value
		out = append(out, found)
	}
	if scalar(has, "resources", "limits", "memory") == "" {
		limit, err := p.memoryLimit(ctx, u, requests["memory"])
		if err != nil {
			return nil, err
		}
		out = append(out, limit)
	}
	if scalar(has, "resources", "limits", "cpu") == "" {
		limit, err := p.cpuLimit(u, requests["cpu"])
		if err != nil {
			return nil, err
		}
		if limit.value != "" {
			out = append(out, limit)
		}
	}
	return out, nil
}

// memoryLimit is the limit that goes with a request of memory: as many times
// the request as the policy says. Without a policy for the container it is no
// lower than what those have that its numbers may come from, which grow so far.
func (p *Plan) memoryLimit(ctx context.Context, u use, request string) (number, error) {
	policy, from := p.resourcePolicy(u), ""
	factor := 1.0
	switch {
	case policy != nil:
		factor = policy.MemoryLimitFactor
	case p.Policy.StartingResources != nil:
		factor = p.Policy.StartingResources.MemoryLimitFactor
	}
	limit, err := times(request, factor)
	if err != nil {
		return number{}, &NoFix{ReasonNoPolicy, fmt.Sprintf("The memory request %q is no quantity: %v.", request, err)}
	}
	if from = "its request"; limit != request {
		from = fmt.Sprintf("%v times its request", factor)
	}
	if policy == nil {
		known, where, err := p.knownLimit(ctx, u)
		if err != nil {
			return number{}, err
		}
		if known != "" && !more(limit, known) {
			limit, from = known, where
		}
	}
	return number{"limits", "memory", limit, from}, nil
}

// cpuLimit is the limit of cpu that the policy has for the container, none
// where it has none.
func (p *Plan) cpuLimit(u use, request string) (number, error) {
	policy, from := p.resourcePolicy(u), "resources in the configuration"
	if policy == nil {
		policy, from = p.Policy.StartingResources, "fix.startingResources in the configuration"
	}
	if policy == nil || policy.CPULimit == "" {
		return number{}, nil
	}
	if more(request, policy.CPULimit) {
		return number{}, &NoFix{ReasonNoPolicy, fmt.Sprintf(
			"Container %s of %s requests %s of cpu, and %s limits it to %s, less than that; the API server takes no such pair.", u.name(), u.object.Ref, request, from, policy.CPULimit)}
	}
	return number{"limits", "cpu", policy.CPULimit, from}, nil
}

// more reports whether a quantity is more than another; what is none is not.
func more(a, b string) bool {
	is, err := resource.ParseQuantity(a)
	if err != nil {
		return false
	}
	than, err := resource.ParseQuantity(b)
	return err == nil && is.Cmp(than) > 0
}

// smaller are the units below each, and how many of the one make the other.
var smaller = map[string]struct {
	unit string
	of   float64
}{"Ti": {"Gi", 1024}, "Gi": {"Mi", 1024}, "Mi": {"Ki", 1024}, "T": {"G", 1000}, "G": {"M", 1000}, "M": {"k", 1000}}

// times multiplies a quantity in the unit that it is written in, where that
// gives a whole number; in a smaller one, or bytes, where it does not.
func times(text string, factor float64) (string, error) {
	amount, err := resource.ParseQuantity(text)
	if err != nil {
		return "", err
	}
	if amount.Sign() <= 0 {
		return "", errors.New("it is not more than nothing")
	}
	if factor == 0 || factor == 1 {
		return text, nil
	}
	unit := strings.TrimLeft(text, "0123456789.")
	product, err := strconv.ParseFloat(strings.TrimSuffix(text, unit), 64)
	for product *= factor; err == nil; {
		if product == math.Trunc(product) {
			if larger := map[string]string{"Ki": "Mi", "Mi": "Gi", "Gi": "Ti"}[unit]; larger != "" && math.Mod(product, 1024) == 0 {
				unit, product = larger, product/1024 // as people say 1024Mi
			}
			return strconv.FormatFloat(product, 'f', -1, 64) + unit, nil
		}
		next, ok := smaller[unit]
		if !ok {
			break
		}
		unit, product = next.unit, product*next.of
	}
	return strconv.FormatInt(int64(math.Ceil(amount.AsApproximateFloat64()*factor)), 10), nil
}
