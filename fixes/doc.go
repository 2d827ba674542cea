// Package fixes puts findings right: one recipe a file, the layer that a fix
// belongs to, and the proof that it changes only what it means to.
//
// A fix is edits of bytes, planned at the place that says the fault and
// declared as data: its [Intent] names every field of every overlay that it
// changes. [ProveOverlay] builds each overlay that reads a changed file before and
// after; what differs must be the intent, all of it and nothing else. No
// proof, no fix: the finding then carries the [Reason].
//
// # Where things are
//
// A recipe is a file named after what it does: pin_digest.go, add_resources.go,
// lift_env.go; recipes.go lists them, last_words.go is a small one. They
// are written in these words:
//
//   - plan.go plans a finding's fix, reason.go says why there is none
//   - place.go, container_place.go, image_place.go: where a file says something
//   - layer.go decides which of those places a fix belongs to, reach.go which
//     overlays read it, habit.go how the repository writes patches, staged.go
//     which environment comes first
//   - owned.go, automation.go, renovate.go, image_updater.go, immutable.go: what
//     is not ours to write
//   - amend.go adds to a container, pod.go to a pod, patch.go in a patch,
//     kustomization.go in a kustomization; changes.go gathers the edits
//   - apply.go applies edits to files; proof.go builds and judges, diff.go and
//     environment.go say what differs, mask.go hides secrets in it
package fixes
