package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "config-unhashed",
	Title:     "changed configuration that no pod will see",
	Why:       "Pods read env and subPath mounts when they start, and nothing starts them: the old values stay until the next rollout.",
	Write:     "a configMapGenerator, whose name changes with its content, in place of the ConfigMap",
	Severity:  Warning,
	Practices: []int{1},
	Check: func(pass *Pass) {
		readers := startReaders(pass)
		for o := range pass.Objects("ConfigMap") {
			by := readers[[2]string{o.Ref.Namespace, o.Ref.Name}]
			if by == nil {
				continue
			}
			fact := configFact{
				Place: pass.Place(o, overlay.Field{"data"}), Values: map[string]string{}, Sources: map[string]overlay.Source{},
				Reader: by.Object.Ref.Kind + " " + by.Object.Ref.Name, Template: templatePrint(by),
			}
			for _, key := range keys(child(o.Node, "data")) {
				field := overlay.Field{"data", key}
				fact.Values[key] = shortHash(text(o.Node, field...))
				if source, ok := pass.Build.Where(o, field); ok { // which costs nothing: any of them may change
					fact.Sources[key] = source
				}
			}
			pass.Fact(fact)
		}
	},
	Join: func(j *Joint) {
		was := map[string]configFact{}
		for _, o := range observed[configFact](j, j.Base) {
			was[o.Overlay+"\x00"+o.Value.Place.Object.String()] = o.Value
		}
		for _, o := range observed[configFact](j, j.Head) {
			now := o.Value
			before, ok := was[o.Overlay+"\x00"+now.Place.Object.String()]
			if !ok || maps.Equal(before.Values, now.Values) || before.Template != now.Template || before.Reader != now.Reader {
				continue
			}
			j.Report(now.changed(before), fmt.Sprintf("the pods of %s read ConfigMap %s when they start, and nothing starts them for this change; make it by a configMapGenerator, whose name changes with its content",
				now.Reader, now.Place.Object.Name), o.Overlay)
		}
	},
})

// A configFact is a ConfigMap whose values pods read at their start only.
type configFact struct {
	Place Place `json:"place"` // of data
	// Values are hashes of the values, Sources the places of those that are
	// known, by key.
	Values   map[string]string         `json:"values"`
	Sources  map[string]overlay.Source `json:"sources,omitempty"`
	Reader   string                    `json:"reader"`
	Template string                    `json:"template"` // a hash: a pod template that changes rolls out
}

// changed is the place of the first value that is new or another than it was.
func (c configFact) changed(was configFact) Place {
	at := c.Place
	for _, key := range slices.Sorted(maps.Keys(c.Values)) {
		if source, known := c.Sources[key]; known && c.Values[key] != was.Values[key] {
			at.Field, at.Source = overlay.Field{"data", key}, source
			break
		}
	}
	return at
}

func shortHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:10])
}

// startReaders are the workloads that read a ConfigMap at their start, by
// namespace and name of it: one each is enough.
func startReaders(pass *Pass) map[[2]string]*Workload {
	readers := map[[2]string]*Workload{}
	for w := range pass.Workloads() {
		if !w.Lasts() || reloaded(w) {
			continue
		}
		read := func(name string) {
			if name != "" {
				readers[[2]string{w.Object.Ref.Namespace, name}] = w
			}
		}
		volumes := map[string]string{}
		for _, volume := range items(w.Spec, "volumes") {
			volumes[text(volume, "name")] = text(volume, "configMap", "name")
		}
		for _, c := range w.Containers {
			for _, env := range items(c.Node, "env") {
				read(text(env, "valueFrom", "configMapKeyRef", "name"))
			}
			for _, from := range items(c.Node, "envFrom") {
				read(text(from, "configMapRef", "name"))
			}
			for _, mount := range items(c.Node, "volumeMounts") {
				if text(mount, "subPath") != "" {
					read(volumes[text(mount, "name")])
				}
			}
		}
	}
	return readers
}

// reloaded reports whether an operator restarts the pods when their
// configuration changes.
func reloaded(w *Workload) bool {
	for _, key := range append(keys(child(w.Object.Node, "metadata", "annotations")), keys(w.Annotations)...) {
		if strings.Contains(key, "reloader.stakater.com") || strings.Contains(key, "wave.pusher.com") || strings.Contains(key, "checksum/") {
			return true
		}
	}
	return false
}

func templatePrint(w *Workload) string {
	return shortHash(flatten(child(w.Object.Node, "spec", "template")))
}

// flatten is a node as text, by which two are compared; "" for none.
func flatten(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	return flat(n)
}
