package overlay

import (
	"bytes"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"
)

// yaml finds a file, or a text inside a kustomization, that does not parse.
func (f *failure) yaml() *BuildError {
	for _, k := range f.closure.kustomizations {
		for _, ref := range k.refs {
			json := ref.role == roleOther && path.Ext(ref.text) == ".json" // which may have tabs
			if json || ref.role == roleData || ref.role == roleEnv || ref.role == roleChart {
				continue
			}
			at, err := f.snapshot.resolve(path.Join(k.dir, ref.text))
			if err != nil || at.kind == Folder {
				continue
			}
			b, err := f.snapshot.blob(at.path)
			if err != nil {
				continue
			}
			for _, d := range splitText(at.path, b.data, ref.role).documents {
				var n yaml.Node
				if err := yaml.Unmarshal(d.bytes(), &n); err != nil {
					return f.unparsed(at.path, d.bytes(), d.line, err)
				}
			}
		}
		for _, inline := range k.inlines {
			if answer := f.inline(k, inline); answer != nil {
				return answer
			}
		}
	}
	return nil
}

// inline finds a text inside a kustomization that does not parse.
func (f *failure) inline(k *kustomization, inline inlineText) *BuildError {
	text := []byte(inline.node.Value)
	var n yaml.Node
	err := yaml.Unmarshal(text, &n)
	if err == nil {
		return nil
	}
	answer := f.unparsed(k.path, text, 1, err)
	at := k.placeOf(inline).of(&yaml.Node{Line: answer.Line, Column: max(answer.Column, 1)})
	answer.Line, answer.Column = at.Line, at.Column
	return answer
}

// unparsed is the answer for a text that starts at a line of a file and does
// not parse.
func (f *failure) unparsed(file string, data []byte, line int, err error) *BuildError {
	at := brokenLine(data, lineIn(err))
	at, hint := unparsedHint(bytes.SplitAfter(data, []byte("\n")), at)
	answer := f.at(file, nil, ReasonInvalid, "the YAML does not parse: "+yamlWords(err), hint)
	answer.Line = line + at - 1
	return answer
}

// unparsedHint says what a line that does not parse looks like, and on which
// line, from 1, that begins.
func unparsedHint(lines [][]byte, at int) (line int, hint string) {
	for i := max(at-3, 0); i < min(at+1, len(lines)); i++ {
		if text := lines[i]; bytes.HasPrefix(text, []byte("<<<<<<< ")) || bytes.HasPrefix(text, []byte(">>>>>>> ")) || bytes.Equal(bytes.TrimSpace(text), []byte("=======")) {
			return i + 1, "a merge was left half done here: keep one of the two sides"
		}
	}
	if at > len(lines) {
		return at, ""
	}
	text := string(lines[at-1])
	indent := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
	switch {
	case strings.Contains(indent, "\t"):
		return at, "indent with spaces, not with a tab"
	case strings.Contains(text, "{{"):
		return at, "this looks like a template: kustomize takes plain YAML"
	case misaligned(lines, at-1):
		return at, "look at its indentation: it is not that of the lines above"
	}
	return at, ""
}

// misaligned reports whether line i stands as far in as no block above it that
// it could be part of.
func misaligned(lines [][]byte, i int) bool {
	own, item := indentOf(lines[i]), isItem(lines[i])
	first := -1 // the indentation of the line that follows
	for j := i - 1; j >= 0; j-- {
		text := bytes.TrimSpace(lines[j])
		if len(text) == 0 || text[0] == '#' {
			continue
		}
		above := indentOf(lines[j])
		switch {
		case own > above && first < 0:
			// A block may begin below "key:" only, or go on below what "- " began.
			inItem := above + len(text) - len(bytes.TrimLeft(text[1:], " "))
			return !bytes.HasSuffix(text, []byte(":")) && !(isItem(lines[j]) && own == inItem)
		case own > above:
			return true
		case own == above:
			// The items of one list all stand as far in as its first.
			return item && !isItem(lines[j]) && first > own
		}
		first = above
	}
	return own > 0
}

func isItem(line []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(line, " "), []byte("- ")) }

func indentOf(line []byte) int { return len(line) - len(bytes.TrimLeft(line, " ")) }

func yamlWords(err error) string {
	words := strings.TrimPrefix(err.Error(), "yaml: ")
	if match := yamlLine.FindStringIndex(words); match != nil && match[0] == 0 {
		words = strings.TrimPrefix(words[match[1]:], ": ")
	}
	return words
}
