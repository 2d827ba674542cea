package schema

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// fieldTables are the answers of fieldsOf, by type.
var fieldTables sync.Map

// unknownField reports a key that the type does not have: misspelt, or meant
// for a place one level down or further up.
func (w *walk) unknownField(key, mapping *yaml.Node, at overlay.Field, here *above) {
	name := key.Value
	siblings := keysOf(fieldsOf(here.typed))
	meant, sure := nearest(name, siblings)
	near, _ := nearest(name, slices.DeleteFunc(siblings, func(s string) bool { return child(mapping, s) != nil }))
	message := fmt.Sprintf("%s has no field %s", place(at.Parent()), name)
	below := oneDown(name, mapping, here.typed)
	up := furtherUp(name, here.up)
	switch {
	case near != "" && (distance(name, near) <= 1 || below == "" && up == ""):
		message += fmt.Sprintf("; did you mean %s?", near)
	case below != "":
		w.misplaced(at, key, "into "+below)
		return
	case up != "":
		w.misplaced(at, key, up)
		return
	case near == "":
		w.misplaced(at, key, "")
		return
	}
	w.fault(ReasonField, at, key, near, message)
	w.sure(sure && near == meant && up == "" && (below == "" || child(mapping, below) == nil))
}

// misplaced reports a key where it does not belong, "" for where it does if
// nobody can say. Keys of one mapping that belong together are one fault: who
// indents the first rightly indents them all.
func (w *walk) misplaced(at overlay.Field, key *yaml.Node, belongs string) {
	for i := range w.faults {
		if f := &w.faults[i]; f.names != nil && f.belongs == belongs && slices.Equal(f.Field.Parent(), at.Parent()) {
			f.names = append(f.names, key.Value)
			f.Message = misplacedText(at.Parent(), f.names, belongs)
			return
		}
	}
	names := []string{key.Value}
	w.fault(ReasonField, at, key, "", misplacedText(at.Parent(), names, belongs))
	last := &w.faults[len(w.faults)-1]
	last.names, last.belongs = names, belongs
}

func misplacedText(mapping overlay.Field, names []string, belongs string) string {
	if len(names) == 1 {
		if belongs != "" {
			belongs = "; it belongs " + belongs
		}
		return fmt.Sprintf("%s has no field %s%s", place(mapping), names[0], belongs)
	}
	if belongs != "" {
		belongs = "; they belong " + belongs
	}
	last := len(names) - 1
	return fmt.Sprintf("%s has no fields %s and %s%s", place(mapping), strings.Join(names[:last], ", "), names[last], belongs)
}

// oneDown is the field of the mapping whose value has the key, "" for none;
// one that the mapping has comes first.
func oneDown(name string, mapping *yaml.Node, t reflect.Type) string {
	var found []string
	for field, typed := range fieldsOf(t) {
		for typed.Kind() == reflect.Pointer || typed.Kind() == reflect.Slice {
			typed = typed.Elem()
		}
		if typed.Kind() != reflect.Struct || special[typed] != nil {
			continue
		}
		if _, ok := fieldsOf(typed)[name]; ok {
			found = append(found, field)
		}
	}
	slices.Sort(found)
	for _, field := range found {
		if child(mapping, field) != nil {
			return field
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	return ""
}

// furtherUp says how far above a mapping has the key, "" for nowhere.
func furtherUp(name string, up *above) string {
	for levels := 1; up != nil; levels, up = levels+1, up.up {
		if _, ok := fieldsOf(up.typed)[name]; !ok || child(up.node, name) != nil {
			continue
		}
		if levels == 1 {
			return "one level up"
		}
		return fmt.Sprintf("%d levels up", levels)
	}
	return ""
}

// nearest is the word that a misspelt one most likely is, "" where none is
// near; sure where no other is as near and at most two letters are wrong.
func nearest(wrong string, words []string) (best string, sure bool) {
	bestDistance := max(1, len(wrong)/3) + 1
	for _, word := range words {
		switch d := distance(wrong, word); {
		case d < bestDistance:
			best, bestDistance, sure = word, d, d <= 2
		case d == bestDistance:
			sure = false
		}
	}
	if best != "" || len(wrong) < 4 {
		return best, sure
	}
	for _, word := range words {
		if strings.HasPrefix(strings.ToLower(word), strings.ToLower(wrong)) {
			if best != "" {
				return "", false // it could be several
			}
			best = word
		}
	}
	return best, false
}

// distance is how many letters have to be changed, put in, taken out or
// swapped with their neighbour; case counts for nothing.
func distance(a, b string) int {
	x, y := []rune(strings.ToLower(a)), []rune(strings.ToLower(b))
	if len(x) > 64 || len(y) > 64 {
		return 64 // no name of the API is as long
	}
	var before []int
	last := make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row := make([]int, len(y)+1)
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(y)]
}
