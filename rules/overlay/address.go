package overlay

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// The engine keeps the line of each node it parsed. Each document is served
// to it behind so many blank lines that no line of any document has the
// number of another: a line's number is then the address of a line of the
// tree, and survives the build in the node.

// lowAddress is where addresses start. Lines below it are those of text that
// the engine made itself.
const lowAddress = 512

// firstAddress is above every line that the engine can number anew when it
// prints an object and reads it again, as it does for JSON patches and lists.
func (s *Snapshot) firstAddress(c *closure) int {
	most := 0
	for _, k := range c.kustomizations {
		for _, ref := range k.refs {
			if ref.role != roleResource && ref.role != rolePatch {
				continue
			}
			at, err := s.resolve(path.Join(k.dir, ref.text))
			if err != nil || at.kind == Folder {
				continue
			}
			if b, err := s.blob(at.path); err == nil {
				most = max(most, bytes.Count(b.data, []byte("\n")))
			}
		}
	}
	return lowAddress + 2*most
}

// maxPadding bounds the blank lines of one build, in bytes. A build that
// needs more has no positions for the rest of its documents.
const maxPadding = 64 << 20

// addresses gives each document of a build its lines.
type addresses struct {
	next     int
	padding  int
	segments []segment
}

// segment is the run of addresses of one document.
type segment struct {
	start, end int // the address of the line before the first, and of the last
	document   *document
}

// separator is where the engine parts documents.
var separator = regexp.MustCompile(`\n---.*\n`)

// pad returns the text as it is served to the engine.
func (a *addresses) pad(t *text) []byte {
	var out bytes.Buffer
	for _, d := range t.documents {
		out.Write(t.data[d.lead:d.start])
		if d.paddable && a.padding+a.next < maxPadding {
			a.segments = append(a.segments, segment{a.next, a.next + d.lines, d})
			writeBlankLines(&out, a.next-d.head)
			a.padding += a.next
			a.next += d.lines + 1
		}
		out.Write(t.data[d.start:d.end])
	}
	return out.Bytes()
}

// writeBlankLines writes n line breaks. They are carriage returns, which YAML
// takes for breaks and the engine's search for separators passes over
// quickly; the last is a line feed behind a blank, so that no return meets a
// feed of the document and becomes one break with it.
func writeBlankLines(out *bytes.Buffer, n int) {
	out.Write(bytes.Repeat([]byte{'\r'}, n-1))
	out.WriteString(" \n")
}

// find returns the document and the line in it, from 1, of an address.
func (a *addresses) find(address int) (*document, int) {
	i := sort.Search(len(a.segments), func(i int) bool { return a.segments[i].end >= address })
	if i == len(a.segments) || a.segments[i].start >= address {
		return nil, 0
	}
	return a.segments[i].document, address - a.segments[i].start
}

// text is YAML that holds objects or patches: a file, or a scalar inside a
// kustomization.
type text struct {
	data        []byte // with the line breaks that the engine sees
	role        role
	inlinePlace // of a text inside a scalar; zero but for the path for a file
	documents   []*document
}

// document is one document of a text.
type document struct {
	text *text
	// lead, start and end are offsets: of the separator before it, its first
	// line, and its end.
	lead, start, end int
	line             int // the line of start in the text, from 1
	lines            int
	head             int // lines of the separator, where the engine reads it with the document
	paddable         bool

	once   sync.Once
	root   *yaml.Node // once parsed; nil where it does not parse
	places map[place]*located
}

// place is a line and column of a document, from 1.
type place struct{ line, column int }

// located is a node of a document with the key it stands under.
type located struct {
	node *yaml.Node
	key  *yaml.Node // nil for a list's item and for the root
}

var byteOrderMark = []byte("\uFEFF")

// splitText parts data as the engine does.
func splitText(name string, data []byte, r role) *text {
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	t := &text{data: data, role: r, inlinePlace: inlinePlace{path: name}}
	lead := 0
	first := 0
	if bytes.HasPrefix(data, byteOrderMark) {
		first = len(byteOrderMark)
	}
	if bytes.HasPrefix(data[first:], []byte("---")) {
		if i := bytes.IndexByte(data[first:], '\n'); i >= 0 && onlyComment(data[first+3:first+i]) {
			first += i + 1
		} else {
			first = -1
		}
	}
	add := func(start, end int, paddable bool) {
		d := &document{text: t, lead: lead, start: start, end: end, paddable: paddable}
		d.line = 1 + bytes.Count(data[:start], []byte("\n"))
		body := data[start:end]
		d.lines = bytes.Count(body, []byte("\n")) + 1
		if len(t.documents) == 0 && first > 0 {
			d.head = bytes.Count(data[:start], []byte("\n"))
		}
		d.paddable = paddable && !bytes.ContainsAny(body, "\r\u0085\u2028\u2029") && // lines to YAML, none to an editor
			!bytes.HasPrefix(body, []byte("---")) && !bytes.HasPrefix(body, []byte("%"))
		t.documents = append(t.documents, d)
		lead = end
	}
	start, paddable := max(first, 0), first >= 0
	for _, at := range separator.FindAllIndex(data, -1) {
		if at[0] < start {
			start, paddable = max(start, at[1]), true
			continue
		}
		add(start, at[0], paddable)
		start, paddable = at[1], true
	}
	if start <= len(data) {
		add(start, len(data), paddable)
	}
	return t
}

// onlyComment reports whether nothing but a comment follows a separator.
func onlyComment(rest []byte) bool {
	trimmed := strings.TrimSpace(string(rest))
	return trimmed == "" || trimmed[0] == '#'
}

// parse reads the document's nodes, once.
func (d *document) parse() {
	d.once.Do(func() {
		var root yaml.Node
		data := d.bytes()
		if d.end < len(d.text.data) {
			// The break belongs to the separator, and is in a literal block too.
			data = append(slices.Clip(data), '\n')
		}
		if yaml.Unmarshal(data, &root) != nil || len(root.Content) == 0 {
			return
		}
		d.root = root.Content[0]
		d.places = map[place]*located{}
		d.index(d.root, nil)
	})
}

func (d *document) index(n, key *yaml.Node) {
	d.places[place{n.Line, n.Column}] = &located{n, key}
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			d.index(n.Content[i+1], n.Content[i])
		}
	case yaml.SequenceNode:
		for _, item := range n.Content {
			d.index(item, nil)
		}
	}
}
