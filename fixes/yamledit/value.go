package yamledit

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// A Value is something to be written: a [Map], [List], [String], [Int] or [Bool].
type Value interface {
	// node is the tree that the value reads as.
	node() *Node
	// flow is the value on one line; quoted asks for JSON.
	flow(quoted bool) string
}

// A Map is a mapping whose keys are written in order.
type Map []Item

// An Item is a key of a [Map] with its value.
type Item struct {
	Key   string
	Value Value
}

// A List is a list.
type List []Value

// A String is a text, quoted where it would read as something else.
type String string

// An Int is a whole number.
type Int int

// A Bool is true or false.
type Bool bool

func (m Map) node() *Node {
	n := &Node{Kind: MappingNode, Tag: "!!map"}
	for _, item := range m {
		n.Children = append(n.Children, String(item.Key).node(), item.Value.node())
	}
	return n
}

func (l List) node() *Node {
	n := &Node{Kind: SequenceNode, Tag: "!!seq"}
	for _, item := range l {
		n.Children = append(n.Children, item.node())
	}
	return n
}

func (s String) node() *Node { return &Node{Value: string(s), Tag: "!!str"} }
func (i Int) node() *Node    { return &Node{Value: strconv.Itoa(int(i)), Tag: "!!int"} }
func (b Bool) node() *Node   { return &Node{Value: strconv.FormatBool(bool(b)), Tag: "!!bool"} }

func (m Map) flow(quoted bool) string {
	parts := make([]string, len(m))
	for i, item := range m {
		parts[i] = String(item.Key).flow(quoted) + ": " + item.Value.flow(quoted)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func (l List) flow(quoted bool) string {
	parts := make([]string, len(l))
	for i, item := range l {
		parts[i] = item.flow(quoted)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func (s String) flow(quoted bool) string {
	if !quoted && plainIn(string(s), true) {
		return string(s)
	}
	return doubleQuote(string(s))
}

func (i Int) flow(bool) string  { return strconv.Itoa(int(i)) }
func (b Bool) flow(bool) string { return strconv.FormatBool(bool(b)) }

// scalar is a value that is no Map or List as text for a line of its own.
func scalar(v Value) string { return layout{}.scalar(v) }

func (l layout) scalar(v Value) string {
	s, ok := v.(String)
	switch {
	case ok && plainIn(string(s), false):
		return string(s)
	case ok && l.single && strings.IndexFunc(string(s), func(r rune) bool { return !unicode.IsPrint(r) }) < 0:
		return singleQuote(string(s))
	}
	return v.flow(false)
}

// singleQuote is a text of one line in single quotes.
func singleQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// plainIn reports whether a text may stand without quotes and reads as a
// string then; inFlow, between brackets. The parser itself is asked, since YAML's
// own rules for this fill pages.
func plainIn(s string, inFlow bool) bool {
	// A reader of YAML 1.1 takes these for booleans.
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off":
		return false
	}
	text := "k: " + s
	if inFlow {
		text = "k: [" + s + "]"
	}
	documents, err := parse([]byte(text))
	if err != nil || len(documents) != 1 || documents[0].Get("k") == nil {
		return false
	}
	n := documents[0].Get("k")
	if inFlow {
		if n.Kind != SequenceNode || len(n.Children) != 1 {
			return false
		}
		n = n.Children[0]
	}
	return n.Kind == ScalarNode && n.style == plain && n.Tag == "!!str" && n.Value == s && n.anchor == ""
}

// doubleQuote is a text in double quotes, as JSON writes it too.
func doubleQuote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch r {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '\n':
			b.WriteString(`\n`)
		case '\t':
			b.WriteString(`\t`)
		case '\r':
			b.WriteString(`\r`)
		default:
			if r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff {
				b.WriteString(`\u` + strconv.FormatInt(0x10000+int64(r), 16)[1:])
			} else {
				b.WriteRune(r)
			}
		}
	}
	b.WriteByte('"')
	return b.String()
}

// A layout is how a file's author writes blocks.
type layout struct {
	step int    // columns from a mapping to the mapping below it
	dash int    // columns from a mapping to the dashes of a list below it
	nl   string // line break
	// single is set where quotes are ', wherever those will do.
	single bool
}

// block is a value as lines below its key, each indented by indent and ended
// by nl; indent is that of the key.
func (l layout) block(v Value, indent int) string {
	var b strings.Builder
	switch v := v.(type) {
	case Map:
		l.mapping(&b, v, indent+l.step, "")
	case List:
		l.list(&b, v, indent+l.dash)
	}
	return b.String()
}

// mapping writes the entries of a mapping; first stands in front of the first,
// instead of its indent, where it is not empty.
func (l layout) mapping(b *strings.Builder, m Map, indent int, first string) {
	for i, item := range m {
		if i > 0 || first == "" {
			b.WriteString(strings.Repeat(" ", indent))
		} else {
			b.WriteString(first)
		}
		l.entry(b, item, indent)
	}
}

// entry writes a key with its value, without the indent in front.
func (l layout) entry(b *strings.Builder, item Item, indent int) {
	b.WriteString(l.scalar(String(item.Key)) + ":")
	if lines := literalLines(item.Value); lines != nil {
		l.literal(b, lines, indent+l.step)
		return
	}
	if inline(item.Value) {
		b.WriteString(" " + l.scalar(item.Value) + l.nl)
		return
	}
	b.WriteString(l.nl + l.block(item.Value, indent))
}

// literal writes the lines of a text as they are, behind a bar.
func (l layout) literal(b *strings.Builder, lines []string, indent int) {
	b.WriteString(" |")
	if last := len(lines) - 1; lines[last] == "" {
		lines = lines[:last] // the break at the end stays
	} else {
		b.WriteByte('-')
	}
	b.WriteString(l.nl)
	for _, line := range lines {
		if line != "" {
			b.WriteString(strings.Repeat(" ", indent) + line)
		}
		b.WriteString(l.nl)
	}
}

// literalLines are the lines of a text that has several and that a literal
// scalar says without an indicator of its own; nil for any other value.
func literalLines(v Value) []string {
	s, ok := v.(String)
	text := string(s)
	if !ok || !strings.Contains(text, "\n") || strings.HasPrefix(text, " ") || strings.HasPrefix(text, "\n") || strings.HasSuffix(text, "\n\n") {
		return nil
	}
	strange := func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsPrint(r) }
	lines := strings.Split(text, "\n")
	blank := func(line string) bool { return line != "" && strings.TrimSpace(line) == "" }
	if strings.ContainsFunc(text, strange) || slices.ContainsFunc(lines, blank) {
		return nil
	}
	return lines
}

func (l layout) list(b *strings.Builder, items List, indent int) {
	for _, item := range items {
		l.item(b, item, indent)
	}
}

// item writes a list's item with its dash.
func (l layout) item(b *strings.Builder, v Value, indent int) {
	dash := strings.Repeat(" ", indent) + "- "
	if m, ok := v.(Map); ok && !inline(v) {
		l.mapping(b, m, indent+2, dash)
		return
	}
	b.WriteString(dash + l.scalar(v) + l.nl)
}

// inline reports whether a value stands on the line of its key.
func inline(v Value) bool {
	switch v := v.(type) {
	case Map:
		return len(v) == 0
	case List:
		return len(v) == 0
	}
	return true
}
