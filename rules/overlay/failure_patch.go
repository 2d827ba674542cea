package overlay

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// engineID is how the engine names an object: Deployment.v1.apps/web.[noNs].
var engineID = regexp.MustCompile(`([A-Z]\w*)\.[\w.\[\]]*/([^\s"]+?)\.(\[noNs\]|[\w-]+)`)

// patchTarget finds a patch of an object that is not there.
func (f *failure) patchTarget() *BuildError {
	if !strings.Contains(f.words, "no matches for Id") && !strings.Contains(f.words, "no resource matches") {
		return nil
	}
	match := engineID.FindStringSubmatch(f.words)
	if match == nil {
		return nil
	}
	// The engine applies the outermost patches last: the last that names it failed.
	for _, t := range slices.Backward(f.served.texts) {
		for _, d := range t.documents {
			d.parse()
			if t.role != rolePatch || d.root == nil || refOf(d.root).Kind != match[1] || refOf(d.root).Name != match[2] {
				continue
			}
			patch := refOf(d.root)
			differs, hint := f.targetHint(patch)
			n := child(d.root, "metadata")
			switch differs {
			case "kind", "apiVersion":
				n = child(d.root, differs)
			default:
				n = orNode(child(n, differs), child(n, "name"))
			}
			return f.from(d.source(deref(orNode(n, d.root))),
				fmt.Sprintf("the patch is for %s %s, which is not among the resources", patch.Kind, patch.Name), hint)
		}
	}
	return nil
}

// maxNamed is how many objects a hint names.
const maxNamed = 4

// targetHint says which object a patch may mean, and in which field it differs
// from that: "name", "kind", "apiVersion" or "namespace".
func (f *failure) targetHint(patch ObjectRef) (differs, hint string) {
	var names, kinds []string
	for _, o := range f.objects() {
		switch {
		case o == patch:
			return "name", "it is there at first: an earlier patch or name change takes it away"
		case o.Kind == patch.Kind && o.Name == patch.Name && o.Namespace != patch.Namespace:
			if o.Namespace == "" {
				return "namespace", fmt.Sprintf("%s %s has no namespace here; leave it out", o.Kind, o.Name)
			}
			return "namespace", fmt.Sprintf("did you mean namespace: %s?", o.Namespace)
		case o.Kind == patch.Kind && o.Name == patch.Name && o.APIVersion != patch.APIVersion:
			return "apiVersion", fmt.Sprintf("%s %s is %s here", o.Kind, o.Name, o.APIVersion)
		case o.Kind == patch.Kind && o.Name != patch.Name:
			names = append(names, f.affixed(o.Name)...)
		case o.Name == patch.Name:
			kinds = append(kinds, o.Kind)
		}
	}
	if hint := didYouMean(patch.Name, names); hint != "" {
		return "name", hint
	}
	if len(kinds) > 0 {
		return "kind", fmt.Sprintf("of that name there is %s %s", kinds[0], patch.Name)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	switch {
	case len(names) == 0:
		return "name", fmt.Sprintf("there is no %s at all", patch.Kind)
	case len(names) > maxNamed:
		return "name", fmt.Sprintf("there are %s and %d more", strings.Join(names[:maxNamed], ", "), len(names)-maxNamed)
	}
	return "name", fmt.Sprintf("of that kind there is %s", strings.Join(names, ", "))
}

// objects are the objects that the files served hold, and those generated.
func (f *failure) objects() []ObjectRef {
	b := &Build{served: f.served, closure: f.closure}
	var refs []ObjectRef
	for _, in := range b.introductions() {
		refs = append(refs, in.ref)
	}
	return refs
}

// affixed is a name as the build's prefixes and suffixes may change it.
func (f *failure) affixed(name string) []string {
	names := []string{name}
	for _, k := range f.closure.kustomizations {
		prefix, suffix := scalar(entry(k.root, "namePrefix")), scalar(entry(k.root, "nameSuffix"))
		if prefix+suffix != "" {
			names = append(names, prefix+name+suffix)
		}
	}
	return names
}

// patchForm finds an entry of patches that says too much or too little.
func (f *failure) patchForm() *BuildError {
	for _, k := range f.closure.kustomizations {
		for _, item := range items(entry(k.root, "patches")) {
			file, inline := entry(item, "path"), entry(item, "patch")
			switch {
			case file != nil && scalar(inline) != "":
				return f.at(k.path, inline, ReasonInvalid, "a patch has both patch and path", "keep one of the two")
			case file == nil && inline == nil:
				return f.at(k.path, deref(item), ReasonInvalid, "a patch has neither patch nor path", "write the patch out under patch, or name its file under path")
			}
		}
	}
	return nil
}

var operationPath = regexp.MustCompile(`(?:missing path|path not found|invalid path|to patch|path|value):? ['"]?(/[^\s:'"]*)`)

// operation finds the operation of a JSON patch that does not apply.
func (f *failure) operation() *BuildError {
	match := operationPath.FindStringSubmatch(f.words)
	if unknown := unknownOperation.FindStringSubmatch(f.words); unknown != nil {
		match = unknown
	} else if match == nil || !strings.Contains(f.words, "operation") && !strings.Contains(f.words, "test") && !strings.Contains(f.words, "error in") {
		return nil
	}
	for _, k := range f.closure.kustomizations {
		for _, inline := range k.inlines {
			if n := opAt(jsonOps([]byte(inline.node.Value)), match[1], f.words); n != nil {
				return f.from(k.placeOf(inline).of(n), said(f.words), "")
			}
		}
		for _, ref := range k.refs {
			data, err := f.snapshot.ReadFile(path.Join(k.dir, ref.text))
			if ref.role != rolePatch || err != nil {
				continue
			}
			if n := opAt(jsonOps(data), match[1], f.words); n != nil {
				return f.at(path.Join(k.dir, ref.text), n, ReasonInvalid, said(f.words), "")
			}
		}
	}
	return nil
}

// unknownOperation is the engine on an op that JSON patches do not have.
var unknownOperation = regexp.MustCompile(`Unexpected kind: (\S+)`)

// opAt is the path of the operation that the engine's words are about: of that
// path, and of that kind where they say one; or an op that is none.
func opAt(ops *yaml.Node, target, words string) *yaml.Node {
	var found *yaml.Node
	for _, op := range items(ops) {
		n := child(op, "path")
		if scalar(child(op, "op")) == target {
			return child(op, "op")
		}
		if scalar(n) != target {
			continue
		}
		if strings.Contains(words, scalar(child(op, "op"))) {
			return n
		}
		found = orNode(found, n)
	}
	return found
}
