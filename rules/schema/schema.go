// Package schema says where an object is not what its kind allows: an unknown
// kind or field, a value of another type, a field that is missing, a word that
// an enumeration does not have.
//
// It walks YAML nodes beside the Go types of k8s.io/api, so that every fault
// has its place and one fault does not hide the next. What those types do not
// say stands in tables that go generate writes from their source. Objects of
// other groups are held to the CustomResourceDefinitions that are known, and
// left alone where there is none.
package schema

//go:generate go run ./generate

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// A Fault is one place where an object is not what its kind allows.
type Fault struct {
	// Field is the place in the object, Node what stands there: the key of an
	// unknown field, the mapping that misses one.
	Field overlay.Field
	Node  *yaml.Node
	// Reason is one of the Reason constants.
	Reason  string
	Message string
	// Near is the word to write instead, "" where none is near.
	Near string
	// Sure is set where Near is the only word as near, at most two letters away.
	Sure bool
	// Custom is set where a CustomResourceDefinition says so: the cluster may
	// have another version of it.
	Custom bool

	names   []string // the keys, where the fault is that they are in the wrong mapping
	belongs string   // where those belong, "" where nobody can say
}

// Why an object is not what its kind allows, in [Fault].Reason.
const (
	ReasonKind     = "kind"     // no such kind in that group
	ReasonGroup    = "group"    // an API group that is nearly one that has the kind
	ReasonVersion  = "version"  // no such version of that group with the kind
	ReasonField    = "field"    // a field that the type does not have
	ReasonType     = "type"     // a value of another type
	ReasonRequired = "required" // a field that is missing
	ReasonEnum     = "enum"     // a word that the enumeration does not have
	ReasonValue    = "value"    // a value of the right type that the API server refuses
)

// Check returns what the object's kind does not allow, in the order of the
// object. Texts with ${ are filled in after the build and allowed everywhere;
// encrypted objects are not looked into.
func Check(object *yaml.Node, definitions Definitions) []Fault {
	object = follow(object)
	if object == nil || object.Kind != yaml.MappingNode || child(object, "sops") != nil {
		return nil
	}
	version, kind := scalar(child(object, "apiVersion")), scalar(child(object, "kind"))
	if version == "" || kind == "" || strings.Contains(version+kind, "${") {
		return nil
	}
	if list := child(object, "items"); strings.HasSuffix(kind, "List") && list != nil {
		return checkItems(list, definitions)
	}
	w := &walk{}
	if typed, ok := known().byVersion[version][kind]; ok {
		w.structure(object, typed, nil, nil)
		w.admitted(object, version, kind)
		return w.faults
	}
	if definition, ok := definitions[version+" "+kind]; ok {
		w.custom = true
		w.open(object, definition, nil)
		return w.faults
	}
	if fault, ok := unknown(object, version, kind); ok && !definitions.has(version, kind) {
		return []Fault{fault}
	}
	return nil
}

// elsewhere are the API versions, the newest first, of a group that has the
// kind and is still served: the one whose name begins so, else the first.
func elsewhere(kind, begins string) []string {
	var found []string
	for _, group := range keysOf(known().byGroup) {
		versions := known().byGroup[group][kind]
		if len(versions) == 0 {
			continue
		}
		if _, ends := Lifecycle(versions[0], kind); !ends && (len(found) == 0 || strings.HasPrefix(group, begins+".")) {
			found = versions
		}
	}
	return found
}

// checkItems looks at the objects of a List.
func checkItems(list *yaml.Node, definitions Definitions) []Fault {
	if list.Kind != yaml.SequenceNode {
		return nil
	}
	var faults []Fault
	for i, item := range list.Content {
		for _, f := range Check(item, definitions) {
			f.Field = overlay.Field{"items", overlay.IndexStep(i)}.Append(f.Field...)
			faults = append(faults, f)
		}
	}
	return faults
}

// unknown says of an API version and kind that are not known what is wrong
// with them; ok is false where nobody can say.
func unknown(object *yaml.Node, version, kind string) (Fault, bool) {
	at := func(field, reason, near, message string) (Fault, bool) {
		return Fault{Field: overlay.Field{field}, Node: child(object, field), Reason: reason, Near: near, Message: message}, true
	}
	group := groupOf(version)
	if legacy[version+" "+kind] {
		return Fault{}, false
	}
	if _, gone := Lifecycle(version, kind); gone {
		return Fault{}, false
	}
	kinds, served := known().byGroup[group]
	if !served {
		for _, other := range keysOf(known().byGroup) {
			if versions := known().byGroup[other][kind]; len(versions) > 0 && distance(group, other) == 1 {
				near := strings.Replace(versions[0], groupOf(versions[0]), other, 1)
				fault, ok := at("apiVersion", ReasonGroup, near, fmt.Sprintf("there is no API group %q that has %s; did you mean %s?", group, kind, near))
				fault.Sure = strings.Replace(version, group, other, 1) == near
				return fault, ok
			}
		}
		if strings.Contains(group, ".") {
			return Fault{}, false // somebody's own
		}
		// A definition's group has a dot, so only the cluster's own have none.
		if versions := elsewhere(kind, group); len(versions) > 0 {
			return at("apiVersion", ReasonGroup, versions[0], fmt.Sprintf("there is no API group %q, and %s is of %s; write that", group, kind, versions[0]))
		}
		return Fault{}, false
	}
	if versions := kinds[kind]; len(versions) > 0 {
		return at("apiVersion", ReasonVersion, versions[0], fmt.Sprintf("%s has no %s; write %s", version, kind, versions[0]))
	}
	if near, alone := nearest(kind, keysOf(kinds)); near != "" {
		fault, ok := at("kind", ReasonKind, near, fmt.Sprintf("there is no kind %s in %s; did you mean %s?", kind, version, near))
		fault.Sure = alone && known().byVersion[version][near] != nil
		return fault, ok
	}
	if versions := elsewhere(kind, group); len(versions) > 0 {
		return at("apiVersion", ReasonGroup, versions[0], fmt.Sprintf("%s is no kind of %s; write %s, which has it", kind, version, versions[0]))
	}
	if known().byVersion[version] == nil {
		return Fault{}, false // a version of somebody's own, such as v1beta1 of no group
	}
	return at("kind", ReasonKind, "", fmt.Sprintf("there is no kind %s in %s", kind, version))
}
