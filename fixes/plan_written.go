package fixes

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// planWritten plans a finding in a file that a program writes: it stands for
// all of its rule there, so the fix is of all of them, or there is none.
func (p *planner) planWritten(ctx context.Context, finding rules.Finding) (*Fix, error) {
	parts, err := p.standsFor(ctx, finding)
	if err != nil {
		return nil, err
	}
	var whole []Fix
	asked := false
	for _, part := range parts {
		fix, err := p.planOne(ctx, part)
		if errors.Is(err, ErrAsked) {
			asked = true // what the others ask is answered in the same round
			continue
		}
		if err != nil {
			return nil, err
		}
		whole = join(whole, *fix)
	}
	if asked {
		return nil, ErrAsked
	}
	return p.together(finding, whole)
}

// standsFor are the findings of the file that one stands for, each by itself.
func (p *planner) standsFor(ctx context.Context, finding rules.Finding) ([]rules.Finding, error) {
	plan := &Plan{Builds: map[string]*overlay.Build{}}
	if err := p.reach(ctx, plan, finding.Source.Path); err != nil {
		return nil, err
	}
	var found [][]rules.Finding
	for _, path := range finding.Overlays {
		if plan.Builds[path] == nil {
			continue
		}
		all, err := p.findings(ctx, plan.Builds[path])
		if err != nil {
			return nil, err
		}
		found = append(found, slices.DeleteFunc(slices.Clone(all), func(f rules.Finding) bool {
			return f.Rule != finding.Rule || f.Path != finding.Path || f.Suppressed != nil
		}))
	}
	parts := rules.Merge(found...)
	if len(parts) == 0 {
		return nil, &NoFix{ReasonNotPlaced, fmt.Sprintf("No overlay shows what %s says.", finding.Source)}
	}
	return parts, nil
}

// together makes one fix of several of one rule.
func (p *planner) together(finding rules.Finding, parts []Fix) (*Fix, error) {
	whole := Fix{Title: parts[0].Title, Rule: finding.Rule, Fingerprints: []string{finding.Fingerprint}}
	changes := newChanges()
	for _, part := range parts {
		for _, file := range part.Files {
			switch {
			case file.Create != nil:
				changes.made[file.Path] = *file.Create
			case file.Delete:
				changes.gone[file.Path] = true
			}
			for _, edit := range file.Edits {
				if !slices.ContainsFunc(changes.edits[file.Path], func(e Edit) bool { return sameEdit(e, edit) }) {
					changes.add(file.Path, edit)
				}
			}
		}
		whole.intends(part)
	}
	var err error
	whole.Files, err = changes.files(&Plan{Snapshot: p.request.Snapshot, overlays: p.request.Overlays, read: p.read})
	return &whole, err
}
