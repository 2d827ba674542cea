// Package overlay finds the overlays of a tree, builds them with kustomize's
// own engine, and says for every field of a build which line of which file
// set it.
//
// An overlay is a folder that `kustomize build` takes. [Open] takes a [Tree],
// a read-only view of one commit or folder; [Snapshot.Find] lists its
// overlays, [Snapshot.Build] builds one of them, and [Build.Explain] answers
// for one field of one object of that build:
//
//	snapshot := overlay.Open(tree, overlay.Options{})
//	build, err := snapshot.Build(ctx, "overlays/prod")
//	…
//	source, err := build.Explain(ctx, build.Objects[0], overlay.Field{"spec", "replicas"})
//	fmt.Println(source) // overlays/prod/replicas.yaml:7:13
//
// Nothing of the tree is executed and nothing is fetched: references that
// kustomize would follow out of the tree are found before the build and
// answered as a [Refusal]. It is the only package that imports kustomize's
// engine; what it hands on are nodes of go.yaml.in/yaml/v3.
package overlay
