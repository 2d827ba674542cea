// Package yamledit edits the text of YAML files that somebody else wrote:
// what an edit does not mean to change keeps its bytes. It knows no Kubernetes.
//
// The text is parsed, never printed. An [Edit] becomes a [Splice] at the span of
// a node, in the style of what stands around it; then the new text is parsed
// again, and unless its tree is the old one plus the intended change the
// edit is refused:
//
//	file, err := yamledit.Parse(src)
//	…
//	result, err := file.Apply(
//		yamledit.SetScalar(0, yamledit.Path{"spec", "replicas"}, "3"),
//		yamledit.Remove(0, yamledit.Path{"spec", "paused"}),
//	)
//	os.Stdout.Write(result.Bytes)
//
// A place that an anchor, an alias or a merge key shares with another is
// refused too, with an error that says so.
//
// The parser is go.yaml.in/yaml/v3, as kustomize's is. With the build tag yamlv4
// it is yaml/v4; the tests pass with both.
package yamledit
