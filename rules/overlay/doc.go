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
//
// # Where things are
//
// From the tree to the build: tree.go and files.go are what is read, store.go and
// snapshot.go keep it parsed, kustomization.go reads what a kustomization says.
// find.go lists overlays, scan.go and closure.go what they refer to and what of
// that is refused, remote*.go what the operator allows. serving.go and
// filesystem.go give the engine its files, build.go runs it, watch.go notes what
// it looked at, failure*.go find the line that broke it, part.go what can be
// built without that.
//
// From a field back to its source: address.go gives every line of the tree a
// number of its own, which survives the build, and where.go reads it. Where it
// did not survive, explain.go asks, from the cheapest on: replaced.go, chain.go
// and layers.go follow the files; token.go builds words that stand nowhere else;
// guess.go and experiment.go change a line and build again. history.go says what
// a field was before, blame.go and printed.go tell it line by line.
package overlay
