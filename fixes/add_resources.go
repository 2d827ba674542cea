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

// planResources plans for the finding's container, or for all of a pod that
// asks for nothing: the finding of one stands for the others too.
func planResources(ctx context.Context, p *Plan) (*Fix, error) {
	build, object := p.found()
	if object == nil || p.Finding.Rule != "best-effort" {
		return planContainer(ctx, p)
	}
	first := p.Finding.Field
	whole := newAmended(resourcesTopic)
	for _, c := range p.containersIn(build) {
		if c.object != object {
			continue
		}
		one := *p
		one.Finding.Field = c.field.Append("resources")
		one.HasFinding = func(ctx context.Context, b *overlay.Build, o *overlay.Object, _ overlay.Field) (bool, error) {
			return p.HasFinding(ctx, b, o, first)
		}
		if err := one.size(ctx, whole); err != nil {
			return nil, err
		}
	}
	return whole.finish(p)
}

// resourcesTopic is what patches of resources are about.
const resourcesTopic = "resources"

func planContainer(ctx context.Context, p *Plan) (*Fix, error) {
	m := newAmended(resourcesTopic)
	if err := p.size(ctx, m); err != nil {
		return nil, err
	}
	return m.finish(p)
}

// size adds what the finding's container has no number for, and notes where
// the numbers come from.
func (p *Plan) size(ctx context.Context, to *amended) error {
	if !slices.Contains(p.Finding.Field, "containers") && !slices.Contains(p.Finding.Field, "initContainers") {
		return &NoFix{ReasonNoRecipe, fmt.Sprintf("Under which key a container of a %s takes requests depends on its version.", p.Finding.Origin.Kind)}
	}
	return to.container(ctx, p, func(u use, has *yaml.Node) (*yaml.Node, error) {
		numbers, err := p.numbers(u, has)
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
func (p *Plan) numbers(u use, has *yaml.Node) ([]number, error) {
	var out []number
	memory := scalar(has, "resources", "requests", "memory")
	for _, name := range []string{"cpu", "memory"} {
		if scalar(has, "resources", "requests", name) != "" || scalar(has, "resources", "limits", name) != "" {
			continue
		}
		found, ok := p.request(u, name)
		if !ok {
			return nil, &NoFix{ReasonNoPolicy, fmt.Sprintf(
				"How much %s container %s of %s needs is not Kustodian's to guess; an entry of resources in .kustodian.yaml that matches it, or fix.startingResources, says so.", name, u.name(), u.object.Ref)}
		}
		out = append(out, found)
		if name == "memory" {
			memory = found.value
		}
	}
	if memory == "" || scalar(has, "resources", "limits", "memory") != "" {
		return out, nil
	}
	limit, err := p.memoryLimit(u, memory)
	return append(out, limit), err
}

// memoryLimit is the limit that goes with a request of memory.
func (p *Plan) memoryLimit(u use, request string) (number, error) {
	factor := 1.0
	if policy := p.resourcePolicy(u); policy != nil && policy.MemoryLimitFactor != 0 {
		factor = policy.MemoryLimitFactor
	} else if p.Policy.StartingResources != nil && p.Policy.StartingResources.MemoryLimitFactor != 0 {
		factor = p.Policy.StartingResources.MemoryLimitFactor
	}
	limit, err := times(request, factor)
	if err != nil {
		return number{}, &NoFix{ReasonNoPolicy, fmt.Sprintf("The memory request %q is no quantity: %v.", request, err)}
	}
	from := "its request"
	if factor != 1 {
		from = fmt.Sprintf("%v times its request", factor)
	}
	return number{"limits", "memory", limit, from}, nil
}

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
	number, err := strconv.ParseFloat(strings.TrimSuffix(text, unit), 64)
	for product := number * factor; err == nil; product *= 1024 {
		if product == math.Trunc(product) {
			return strconv.FormatFloat(product, 'f', -1, 64) + unit, nil
		}
		smaller := strings.Index("KiMiGiTi", unit) - 2
		if smaller < 0 || len(unit) != 2 {
			break
		}
		unit = "KiMiGiTi"[smaller : smaller+2]
	}
	return strconv.FormatInt(int64(math.Ceil(amount.AsApproximateFloat64()*factor)), 10), nil
}
