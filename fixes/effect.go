package fixes

import (
	"slices"

	"github.com/kustodian/kustodian/rules/overlay"
)

// An Effect is what applying one overlay with the fix does to what runs.
type Effect struct {
	// Restarts are the workloads whose pods are made anew: what their template
	// says differs, if only in the name of a generated object.
	Restarts []overlay.ObjectRef `json:"restarts,omitempty"`
	// Appears and Goes are the objects that only one of the builds has, with
	// the names of generated ones as in [Change].
	Appears []overlay.ObjectRef `json:"appears,omitempty"`
	Goes    []overlay.ObjectRef `json:"goes,omitempty"`
}

// rolls are the kinds that replace their pods when the template differs.
var rolls = []string{"Deployment", "StatefulSet", "DaemonSet", "DeploymentConfig", "Rollout"}

func effectOf(before, after *overlay.Build) Effect {
	var out Effect
	for _, p := range pairs(before, after) {
		switch {
		case p.before == nil:
			out.Appears = append(out.Appears, p.ref)
		case p.after == nil:
			out.Goes = append(out.Goes, p.ref)
		case slices.Contains(rolls, p.ref.Kind) && !equal(child(p.before.built, "spec", "template"), child(p.after.built, "spec", "template")):
			out.Restarts = append(out.Restarts, p.ref)
		}
	}
	return out
}
