package yamledit

import (
	"fmt"
	"strings"
)

// A Path leads to a node of a document: a string is a mapping's key, an int a
// list's index from 0. The empty Path is the document's root.
type Path []any

// String is the path as people write it: spec.containers[0].image.
func (p Path) String() string {
	var b strings.Builder
	for i, step := range p {
		switch step := step.(type) {
		case int:
			fmt.Fprintf(&b, "[%d]", step)
		default:
			if i > 0 {
				b.WriteByte('.')
			}
			fmt.Fprint(&b, step)
		}
	}
	return b.String()
}

func (p Path) parent() Path { return p[:len(p)-1] }

func (p Path) last() any { return p[len(p)-1] }

// with is p with a step more, in memory of its own.
func (p Path) with(step any) Path { return append(p[:len(p):len(p)], step) }
