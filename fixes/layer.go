package fixes

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/kustodian/kustodian/rules/overlay"
)

// A Layer is where a part of a fix is written, and why there.
type Layer struct {
	// Path is the file, By what says it there: one of the By constants of overlay.
	Path string `json:"path"`
	By   string `json:"by"`
	// Overlays are those that it reaches.
	Overlays []string `json:"overlays"`
	// Why is a sentence for whoever reviews the fix.
	Why string `json:"why"`

	atSource bool // written where the finding's own source is
}

// A reached is one build that an edit of the finding's own source would reach.
type reached struct {
	use
	// wants is what has to become of the object there, in words that only
	// compare; "" where nothing has to. gets is what the edit of the source
	// would make of it.
	wants, gets string
	changed     overlay.Field // the field that changes
}

// layer decides where a fix is written. At the source itself, where each build
// that an edit of it reaches then gets what it wants; else at the lowest
// kustomizations that reach exactly the overlays that want the same. said is
// the file of the source; kept is why nobody may edit it, nil where one may.
// Of builds whose turn comes later, wants is emptied: the fix leaves them.
func (p *Plan) layer(ctx context.Context, said overlay.Source, all []reached, kept error) ([]Layer, error) {
	var noFix *NoFix
	if kept != nil && !errors.As(kept, &noFix) {
		return nil, kept
	}
	hit := hits(all)
	for _, r := range hit {
		if err := p.immutable([]Change{{Overlay: r.build.Overlay, Object: r.object.Ref, Field: r.changed}}); err != nil {
			return nil, err
		}
	}
	if len(hit) == 0 {
		return nil, &NoFix{ReasonNotPlaced, fmt.Sprintf("No overlay shows what %s says.", said)}
	}
	atOnce := ""
	if first, why := p.firstStep(said.Path, hit); why != "" {
		layers, left, err := p.cover(ctx, first)
		if err != nil {
			return nil, err
		}
		if left == "" {
			for i := range layers {
				layers[i].Why = why
			}
			wait(all, layers)
			return layers, nil
		}
		atOnce = fmt.Sprintf(" It restarts production together with others: nothing that may be edited reaches overlay %s and none whose turn comes later.", left)
	}
	harmed := slices.IndexFunc(all, func(r reached) bool { return r.wants != r.gets })
	if kept == nil && harmed < 0 {
		return []Layer{{Path: said.Path, By: said.By, Overlays: overlaysOf(hit), Why: atSource(said, hit) + atOnce, atSource: true}}, nil
	}
	why := ""
	if kept != nil {
		why = noFix.Detail
	} else {
		why = harm(said, all[harmed])
	}
	layers, left, err := p.cover(ctx, hit)
	if err != nil {
		return nil, err
	}
	if left != "" {
		if kept != nil {
			return nil, kept
		}
		return nil, &NoFix{ReasonSpreads, fmt.Sprintf("%s No kustomization that may be edited reaches overlay %s and none that is to stay as it is.", why, left)}
	}
	for i := range layers {
		layers[i].Why = why + fmt.Sprintf(" %s reaches %s and no other overlay.", layers[i].Path, listed(layers[i].Overlays)) + atOnce
	}
	return layers, nil
}

// hits are the builds that want something.
func hits(all []reached) []reached {
	var out []reached
	for _, r := range all {
		if r.wants != "" {
			out = append(out, r)
		}
	}
	return out
}

// wait empties what builds want that no layer reaches.
func wait(all []reached, layers []Layer) {
	for i, r := range all {
		if !slices.ContainsFunc(layers, func(l Layer) bool { return slices.Contains(l.Overlays, r.build.Overlay) }) {
			all[i].wants = ""
		}
	}
}

func harm(said overlay.Source, harmed reached) string {
	what, in := harmed.object.Ref.String(), harmed.build.Overlay
	if name := harmed.name(); name != "" {
		what = fmt.Sprintf("container %s of %s", name, what)
	}
	if harmed.wants == "" {
		return fmt.Sprintf("An edit of %s would change %s in overlay %s too, which is to stay as it is.", said.Path, what, in)
	}
	return fmt.Sprintf("In overlay %s %s needs something else than an edit of %s would give it.", in, what, said.Path)
}

func atSource(said overlay.Source, hit []reached) string {
	overlays := overlaysOf(hit)
	if len(overlays) == 1 {
		return fmt.Sprintf("%s says it, for overlay %s only.", said.Path, overlays[0])
	}
	return fmt.Sprintf("%s says it for each of the %d overlays that have the finding.", said.Path, len(overlays))
}

func overlaysOf(hit []reached) []string {
	var out []string
	for _, r := range hit {
		if !slices.Contains(out, r.build.Overlay) {
			out = append(out, r.build.Overlay)
		}
	}
	slices.Sort(out)
	return out
}

// cover finds kustomizations that reach every build that wants something and
// no other, for each thing that is wanted: the widest first, and the lowest of
// those that are as wide. left names an overlay for which there is none.
func (p *Plan) cover(ctx context.Context, hit []reached) (layers []Layer, left string, err error) {
	var order []string
	groups := map[string][]reached{}
	for _, r := range hit {
		if groups[r.wants] == nil {
			order = append(order, r.wants)
		}
		groups[r.wants] = append(groups[r.wants], r)
	}
	for _, wants := range order {
		group := groups[wants]
		within := overlaysOf(group)
		candidates, err := p.candidates(ctx, group, within)
		if err != nil {
			return nil, "", err
		}
		missing := slices.Clone(within)
		for _, c := range candidates {
			if !slices.ContainsFunc(c.overlays, func(o string) bool { return !slices.Contains(missing, o) }) {
				layers = append(layers, Layer{Path: c.file, By: overlay.ByPatch, Overlays: c.overlays})
				missing = slices.DeleteFunc(missing, func(o string) bool { return slices.Contains(c.overlays, o) })
			}
		}
		if len(missing) > 0 {
			return nil, missing[0], nil
		}
	}
	return layers, "", nil
}

// listed joins names as a sentence does, the first few of them.
func listed(names []string) string {
	switch n := len(names); {
	case n == 1:
		return "overlay " + names[0]
	case n == 2:
		return "overlays " + names[0] + " and " + names[1]
	default:
		return fmt.Sprintf("the %d overlays from %s to %s", n, names[0], names[n-1])
	}
}
