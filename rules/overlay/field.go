package overlay

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Field is the path of a field in an object. A step is a mapping's key, or
// an item of a list: "[name=web]" by the item's key where the list has a key
// that is unique in it, else "[3]" by index.
//
// As text, steps are joined by dots, and a key that holds anything but
// letters, digits, "-", "_" and "/" is quoted in brackets:
//
//	spec.template.spec.containers[name=web].image
//	metadata.annotations["example.com/owner"]
//
// As JSON it is that text. The empty Field is the object itself.
type Field []string

// ItemStep is the step to the list item whose key has the value, such as
// ItemStep("name", "web") = "[name=web]".
func ItemStep(key, value string) string { return "[" + key + "=" + value + "]" }

// IndexStep is the step to the list item at index i, from 0.
func IndexStep(i int) string { return "[" + strconv.Itoa(i) + "]" }

// Append returns f with steps added, in memory of its own.
func (f Field) Append(steps ...string) Field {
	out := make(Field, 0, len(f)+len(steps))
	return append(append(out, f...), steps...)
}

// Parent returns f without its last step; the parent of the empty Field is empty.
func (f Field) Parent() Field {
	if len(f) == 0 {
		return nil
	}
	return f[:len(f)-1]
}

// Last returns the last step, "" of the empty Field.
func (f Field) Last() string {
	if len(f) == 0 {
		return ""
	}
	return f[len(f)-1]
}

// String returns f as text.
func (f Field) String() string {
	var b strings.Builder
	for i, step := range f {
		switch {
		case IsItem(step):
			b.WriteString(step)
		case plainKey(step):
			if i > 0 {
				b.WriteByte('.')
			}
			b.WriteString(step)
		default:
			b.WriteString("[" + strconv.Quote(step) + "]")
		}
	}
	return b.String()
}

// IsItem reports whether a step names an item of a list.
func IsItem(step string) bool {
	return len(step) > 2 && step[0] == '[' && step[len(step)-1] == ']'
}

// ItemName is what the last item of a list on the way is called: LEVEL of
// env[name=LEVEL].value. It is "" where no item is on the way.
func (f Field) ItemName() string {
	for _, step := range slices.Backward(f) {
		if IsItem(step) {
			key, value, named := strings.Cut(step[1:len(step)-1], "=")
			if !named {
				return key
			}
			return value
		}
	}
	return ""
}

func plainKey(s string) bool {
	if s == "" {
		return false
	}
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '/':
		default:
			return false
		}
	}
	return true
}

// ParseField reads a Field from its text. It returns an error that shows
// where the text goes wrong.
func ParseField(text string) (Field, error) {
	var f Field
	for rest := text; rest != ""; {
		switch {
		case strings.HasPrefix(rest, `["`):
			quoted, err := strconv.QuotedPrefix(rest[1:])
			if err != nil || !strings.HasPrefix(rest[1+len(quoted):], "]") {
				return nil, fmt.Errorf("field %q: unclosed quote at %q", text, rest)
			}
			key, err := strconv.Unquote(quoted)
			if err != nil {
				return nil, fmt.Errorf("field %q: %w", text, err)
			}
			f, rest = append(f, key), rest[len(quoted)+2:]
		case rest[0] == '[':
			end := strings.IndexByte(rest, ']')
			if end < 2 {
				return nil, fmt.Errorf("field %q: want [key=value] or [index] at %q", text, rest)
			}
			f, rest = append(f, rest[:end+1]), rest[end+1:]
		default:
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			if end == 0 {
				return nil, fmt.Errorf("field %q: want a key at %q", text, rest)
			}
			f, rest = append(f, rest[:end]), rest[end:]
		}
		if strings.HasPrefix(rest, ".") {
			rest = rest[1:]
			if rest == "" {
				return nil, fmt.Errorf("field %q: ends in a dot", text)
			}
		}
	}
	return f, nil
}

func (f Field) MarshalJSON() ([]byte, error) { return json.Marshal(f.String()) }

func (f *Field) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	parsed, err := ParseField(text)
	*f = parsed
	return err
}

// eachScalar visits the scalars below n with their fields, in order.
func eachScalar(n *yaml.Node, at Field, visit func(Field, *yaml.Node)) {
	switch n = deref(n); n.Kind {
	case yaml.ScalarNode:
		visit(at, n)
	case yaml.MappingNode:
		eachPair(n, func(key, value *yaml.Node) { eachScalar(value, at.Append(key.Value), visit) })
	case yaml.SequenceNode:
		steps := itemSteps(n)
		for i, c := range n.Content {
			eachScalar(c, at.Append(steps[i]), visit)
		}
	}
}

// itemKeys are the keys that tell items of a list apart, the likeliest first.
var itemKeys = []string{"name", "key", "mountPath", "containerPort", "port", "path", "host", "ip"}

// itemSteps are the steps to the items of a list: by the first key that every
// item has with a value of its own, else by index.
func itemSteps(list *yaml.Node) []string {
	steps := make([]string, len(list.Content))
	for _, key := range itemKeys {
		seen := map[string]bool{}
		for i, c := range list.Content {
			value := scalar(deref(child(c, key)))
			if value == "" || seen[value] || strings.ContainsAny(value, "]\n") {
				break
			}
			seen[value] = true
			steps[i] = ItemStep(key, value)
		}
		if len(seen) == len(list.Content) {
			return steps
		}
	}
	for i := range steps {
		steps[i] = IndexStep(i)
	}
	return steps
}
