package fixes

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/fixes/yamledit"
	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// addBudget writes a PodDisruptionBudget for each replicated workload that has
// none, in a file of its own beside the workload. One that lets one pod go at a
// time blocks no drain, however many there are.
var addBudget = Recipe{
	Rules: []string{"missing-pdb"},
	Title: "Keep replicas while nodes are drained",
	Plan:  planBudgets,
}

func planBudgets(ctx context.Context, p *Plan) (*Fix, error) {
	build, object := p.found()
	if object == nil {
		return nil, &NoFix{ReasonNotPlaced, fmt.Sprintf("Which file introduces %s is not known.", p.Finding.Origin)}
	}
	b := &budgets{Plan: p, to: newChanges(), files: map[string][]string{}}
	for _, o := range rules.Reading(build, p.Rules).Unkept() {
		if err := b.add(ctx, o); err != nil {
			return nil, err
		}
	}
	for _, kustomization := range sortedKeys(b.files) {
		root, err := p.kustomization(kustomization)
		if err != nil {
			return nil, err
		}
		edits, err := listResources(place{file: kustomization, node: root}, b.files[kustomization])
		if err != nil {
			return nil, err
		}
		b.to.add(kustomization, edits...)
	}
	var err error
	b.fix.Files, err = b.to.files(p)
	return &b.fix, err
}

// budgets are those that one fix adds.
type budgets struct {
	*Plan
	fix   Fix
	to    *fileChanges
	files map[string][]string // the new files, by the kustomization that lists them
}

// add adds the budget of one workload, at the layer that fits.
func (b *budgets) add(ctx context.Context, o *overlay.Object) error {
	if len(o.Documents) == 0 {
		return &NoFix{ReasonNotPlaced, fmt.Sprintf("Which file introduces %s is not known.", o.Origin)}
	}
	file := o.Documents[0].Path
	if err := b.Reach(ctx, file); err != nil {
		return err
	}
	said, err := b.introduced(o)
	if err != nil {
		return err
	}
	if said.node == nil {
		return &NoFix{ReasonNotPlaced, fmt.Sprintf("%s does not introduce %s by itself.", file, o.Origin)}
	}
	lister, kept := b.lister(file, "resources")
	var noFix *NoFix
	if kept != nil && !errors.As(kept, &noFix) {
		return kept
	}
	all, err := b.unkept(o.Origin, child(said.node, "spec", "selector"))
	if err != nil {
		return err
	}
	layers, err := b.layer(ctx, overlay.Source{Path: lister, By: overlay.ByResource}, all, kept)
	if err != nil {
		return err
	}
	for _, layer := range layers {
		if err := b.write(layer, all, said.node, file); err != nil {
			return err
		}
	}
	return nil
}

// unkept lists a workload in each build that has it, with the budget that this
// wants. said is the selector in the workload's own file: what kustomizations
// add to it they add to that of a budget beside it.
func (p *Plan) unkept(origin overlay.ObjectRef, said *yaml.Node) ([]reached, error) {
	var all []reached
	for _, name := range sortedKeys(p.Builds) {
		build := p.Builds[name]
		without := rules.Reading(build, p.Rules).Unkept()
		for _, o := range build.Objects {
			if o.Origin != origin {
				continue
			}
			r := reached{use: use{build, container{object: o}}, gets: "a budget"}
			if build.Production && slices.Contains(without, o) {
				var err error
				if r.wants, err = print(child(o.Node, "spec", "selector")); err != nil {
					return nil, err
				}
				if !isEmpty(said) {
					r.gets = r.wants
				}
			}
			all = append(all, r)
		}
	}
	return all, nil
}

// write writes a budget into a layer and declares it.
func (b *budgets) write(layer Layer, all []reached, workload *yaml.Node, file string) error {
	text := ""
	for _, r := range all {
		if r.wants == "" || !slices.Contains(layer.Overlays, r.build.Overlay) {
			continue
		}
		written, err := b.written(layer, r, workload)
		if err != nil {
			return err
		}
		now, err := b.newDocument(layer.Path, file, written)
		switch {
		case err != nil:
			return err
		case text != "" && now != text:
			return &NoFix{ReasonSpreads, fmt.Sprintf("One budget in %s would not do for %s.", layer.Path, listed(layer.Overlays))}
		}
		text = now
		ref := overlay.ObjectRef{APIVersion: "policy/v1", Kind: "PodDisruptionBudget", Namespace: r.object.Ref.Namespace, Name: r.object.Ref.Name}
		if slices.ContainsFunc(r.build.Objects, func(o *overlay.Object) bool { return o.Ref == ref }) {
			return &NoFix{ReasonConflict, fmt.Sprintf("Overlay %s has a %s already, which does not keep %s.", r.build.Overlay, ref, r.object.Ref)}
		}
		built := without(b.budgetOf(ref.Name, "", nil, child(r.object.Node, "spec", "selector")), "metadata")
		b.fix.Intent.Changes = append(b.fix.Intent.Changes, appears(r.build.Overlay, ref, built))
	}
	folder := path.Dir(layer.Path)
	made, err := b.freeFile(folder, budgetNames(layer, file, scalar(workload, "kind"), scalar(workload, "metadata", "name")), text)
	if err != nil {
		return err
	}
	b.to.made[made] = text
	b.files[layer.Path] = append(b.files[layer.Path], relativeTo(folder, made))
	b.fix.Layers = append(b.fix.Layers, layer)
	return nil
}

// written is a budget as a layer has to say it: beside the workload as that is
// said, above it as the workload comes out there.
func (b *budgets) written(layer Layer, r reached, workload *yaml.Node) (*yaml.Node, error) {
	name, namespace := scalar(workload, "metadata", "name"), scalar(workload, "metadata", "namespace")
	selector := child(workload, "spec", "selector")
	if !layer.atSource {
		selector = child(r.object.Node, "spec", "selector")
	}
	if path.Dir(layer.Path) == r.build.Overlay && !layer.atSource {
		root, err := b.kustomization(layer.Path)
		if err != nil {
			return nil, err
		}
		name = strings.TrimSuffix(strings.TrimPrefix(r.object.Ref.Name, scalar(root, "namePrefix")), scalar(root, "nameSuffix"))
		if namespace = ""; scalar(root, "namespace") == "" {
			namespace = r.object.Ref.Namespace
		}
	}
	return b.budgetOf(name, namespace, child(workload, "metadata", "labels"), selector), nil
}

// appears is the change of an object that comes, without its metadata.
func appears(in string, ref overlay.ObjectRef, node *yaml.Node) Change {
	return Change{Overlay: in, Object: ref, Field: overlay.Field{}, After: text(ref, overlay.Field{}, node)}
}

// budgetOf is a budget of the pods that a selector selects.
func (p *Plan) budgetOf(name, namespace string, labels, selector *yaml.Node) *yaml.Node {
	budget := &yaml.Node{Kind: yaml.MappingNode}
	set(budget, "policy/v1", "apiVersion")
	set(budget, "PodDisruptionBudget", "kind")
	set(budget, name, "metadata", "name")
	if namespace != "" {
		set(budget, namespace, "metadata", "namespace")
	}
	if !isEmpty(labels) {
		put(budget, renamed(labels, nil), "metadata", "labels")
	}
	setInt(budget, 1, "spec", "maxUnavailable")
	put(budget, renamed(selector, nil), "spec", "selector")
	if p.Rules.ClusterAtLeast(27) {
		// Pods that are not ready yet block no drain then.
		set(budget, "AlwaysAllow", "spec", "unhealthyPodEvictionPolicy")
	}
	return budget
}

// newDocument is the text of a new file that is written as a neighbour is.
func (p *Plan) newDocument(kustomization, neighbour string, node *yaml.Node) (string, error) {
	var like [][]byte
	for _, file := range []string{neighbour, kustomization} {
		src, err := p.Snapshot.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("reading %s: %w", file, err)
		}
		like = append(like, src)
	}
	value, err := valueOf(node)
	if err != nil {
		return "", err
	}
	text, err := yamledit.NewFile(like, value)
	if err != nil {
		return "", fmt.Errorf("writing a new file beside %s: %w", neighbour, err)
	}
	return string(text), nil
}

// budgetNames are the names that a budget's file may have, as the workload's
// own file is named where it is beside it: pdb.yaml beside deployment.yaml,
// else web-pdb.yaml.
func budgetNames(layer Layer, file, kind, name string) []string {
	var out []string
	beside := path.Dir(layer.Path) == path.Dir(file)
	if habit := templateOf(path.Base(file), kind, name); strings.Contains(habit, kindOfObject) && (beside || strings.Contains(habit, nameOfObject)) {
		out = append(out, strings.NewReplacer(nameOfObject, name, kindOfObject, "pdb").Replace(habit))
	}
	return append(out, name+"-pdb.yaml", name+"-poddisruptionbudget.yaml")
}
