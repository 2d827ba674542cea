package schema

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// Definitions are the schemas of custom resources: openAPIV3Schema by
// "apiVersion kind".
type Definitions map[string]*yaml.Node

// Add takes the served versions of a CustomResourceDefinition; any other
// object is no matter.
func (d Definitions) Add(object *yaml.Node) {
	object = follow(object)
	if scalar(child(object, "kind")) != "CustomResourceDefinition" {
		return
	}
	spec := child(object, "spec")
	group, kind := scalar(child(spec, "group")), scalar(child(child(spec, "names"), "kind"))
	versions := child(spec, "versions")
	if versions == nil || versions.Kind != yaml.SequenceNode {
		return
	}
	for _, version := range versions.Content {
		schema := child(child(version, "schema"), "openAPIV3Schema")
		if schema == nil {
			schema = child(child(spec, "validation"), "openAPIV3Schema") // of apiextensions.k8s.io/v1beta1
		}
		if name := scalar(child(version, "name")); schema != nil && scalar(child(version, "served")) != "false" {
			d[group+"/"+name+" "+kind] = schema
		}
	}
}

// AddText takes the definitions in a file of YAML; what does not parse has none.
func (d Definitions) AddText(text []byte) {
	if !bytes.Contains(text, []byte("CustomResourceDefinition")) {
		return
	}
	for decoder := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var document yaml.Node
		if decoder.Decode(&document) != nil {
			return // the end, or no YAML: the build says so
		}
		if len(document.Content) == 0 {
			continue
		}
		d.Add(document.Content[0])
	}
}

// has reports whether any version of the group defines the kind.
func (d Definitions) has(version, kind string) bool {
	for key := range d {
		if strings.HasPrefix(key, groupOf(version)+"/") && strings.HasSuffix(key, " "+kind) {
			return true
		}
	}
	return false
}

// open walks a node beside an openAPIV3Schema.
func (w *walk) open(n, schema *yaml.Node, at overlay.Field) {
	n = follow(n)
	if n == nil || schema == nil || isNull(n) || n.Kind == yaml.ScalarNode && strings.Contains(n.Value, "${") {
		return
	}
	if scalar(child(schema, "x-kubernetes-int-or-string")) == "true" {
		if n.Kind != yaml.ScalarNode {
			w.wrong(n, at, "a number or a text")
		}
		return
	}
	switch scalar(child(schema, "type")) {
	case "object":
		if n.Kind != yaml.MappingNode {
			w.wrong(n, at, "a mapping")
			return
		}
		w.openMapping(n, schema, at)
	case "array":
		if n.Kind != yaml.SequenceNode {
			w.wrong(n, at, "a list")
			return
		}
		steps := itemSteps(n)
		for i, item := range n.Content {
			w.open(item, child(schema, "items"), at.Append(steps[i]))
		}
	case "string":
		w.openText(n, schema, at)
	case "boolean":
		if n.Kind != yaml.ScalarNode || !isBool(n) {
			w.wrong(n, at, "true or false")
		}
	case "integer":
		if n.Kind != yaml.ScalarNode || !isWhole(n) {
			w.wrong(n, at, "a whole number")
			return
		}
		w.bounded(n, schema, at)
	case "number":
		if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" && n.ShortTag() != "!!float" {
			w.wrong(n, at, "a number")
			return
		}
		w.bounded(n, schema, at)
	}
}

// bounded holds a number to the bounds of its schema.
func (w *walk) bounded(n, schema *yaml.Node, at overlay.Field) {
	value, err := strconv.ParseFloat(n.Value, 64)
	if err != nil {
		return
	}
	if least, err := strconv.ParseFloat(scalar(child(schema, "minimum")), 64); err == nil && value < least {
		w.fault(ReasonValue, at, n, "", fmt.Sprintf("%s is %s, and the least is %s", place(at), n.Value, scalar(child(schema, "minimum"))))
	}
	if most, err := strconv.ParseFloat(scalar(child(schema, "maximum")), 64); err == nil && value > most {
		w.fault(ReasonValue, at, n, "", fmt.Sprintf("%s is %s, and the most is %s", place(at), n.Value, scalar(child(schema, "maximum"))))
	}
}

// patternLimit bounds a pattern in bytes: it is a stranger's, and compiled for each text.
const patternLimit = 200

// matches reports whether a text is as its schema's pattern wants it. What Go
// cannot read, such as a look-ahead, wants nothing.
func matches(text, pattern string) bool {
	if pattern == "" || len(pattern) > patternLimit {
		return true
	}
	re, err := regexp.Compile(pattern)
	return err != nil || re.MatchString(text)
}

func (w *walk) openMapping(n, schema *yaml.Node, at overlay.Field) {
	properties, additional := child(schema, "properties"), child(schema, "additionalProperties")
	loose := scalar(child(schema, "x-kubernetes-preserve-unknown-fields")) == "true" ||
		scalar(child(schema, "x-kubernetes-embedded-resource")) == "true" || properties == nil || additional != nil
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if len(at) == 0 && slices.Contains([]string{"apiVersion", "kind", "metadata", "status"}, key.Value) {
			continue
		}
		if key.Value == "<<" || strings.Contains(key.Value, "${") {
			return
		}
		property := child(properties, key.Value)
		switch {
		case property != nil:
			w.open(value, property, at.Append(key.Value))
		case additional != nil && additional.Kind == yaml.MappingNode:
			w.open(value, additional, at.Append(key.Value))
		case !loose:
			var names []string
			for j := 0; j+1 < len(properties.Content); j += 2 {
				names = append(names, properties.Content[j].Value)
			}
			near, _ := nearest(key.Value, names)
			message := fmt.Sprintf("%s has no field %s", place(at), key.Value)
			if near != "" {
				message += fmt.Sprintf("; did you mean %s?", near)
			}
			w.fault(ReasonField, at.Append(key.Value), key, near, message)
		}
	}
	if missing := child(schema, "required"); missing != nil {
		for _, name := range missing.Content {
			if name.Kind == yaml.ScalarNode && child(n, name.Value) == nil && child(child(properties, name.Value), "default") == nil && !hasKey(n, name.Value) {
				w.fault(ReasonRequired, at.Append(name.Value), n, "", fmt.Sprintf("%s needs %s", place(at), name.Value))
			}
		}
	}
}

func hasKey(n *yaml.Node, key string) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return true
		}
	}
	return false
}

func (w *walk) openText(n, schema *yaml.Node, at overlay.Field) {
	if n.Kind != yaml.ScalarNode {
		w.wrong(n, at, "a text")
		return
	}
	switch n.ShortTag() {
	case "!!int", "!!float", "!!bool":
		w.fault(ReasonType, at, n, fmt.Sprintf("%q", n.Value), fmt.Sprintf("%s is a text, and %s is %s; quote it", place(at), n.Value, kindOf(n)))
		return
	}
	if pattern := scalar(child(schema, "pattern")); !matches(n.Value, pattern) {
		w.fault(ReasonValue, at, n, "", fmt.Sprintf("%s %s is not as the definition wants it: %s", place(at), shown(n.Value), pattern))
		return
	}
	words := child(schema, "enum")
	if words == nil || words.Kind != yaml.SequenceNode || len(words.Content) == 0 {
		return
	}
	var allowed []string
	for _, word := range words.Content {
		allowed = append(allowed, word.Value)
	}
	if !slices.Contains(allowed, n.Value) {
		near, _ := nearest(n.Value, allowed)
		w.fault(ReasonEnum, at, n, near, fmt.Sprintf("%s is no %s: write %s", shown(n.Value), at.Last(), strings.Join(allowed, ", ")))
	}
}
