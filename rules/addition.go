package rules

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// An Addition is what an object of Flux or Argo CD adds to an overlay once it
// is built.
type Addition struct {
	// By names the object, Path and Line are where it stands.
	By   string `json:"by"`
	Path string `json:"path"`
	Line int    `json:"line"`
	// Folders are the folders that it builds, as [path.Match] reads them.
	Folders []string `json:"folders"`
	// Repository is the URL that it builds them of, "" where it does not say;
	// Source the name of the Flux GitRepository that says it.
	Repository string `json:"repository,omitempty"`
	Source     string `json:"source,omitempty"`

	Patches     []AddedPatch `json:"patches,omitempty"`
	Images      []string     `json:"images,omitempty"`   // names, as an entry of images names them
	Replicas    []string     `json:"replicas,omitempty"` // names of workloads
	Namespace   bool         `json:"namespace,omitempty"`
	Destination bool         `json:"destination,omitempty"` // a namespace for what says none
	Names       bool         `json:"names,omitempty"`       // prefix or suffix
	Labels      []string     `json:"labels,omitempty"`      // keys
	Annotations []string     `json:"annotations,omitempty"`
	Components  bool         `json:"components,omitempty"`
	Substitutes bool         `json:"substitutes,omitempty"` // ${VAR} by a value
}

// An AddedPatch is a patch that is made of what was built.
type AddedPatch struct {
	// Kind, Name and Namespace are regular expressions of what it is for; ""
	// is any.
	Kind      string `json:"kind,omitempty"`
	Name      string `json:"name,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	// Fields are those that it sets or takes away. An item of a list is named by
	// its name or its index; "*" is any.
	Fields []overlay.Field `json:"fields"`
}

// AdditionsTo are those of the notes that are made to an overlay of the
// repository at a URL, which may be "" for one that is not known: then what
// names a folder of the tree means it.
func AdditionsTo(notes []Note, dir, repository string) []Addition {
	var out []Addition
	for _, note := range notes {
		for _, a := range note.Additions {
			if slices.ContainsFunc(a.Folders, func(f string) bool { ok, err := path.Match(f, dir); return err == nil && ok }) && a.isOf(notes, repository) {
				out = append(out, a)
			}
		}
	}
	return out
}

// isOf reports whether an addition may be to what the repository holds.
func (a Addition) isOf(notes []Note, repository string) bool {
	from := a.Repository
	for _, note := range notes {
		if url, ok := note.Sources[a.Source]; ok && from == "" {
			from = url
		}
	}
	return from == "" || repository == "" || strings.Contains(from, "{{") || bareURL(from) == bareURL(repository)
}

// bareURL is a repository's address however git is told it.
func bareURL(url string) string {
	url = strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(url, "/"), ".git"))
	if _, after, ok := strings.Cut(url, "://"); ok {
		url = after
	}
	if _, after, ok := strings.Cut(url, "@"); ok {
		url = after
	}
	return strings.Replace(url, ":", "/", 1)
}

// does says what the addition does to a field of an object with a value; ""
// where it leaves it. indexed is the field with items by their index. It and
// the value may not be known.
func (a Addition) does(o overlay.ObjectRef, field, indexed overlay.Field, value string) string {
	last := ""
	if len(field) > 0 {
		last = field.Last()
	}
	switch {
	case a.Substitutes && strings.Contains(value, "${"):
		return "puts a value in place of this"
	case slices.ContainsFunc(a.Patches, func(p AddedPatch) bool { return p.changes(o, field) || p.changes(o, indexed) }):
		return "patches this"
	case last == "image" && slices.ContainsFunc(a.Images, func(name string) bool { return imageNamed(value, name) }):
		return "sets this image"
	case field.String() == "spec.replicas" && slices.Contains(a.Replicas, o.Name):
		return "sets these replicas"
	case a.Namespace && field.String() == "metadata.namespace":
		return "sets this namespace"
	case a.Names && field.String() == "metadata.name":
		return "adds to this name"
	case describes(field, "labels", a.Labels):
		return "sets this label"
	case describes(field, "annotations", a.Annotations):
		return "sets this annotation"
	}
	return ""
}

// describes reports whether a field is one of the labels or annotations, or all
// of them.
func describes(field overlay.Field, list string, keys []string) bool {
	at := slices.Index(field, list)
	return len(keys) > 0 && at > 0 && field[at-1] == "metadata" && (at == len(field)-1 || slices.Contains(keys, field[at+1]))
}

// imageNamed reports whether an image, or one of those in a message, is the one
// that an entry names.
func imageNamed(said, name string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(said, func(r rune) bool { return strings.ContainsRune(" ,;", r) }), func(image string) bool {
		rest, ok := strings.CutPrefix(image, name)
		return ok && (rest == "" || rest[0] == ':' || rest[0] == '@')
	})
}

// changes reports whether the patch sets the field, something below it, or
// what it is in.
func (p AddedPatch) changes(o overlay.ObjectRef, field overlay.Field) bool {
	for pattern, name := range map[string]string{p.Kind: o.Kind, p.Name: o.Name, p.Namespace: o.Namespace} {
		if pattern == "" {
			continue
		}
		re, err := regexp.Compile("^(?:" + pattern + ")$")
		if err != nil || !re.MatchString(name) {
			return false
		}
	}
	return len(field) > 0 && slices.ContainsFunc(p.Fields, func(set overlay.Field) bool {
		for i := range min(len(set), len(field)) {
			if set[i] != field[i] && !(set[i] == "*" && overlay.IsItem(field[i])) {
				return false
			}
		}
		return len(set) > 0
	})
}

// amended makes a finding on a field that something else than the overlay
// changes one of level info that says so.
func amended(f Finding, additions []Addition, indexed overlay.Field, value string) Finding {
	for _, a := range additions {
		does := a.does(f.Object, f.Field, indexed, value)
		if does != "" {
			f.SetBy = fmt.Sprintf("%s in %s:%d %s", a.By, a.Path, a.Line, does)
		} else if a.Components && f.Presence {
			does = "adds components, which may say this"
		}
		if does != "" {
			f.Severity = min(f.Severity, Info)
			f.Message += fmt.Sprintf("; %s in %s:%d %s", a.By, a.Path, a.Line, does)
			return f
		}
	}
	return f
}

// byIndex is a field with the items of lists by their index, nil where the
// object has no such field.
func byIndex(n *yaml.Node, field overlay.Field) overlay.Field {
	var indexed overlay.Field
	for i, step := range field {
		if !overlay.IsItem(step) {
			indexed = indexed.Append(step)
			continue
		}
		list := (&overlay.Object{Node: n}).Lookup(field[:i])
		at := -1
		if list != nil {
			at = slices.Index(list.Content, (&overlay.Object{Node: n}).Lookup(field[:i+1]))
		}
		if at < 0 {
			return nil
		}
		indexed = indexed.Append(fmt.Sprintf("[%d]", at))
	}
	return indexed
}

// amend marks the findings of a build on fields that others change.
func (r *run) amend(additions []Addition) {
	if len(additions) == 0 {
		return
	}
	for i, f := range r.found {
		at := slices.IndexFunc(r.build.Objects, func(o *overlay.Object) bool { return o.Ref == f.Object })
		if at < 0 {
			continue
		}
		value := ""
		if n := r.build.Objects[at].Lookup(f.Field); n != nil && n.Kind == yaml.ScalarNode {
			value = n.Value
		}
		r.found[i] = amended(f, additions, byIndex(r.build.Objects[at].Node, f.Field), value)
	}
}

// amend marks the findings over several builds on fields that others change in
// each of the overlays that have them.
func (facts Facts) amend(found []Finding) {
	for i, f := range found {
		var last []Addition
		for _, dir := range f.Overlays {
			if last = facts.Additions[dir]; len(last) == 0 || amended(f, last, nil, f.Message).Severity == f.Severity {
				last = nil
				break
			}
		}
		found[i] = amended(f, last, nil, f.Message)
	}
}
