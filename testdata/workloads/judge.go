package workloads

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"

	"github.com/goccy/go-yaml"

	"github.com/kustodian/kustodian/fixes/yamledit"
)

// A Count is what became of the edits of a workload.
type Count struct {
	Sites    int
	Done     int // as they should be, for all that can be told
	Refused  int
	Wrong    int // the other parser reads something else
	Unjudged int // among the done: the other parser cannot read the file, or not the edited one
	Lines    int // among the done: more lines than need be changed
	Undone   int // taken back to the old bytes
	Stayed   int // taken back to other bytes, or not at all
}

// Add adds another count.
func (c *Count) Add(o Count) {
	c.Sites, c.Done, c.Refused, c.Wrong = c.Sites+o.Sites, c.Done+o.Done, c.Refused+o.Refused, c.Wrong+o.Wrong
	c.Unjudged, c.Lines, c.Undone, c.Stayed = c.Unjudged+o.Unjudged, c.Lines+o.Lines, c.Undone+o.Undone, c.Stayed+o.Stayed
}

// Run makes every workload at every place of a file, each alone, and adds to
// the counts by workload. say is told of what was refused or went wrong. An error
// is that of a file that cannot be edited at all.
func Run(name string, src []byte, counts map[string]*Count, say func(workload, place, what string)) error {
	file, err := yamledit.Parse(src)
	if err != nil {
		return err
	}
	j := judgeOf(file, src)
	for doc := range file.Documents() {
		root, err := file.Lookup(doc, nil)
		if err != nil {
			continue // an empty document
		}
		visit(site{name, doc, nil, root}, func(s site) {
			for _, w := range All {
				if todo, ok := w.at(s); ok {
					c := j.run(s, todo, func(what string) { say(w.Name, fmt.Sprintf("%s %d:%s", name, doc, s.path), what) })
					counts[w.Name].Add(c)
				}
			}
		})
	}
	return nil
}

func visit(s site, do func(site)) {
	do(s)
	for i, child := range s.node.Children {
		var step any = i
		if s.node.Kind == yamledit.MappingNode {
			if i%2 == 0 || s.node.Children[i-1].Kind != yamledit.ScalarNode {
				continue
			}
			step = s.node.Children[i-1].Value
		}
		visit(site{s.file, s.doc, s.below(step), child}, do)
	}
}

// A judge knows what another parser reads in a file.
type judge struct {
	file *yamledit.File
	src  []byte
	data []any // of each document, nil where the judge cannot say
}

func judgeOf(file *yamledit.File, src []byte) *judge {
	j := &judge{file: file, src: src}
	// The judge may count a document of comments, and may not.
	var full []int
	for doc := range file.Documents() {
		if _, err := file.Lookup(doc, nil); err == nil {
			full = append(full, doc)
		}
	}
	data, err := decode(src)
	if err != nil || len(data) != len(full) {
		return j
	}
	j.data = data
	return j
}

// run makes one edit, and takes it back.
func (j *judge) run(s site, todo work, say func(what string)) Count {
	c := Count{Sites: 1}
	result, err := j.file.Apply(todo.edit)
	if err != nil {
		c.Refused++
		say(fmt.Sprintf("%T: %v", err, err))
		return c
	}
	switch difference, judged := j.differ(s.doc, todo, result.Bytes); {
	case !judged:
		c.Unjudged++
	case difference != "":
		c.Wrong++
		say("wrong: " + difference)
		return c
	}
	c.Done++
	if old, new := changedLines(j.src, result.Bytes); old > todo.oldLines(j.src, s) || new > todo.new+todo.oldLines(j.src, s) {
		c.Lines++
		say(fmt.Sprintf("%d lines became %d", old, new))
	}
	if todo.undo == nil {
		return c
	}
	if back, err := undo(result.Bytes, *todo.undo); err != nil || !bytes.Equal(back, j.src) {
		c.Stayed++
		say(fmt.Sprintf("there and back is not the same: %v", err))
	} else {
		c.Undone++
	}
	return c
}

func undo(edited []byte, edit yamledit.Edit) ([]byte, error) {
	file, err := yamledit.Parse(edited)
	if err != nil {
		return nil, err
	}
	result, err := file.Apply(edit)
	return result.Bytes, err
}

// oldLines is how many old lines the work may change: one more than it says
// where a line is shared, in brackets or at the end of a file without a break.
func (w work) oldLines(src []byte, s site) int {
	lines := bytes.SplitAfter(src, []byte("\n"))
	if w.old == 0 && (!bytes.HasSuffix(src, []byte("\n")) || bytes.ContainsAny(lines[s.node.EndLine-1], "{[")) {
		return 1
	}
	return w.old
}

// differ is how the edited text differs from the change that was meant, to
// the other parser; judged is false where that cannot say.
func (j *judge) differ(doc int, todo work, edited []byte) (difference string, judged bool) {
	if j.data == nil {
		return "", false
	}
	at := 0 // among the documents with something in them
	for d := range doc {
		if _, err := j.file.Lookup(d, nil); err == nil {
			at++
		}
	}
	changed, ok := change(j.data[at], todo.place, todo.change)
	if !ok {
		return "", false
	}
	got, err := decode(edited)
	if err != nil {
		return "the other parser cannot read it: " + err.Error(), true
	}
	want := slices.Clone(j.data)
	want[at] = changed
	if !reflect.DeepEqual(want, got) { // not go-cmp, which takes minutes over large data
		difference = fmt.Sprintf("%s reads otherwise", todo.place)
	}
	return difference, true
}

// change makes a change at a path of decoded data, which stays as it is; false
// where the data has no such path.
func change(v any, path yamledit.Path, do func(any) any) (any, bool) {
	if len(path) == 0 {
		return do(v), true
	}
	switch step := path[0].(type) {
	case string:
		m, _ := v.(yaml.MapSlice)
		i := slices.IndexFunc(m, func(item yaml.MapItem) bool { return fmt.Sprint(item.Key) == step })
		if i < 0 {
			return nil, false
		}
		value, ok := change(m[i].Value, path[1:], do)
		m = slices.Clone(m)
		m[i].Value = value
		if _, is := value.(gone); is {
			m = slices.Delete(m, i, i+1)
		}
		return m, ok
	case int:
		list, _ := v.([]any)
		if step >= len(list) {
			return nil, false
		}
		value, ok := change(list[step], path[1:], do)
		list = slices.Clone(list)
		list[step] = value
		if _, is := value.(gone); is {
			list = slices.Delete(list, step, step+1)
		}
		return list, ok
	}
	return nil, false
}

// decode is the data of all documents that have any, keys in order.
func decode(src []byte) (out []any, err error) {
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf")) // the judge refuses it
	for decoder := yaml.NewDecoder(bytes.NewReader(src), yaml.UseOrderedMap()); ; {
		var v any
		if err := decoder.Decode(&v); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, err
		}
		if v != nil {
			out = append(out, v)
		}
	}
}

// changedLines is how many lines of two texts stand between those that are alike
// at both ends.
func changedLines(old, edited []byte) (before, after int) {
	a, b := bytes.SplitAfter(old, []byte("\n")), bytes.SplitAfter(edited, []byte("\n"))
	for len(a) > 0 && len(b) > 0 && bytes.Equal(a[0], b[0]) {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && bytes.Equal(a[len(a)-1], b[len(b)-1]) {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return len(a), len(b)
}

// Reform is a text in one of the [Forms].
func Reform(src []byte, form string) []byte {
	switch form {
	case "CRLF":
		return bytes.ReplaceAll(bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
	case "BOM":
		return append([]byte("\xef\xbb\xbf"), bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))...)
	case "no final break":
		return bytes.TrimRight(src, "\r\n")
	}
	return src
}
