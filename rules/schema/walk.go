package schema

import (
	"encoding/base64"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kustodian/kustodian/rules/overlay"
)

// A walk goes through an object beside its type.
type walk struct {
	faults []Fault
	custom bool
}

func (w *walk) fault(reason string, at overlay.Field, n *yaml.Node, near, message string) {
	w.faults = append(w.faults, Fault{Field: at, Node: n, Reason: reason, Message: message, Near: near, Custom: w.custom})
}

// sure says of the last fault whether its near word is certain.
func (w *walk) sure(sure bool) { w.faults[len(w.faults)-1].Sure = sure }

// An above is a mapping on the way to where the walk is.
type above struct {
	typed reflect.Type
	node  *yaml.Node
	up    *above
}

// value walks any node.
func (w *walk) value(n *yaml.Node, t reflect.Type, at overlay.Field, up *above) {
	n = follow(n)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if n == nil || isNull(n) || n.Kind == yaml.ScalarNode && strings.Contains(n.Value, "${") {
		return
	}
	if read, ok := special[t]; ok {
		wanted := read(n)
		if wanted == "" && t == reflect.TypeFor[intstr.IntOrString]() && slices.Contains(shares, at.Last()) && !isShare(n) {
			wanted = "a whole number, or a percentage such as 25%"
		}
		if wanted != "" {
			w.wrong(n, at, wanted)
		}
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		if n.Kind != yaml.MappingNode {
			w.wrong(n, at, "a mapping")
			return
		}
		w.structure(n, t, at, up)
	case reflect.Map:
		if n.Kind != yaml.MappingNode {
			w.wrong(n, at, "a mapping")
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			w.value(n.Content[i+1], t.Elem(), at.Append(n.Content[i].Value), up)
		}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			w.bytes(n, t, at)
			return
		}
		if n.Kind != yaml.SequenceNode {
			w.wrong(n, at, "a list")
			return
		}
		steps := itemSteps(n)
		for i, item := range n.Content {
			w.value(item, t.Elem(), at.Append(steps[i]), up)
		}
	case reflect.String:
		w.text(n, t, at)
	case reflect.Bool:
		if n.Kind != yaml.ScalarNode || !isBool(n) {
			w.wrong(n, at, "true or false")
		}
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint32, reflect.Uint64:
		if n.Kind != yaml.ScalarNode || !isWhole(n) {
			w.wrong(n, at, "a whole number")
		}
	case reflect.Float64, reflect.Float32:
		if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" && n.ShortTag() != "!!float" {
			w.wrong(n, at, "a number")
		}
	}
}

// structure walks a mapping beside a struct.
func (w *walk) structure(n *yaml.Node, t reflect.Type, at overlay.Field, up *above) {
	fields := fieldsOf(t)
	here := &above{typed: t, node: n, up: up}
	has := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		has[key.Value] = !isNull(follow(value))
		if key.Value == "<<" || strings.Contains(key.Value, "${") {
			return // what else it has stands elsewhere
		}
		if up == nil && key.Value == "status" {
			continue // the cluster writes it
		}
		field, ok := fields[key.Value]
		if !ok {
			w.unknownField(key, n, at.Append(key.Value), here)
			continue
		}
		w.value(value, field, at.Append(key.Value), here)
	}
	for _, name := range required[t.PkgPath()+"."+t.Name()] {
		if !has[name] {
			w.fault(ReasonRequired, at.Append(name), n, "", fmt.Sprintf("%s needs %s", place(at), name))
		}
	}
}

// text walks a scalar that is a text, maybe of an enumeration.
func (w *walk) text(n *yaml.Node, t reflect.Type, at overlay.Field) {
	if n.Kind != yaml.ScalarNode {
		w.wrong(n, at, "a text")
		return
	}
	switch n.ShortTag() {
	case "!!int", "!!float", "!!bool":
		w.fault(ReasonType, at, n, strconv.Quote(n.Value), fmt.Sprintf("%s is a text, and %s is %s; quote it", place(at), n.Value, kindOf(n)))
		return
	}
	words := enums[t.PkgPath()+"."+t.Name()]
	if len(words) == 0 || n.Value == "" || extended[t.Name()] || slices.ContainsFunc(words, func(word string) bool {
		return n.Value == word || strings.HasSuffix(word, "-") && strings.HasPrefix(n.Value, word) // such as HugePages-2Mi
	}) {
		return
	}
	near, sure := nearest(n.Value, words)
	message := fmt.Sprintf("%q is no %s: write %s", n.Value, at.Last(), strings.Join(words, ", "))
	if near != "" {
		message = fmt.Sprintf("%q is no %s; did you mean %s?", n.Value, at.Last(), near)
	}
	w.fault(ReasonEnum, at, n, near, message)
	w.sure(sure)
}

// bytes walks a scalar that is bytes in base64. Its value may be secret, so it is
// not repeated.
func (w *walk) bytes(n *yaml.Node, t reflect.Type, at overlay.Field) {
	before := len(w.faults)
	if w.text(n, t, at); len(w.faults) > before || n.Kind != yaml.ScalarNode {
		return
	}
	if _, err := base64.StdEncoding.DecodeString(n.Value); err != nil && !strings.ContainsAny(n.Value, "<>{}:") { // a reference that a plugin resolves
		w.fault(ReasonType, at, n, "", fmt.Sprintf("%s is no base64, which the API server refuses; a Secret takes plain text under stringData", place(at)))
	}
}

// shares are the fields that count pods: a number, or a percentage of all.
var shares = []string{"maxSurge", "maxUnavailable", "minAvailable"}

func isShare(n *yaml.Node) bool {
	return n.ShortTag() == "!!int" || percentage.MatchString(n.Value)
}

var percentage = regexp.MustCompile(`^[0-9]+%$`)

// extended are enumerations to which others add words of their own.
var extended = map[string]bool{
	"FinalizerName": true, "ResourceName": true, "SecretType": true, "NodeConditionType": true, "PodConditionType": true,
	"ConditionType": true, "TaintEffect": false,
}

func (w *walk) wrong(n *yaml.Node, at overlay.Field, wanted string) {
	w.fault(ReasonType, at, n, "", fmt.Sprintf("%s is %s, not %s", place(at), wanted, kindOf(n)))
}

// special are the types that read their YAML themselves. Each says what it
// wants instead of a node, "" where it takes it.
var special = map[reflect.Type]func(*yaml.Node) string{
	reflect.TypeFor[resource.Quantity](): func(n *yaml.Node) string {
		if n.Kind != yaml.ScalarNode {
			return "a quantity"
		}
		if _, err := resource.ParseQuantity(n.Value); err != nil {
			return "a quantity such as 100m or 64Mi"
		}
		return ""
	},
	reflect.TypeFor[intstr.IntOrString]():   onlyScalar("a number or a text"),
	reflect.TypeFor[metav1.Time]():          onlyScalar("a time"),
	reflect.TypeFor[metav1.MicroTime]():     onlyScalar("a time"),
	reflect.TypeFor[metav1.Duration]():      onlyScalar("a duration"),
	reflect.TypeFor[metav1.FieldsV1]():      anything,
	reflect.TypeFor[runtime.RawExtension](): anything,
}

func anything(*yaml.Node) string { return "" }

func onlyScalar(wanted string) func(*yaml.Node) string {
	return func(n *yaml.Node) string {
		if n.Kind != yaml.ScalarNode {
			return wanted
		}
		return ""
	}
}

// fieldsOf are the types of the fields of a struct by their keys, those of
// inlined structs among them.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	if known, ok := fieldTables.Load(t); ok {
		return known.(map[string]reflect.Type)
	}
	fields := map[string]reflect.Type{}
	for i := range t.NumField() {
		field := t.Field(i)
		key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case key == "-" || !field.IsExported():
		case key == "":
			inlined := field.Type
			if inlined.Kind() == reflect.Pointer {
				inlined = inlined.Elem()
			}
			if field.Anonymous && inlined.Kind() == reflect.Struct {
				for name, typed := range fieldsOf(inlined) {
					fields[name] = typed
				}
			}
		default:
			fields[key] = field.Type
		}
	}
	fieldTables.Store(t, fields)
	return fields
}

// place names a field in a sentence.
func place(at overlay.Field) string {
	if len(at) == 0 {
		return "the object"
	}
	if overlay.IsItem(at.Last()) {
		return at[max(0, len(at)-2):].String()
	}
	return at.Last()
}
