package fixes

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"path"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kustodian/kustodian/fixes/yamledit"
	"github.com/kustodian/kustodian/rules/overlay"
)

// addResources writes the requests that the repository's policy names, and a
// memory limit, so that the container that grows is the one that is stopped.
// It never writes a limit of CPU: people do not agree that one helps.
var addResources = Recipe{
	Rules: []string{"missing-requests"},
	Title: "Add resource requests",
	Plan:  planResources,
}

// A quantity is one number below resources, such as 100m at requests.cpu.
type quantity struct {
	list, name, value string
}

func planResources(ctx context.Context, p *Plan) (*Fix, error) {
	said, err := p.containerPlace(ctx)
	if err != nil {
		return nil, err
	}
	policy, err := p.resourcePolicy(said.kind)
	if err != nil {
		return nil, err
	}
	missing, err := policy.missing(said.node)
	if err != nil {
		return nil, err
	}
	if len(missing) == 0 {
		return nil, &NoFix{ReasonNotPlaced, fmt.Sprintf("%s says the numbers already; what takes them away is not known.", p.Finding.Source)}
	}
	fix := &Fix{}
	var reached []use
	for _, u := range said.uses {
		changes, err := u.withResources(missing)
		if err != nil {
			return nil, err
		}
		if len(changes) > 0 {
			reached = append(reached, u)
			fix.Intent.Changes = append(fix.Intent.Changes, changes...)
		}
	}
	if err := p.layer(ctx, reached); err != nil {
		return nil, err
	}
	file, err := change(said.path, said.file, said.addResources(missing)...)
	if err != nil {
		return nil, err
	}
	fix.Files = []FileChange{file}
	return fix, nil
}

func (p *Plan) resourcePolicy(kind string) (ResourcePolicy, error) {
	name, container := p.Finding.Origin.Name, containerName(p.Finding.Field)
	for _, policy := range p.Policy.Resources {
		m := policy.Match
		if (m.Kind == "" || m.Kind == kind) && matches(m.Name, name) && matches(m.Container, container) {
			return policy, nil
		}
	}
	return ResourcePolicy{}, &NoFix{ReasonNoPolicy, fmt.Sprintf(
		"How much container %s of %s %s needs is not Kustodian's to guess; an entry of resources in .kustodian.yaml that matches it says so.", container, kind, name)}
}

func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return pattern == "" || err == nil && ok
}

// missing are the numbers that the policy writes to a container: a limit that
// is there serves as the request too, and the memory limit follows the request
// that is there.
func (r ResourcePolicy) missing(container *yaml.Node) ([]quantity, error) {
	var out []quantity
	for _, name := range sortedKeys(r.Requests) {
		if child(container, "resources", "requests", name) == nil && child(container, "resources", "limits", name) == nil {
			out = append(out, quantity{"requests", name, r.Requests[name]})
		}
	}
	memory := cmp.Or(scalar(container, "resources", "requests", "memory"), r.Requests["memory"])
	if memory == "" || child(container, "resources", "limits", "memory") != nil {
		return out, nil
	}
	limit, err := times(memory, r.MemoryLimitFactor)
	if err != nil {
		return nil, &NoFix{ReasonNoPolicy, fmt.Sprintf("The memory request %q is no quantity: %v.", memory, err)}
	}
	return append(out, quantity{"limits", "memory", limit}), nil
}

// times multiplies a quantity in the unit that it is written in, where that
// gives a whole number; in bytes where it does not.
func times(text string, factor float64) (string, error) {
	amount, err := resource.ParseQuantity(text)
	if err != nil {
		return "", err
	}
	if factor == 0 || factor == 1 {
		return text, nil
	}
	unit := strings.TrimLeft(text, "0123456789.")
	if number, err := strconv.ParseFloat(strings.TrimSuffix(text, unit), 64); err == nil && number*factor == math.Trunc(number*factor) {
		return strconv.FormatFloat(number*factor, 'f', -1, 64) + unit, nil
	}
	return strconv.FormatInt(int64(math.Ceil(amount.AsApproximateFloat64()*factor)), 10), nil
}

// withResources are the changes of one build where the numbers are added
// below what it says already, which wins.
func (u use) withResources(added []quantity) ([]Change, error) {
	resources := map[string]map[string]string{"requests": {}, "limits": {}}
	for list, values := range resources {
		if found := child(u.node, "resources", list); found != nil && found.Kind == yaml.MappingNode {
			for name, value := range mapping(found) {
				values[name] = value.Value
			}
		}
	}
	now := renamed(u.node, nil)
	for _, q := range added {
		if resources[q.list][q.name] == "" {
			resources[q.list][q.name] = q.value
			set(now, q.value, "resources", q.list, q.name)
		}
	}
	for name, limit := range resources["limits"] {
		if request, ok := resources["requests"][name]; ok && more(request, limit) {
			return nil, &NoFix{ReasonNoProof, fmt.Sprintf("In overlay %s container %s would request %s of %s and be limited to %s, which the API server refuses.",
				u.build.Overlay, scalar(u.node, "name"), request, name, limit)}
		}
	}
	return u.changes(now), nil
}

func more(request, limit string) bool {
	a, errA := resource.ParseQuantity(request)
	b, errB := resource.ParseQuantity(limit)
	return errA != nil || errB != nil || a.Cmp(b) > 0
}

// addResources are the edits that add the numbers to the container.
func (c *containerPlace) addResources(added []quantity) []yamledit.Edit {
	lists := map[string]yamledit.Map{}
	var order []string
	for _, q := range added {
		if lists[q.list] == nil {
			order = append(order, q.list)
		}
		lists[q.list] = append(lists[q.list], yamledit.Item{Key: q.name, Value: yamledit.String(q.value)})
	}
	if isEmpty(child(c.node, "resources")) {
		var whole yamledit.Map
		for _, list := range order {
			whole = append(whole, yamledit.Item{Key: list, Value: lists[list]})
		}
		return []yamledit.Edit{c.addKey(nil, "resources", whole)}
	}
	var edits []yamledit.Edit
	for _, list := range order {
		if isEmpty(child(c.node, "resources", list)) {
			edits = append(edits, c.addKey(yamledit.Path{"resources"}, list, lists[list]))
			continue
		}
		for _, item := range lists[list] {
			edits = append(edits, c.addKey(yamledit.Path{"resources", list}, item.Key, item.Value))
		}
	}
	return edits
}

func isEmpty(node *yaml.Node) bool { return node == nil || len(node.Content) == 0 }

// changes are the changes of a use whose container becomes now.
func (u use) changes(now *yaml.Node) []Change {
	var out []Change
	compare(u.field, u.node, now, func(field overlay.Field, before, after *yaml.Node) {
		out = append(out, Change{Overlay: u.build.Overlay, Object: u.object.Ref, Field: field,
			Before: text(u.object.Ref, field, before), After: text(u.object.Ref, field, after)})
	})
	return out
}
