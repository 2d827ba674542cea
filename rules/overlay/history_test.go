package overlay

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// checkHistory checks, of a line of a case's files,
//
//	# overridden Deployment/web spec.replicas
//	# deletes Deployment/web spec.paused
//	# deletes Service/old
//	# holds Deployment/web spec.paused
//	# makes Deployment/web 2
//
// that it says the field below the one that counts; that it deletes the field,
// or the object as its document names it; that the field is absent and would be
// written there; that the second of the documents that made the object starts
// there.
func checkHistory(t *testing.T, b *Build, w want) {
	t.Helper()
	words := strings.Fields(w.rest)
	here := fmt.Sprintf("%s:%d", w.path, w.line)
	at := func(s Source) bool { return fmt.Sprintf("%s:%d", s.Path, s.Line) == here }
	if w.verb == "deletes" && len(words) == 1 {
		deleted, err := b.Deleted(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(deleted, func(d Deletion) bool {
			return d.Object.Kind+"/"+d.Object.Name == words[0] && at(d.Source) && d.Source.Exact
		}) {
			t.Errorf("%s: want it to delete %s, got %+v", here, words[0], deleted)
		}
		return
	}
	if len(words) != 2 {
		t.Fatalf("%s: want KIND/NAME and a field or a number, not %q", here, w.rest)
	}
	i := slices.IndexFunc(b.Objects, func(o *Object) bool { return o.Ref.Kind+"/"+o.Ref.Name == words[0] })
	if i < 0 {
		t.Errorf("%s: the build has no %s", here, words[0])
		return
	}
	o := b.Objects[i]
	if w.verb == "makes" {
		n, err := strconv.Atoi(words[1])
		if err != nil {
			t.Fatal(err)
		}
		if n > len(o.Documents) || !at(o.Documents[n-1]) {
			t.Errorf("%s: want it to be document %d of %s, got %v", here, n, words[0], o.Documents)
		}
		return
	}
	field, err := ParseField(words[1])
	if err != nil {
		t.Fatal(err)
	}
	histories, err := b.Histories(t.Context(), field)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range histories {
		switch {
		case h.Object != o.Ref || h.Field.String() != field.String():
			continue
		case w.verb == "overridden" && !slices.ContainsFunc(h.Source.Via, at),
			w.verb == "deletes" && (h.State != FieldDeleted || !at(h.Source) || !h.Source.Exact),
			w.verb == "holds" && (h.State != FieldAbsent || !at(h.Source)):
			t.Errorf("%s: want: %s %s, got %+v", here, w.verb, w.rest, h)
		}
		return
	}
	t.Errorf("%s: nothing has the field of %s, but %+v", here, w.rest, histories)
}
