package fixes

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// fitPullPolicy makes the pull policy fit the reference beside it: by leaving
// it to its default where that is right, else by saying the right one.
var fitPullPolicy = Recipe{
	Rules: []string{pullPolicy},
	Title: "Fit pull policies to the images",
	Plan:  planPullPolicy,
}

// pullPolicy is the rule whose findings it fixes, and pins bring and mend.
const pullPolicy = "pull-policy"

const (
	pullAlways       = "Always"
	pullIfNotPresent = "IfNotPresent"
)

func planPullPolicy(ctx context.Context, p *Plan) (*Fix, error) {
	said, err := p.locate(p.Finding.Source)
	if err != nil {
		return nil, err
	}
	all, err := p.pulled(ctx, said)
	if err != nil {
		return nil, err
	}
	// The default will do where it is what each of them wants, and where nothing
	// else shows once the line is gone.
	now, leave := "", said.by != overlay.ByJSONPatch && len(p.Finding.Source.Via) == 0
	for _, r := range all {
		if r.wants != "" {
			now, leave = r.wants, leave && r.wants == defaultPull(scalar(r.node, "image"))
		}
	}
	for i, r := range all {
		if all[i].gets = now; !leave {
			continue
		}
		all[i].gets = defaultPull(scalar(r.node, "image"))
		if r.wants == "" && all[i].gets == scalar(r.node, "imagePullPolicy") {
			all[i].gets = "" // the cluster fills in what it said
		}
	}
	kept := p.editable(said.file)
	layers, err := p.layer(ctx, overlay.Source{Path: said.file, By: said.by}, all, kept)
	if err != nil {
		return nil, err
	}
	if !layers[0].atSource && now == pullIfNotPresent {
		return nil, cmp.Or(kept, error(&NoFix{ReasonSpreads, fmt.Sprintf("%s says it for containers too whose image may change; "+
			"patches for the others would only spare their registry a question.", p.Finding.Source)}))
	}
	changes := newChanges()
	for _, layer := range layers {
		switch {
		case !layer.atSource:
			if err := p.patchPull(changes, layer, all); err != nil {
				return nil, err
			}
		case leave:
			if err := p.dropPull(changes, said); err != nil {
				return nil, err
			}
		default:
			changes.add(said.file, said.set(now))
		}
	}
	fix := &Fix{Layers: layers}
	for _, r := range all {
		before := scalar(r.node, "imagePullPolicy")
		change := Change{Overlay: r.build.Overlay, Object: r.object.Ref, Field: r.changed, Before: &before, After: &r.wants}
		switch {
		case leave && layers[0].atSource:
			change.After = nil
			fix.Notes = once(fix.Notes, fmt.Sprintf("Without imagePullPolicy the cluster pulls %s %s.", scalar(r.node, "image"), whenPulled[defaultPull(scalar(r.node, "image"))]))
		case r.wants == "":
			continue
		}
		fix.Intent.Changes = append(fix.Intent.Changes, change)
	}
	fix.Files, err = changes.files(p)
	return fix, err
}

var whenPulled = map[string]string{pullAlways: "at each start", pullIfNotPresent: "where the node does not have it"}

// pulled lists the containers whose pull policy a place says, with what those
// that have the finding want.
func (p *Plan) pulled(ctx context.Context, said place) ([]reached, error) {
	carry, err := p.pulledBy(ctx, said.file, p.Finding.Source)
	if err != nil {
		return nil, err
	}
	var all []reached
	for _, u := range carry {
		r := reached{use: u, changed: u.field.Append("imagePullPolicy")}
		has, err := p.HasFinding(ctx, u.build, u.object, r.changed)
		if err != nil {
			return nil, err
		}
		if has {
			r.wants = rightPull(scalar(u.node, "image"))
		}
		all = append(all, r)
	}
	return all, nil
}

// pulledBy lists the containers whose pull policy a source in a file says.
func (p *Plan) pulledBy(ctx context.Context, file string, source overlay.Source) ([]use, error) {
	if err := p.Reach(ctx, file); err != nil {
		return nil, err
	}
	return p.usesAmong(p.imagesIn, func(u use) (bool, error) {
		if _, reads := u.build.Reads[file]; !reads || child(u.node, "imagePullPolicy") == nil {
			return false, nil
		}
		said, err := u.build.Explain(ctx, u.object, u.field.Append("imagePullPolicy"))
		return said.String() == source.String(), err
	})
}

// patchPull says the right policy in a layer that does not say the wrong one.
func (p *Plan) patchPull(to *fileChanges, layer Layer, all []reached) error {
	for _, r := range all {
		if r.wants != "" && r.build.Overlay == layer.Overlays[0] {
			tree := &yaml.Node{Kind: yaml.MappingNode}
			set(tree, r.wants, "imagePullPolicy")
			patch, err := p.patchOf(r.use, tree)
			if err != nil {
				return err
			}
			return p.patch(to, layer.Path, r.object.Origin, patch, "images")
		}
	}
	return fmt.Errorf("no container of %s for a patch in %s", layer.Overlays[0], layer.Path)
}

// rightPull is the policy for a reference that the rule speaks of: what a
// digest names never changes, and the other tags of these move.
func rightPull(image string) string {
	if strings.Contains(image, "@") {
		return pullIfNotPresent
	}
	return pullAlways
}

// defaultPull is the policy that the API server fills in: Always for the tag
// latest and for none.
func defaultPull(image string) string {
	name, digest, _ := strings.Cut(image, "@")
	if _, tag := splitTag(name); digest == "" && (tag == "" || tag == "latest") {
		return pullAlways
	}
	return pullIfNotPresent
}
