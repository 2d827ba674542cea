package config

import (
	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/fixes/registry"
)

// maxMirrors is how many mirrors an organisation may name: each image is
// compared with all of them.
const maxMirrors = 50

// MirrorsOf are the mirrors that an organisation's configuration names; nil
// text names none. A server reads them itself, as it does [SweepOf]: what a
// repository says in its own file never adds a place that is asked.
func MirrorsOf(organisation []byte) []registry.Mirror {
	var config Config
	var mirrors []registry.Mirror
	var document yaml.Node
	if err := yaml.Unmarshal(organisation, &document); err != nil || len(document.Content) == 0 {
		return nil // which is told where the file is reviewed
	}
	r := &reader{config: &config}
	r.mapping(document.Content[0], keys{
		"images": func(n *yaml.Node) { r.mapping(n, keys{"mirrors": r.mirrors(&mirrors)}) },
	})
	return mirrors
}

func (r *reader) mirrors(to *[]registry.Mirror) func(*yaml.Node) {
	return func(n *yaml.Node) {
		*to = nil
		r.list(func(n *yaml.Node) { r.mirror(n, to) })(n)
	}
}

// mirror reads one; none that an organisation names is trusted.
func (r *reader) mirror(node *yaml.Node, to *[]registry.Mirror) {
	before := len(r.faults)
	var m registry.Mirror
	seen := r.mapping(node, keys{"name": r.text(&m.Name), "of": r.place(&m.Of), "at": r.place(&m.At)})
	r.need(node, seen, "a mirror needs its %s: {name: hub, of: docker.io, at: mirror.example.com/hub}", "of", "at")
	switch {
	case node == nil || len(r.faults) > before:
	case len(*to) == maxMirrors:
		r.fault(node, "there are more than the %d mirrors that are allowed, and the first %d count", maxMirrors, maxMirrors)
	default:
		*to = append(*to, m)
	}
}

func (r *reader) place(to *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if r.asked(n, shape{"type": "string", "minLength": 1}) {
			return
		}
		if !registry.IsPlace(n.Value) {
			r.fault(n, "%q is no place of images; write a host, and a folder if need be: mirror.example.com/hub", n.Value)
			return
		}
		*to = n.Value
	}
}
