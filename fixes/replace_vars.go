package fixes

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// A varUse is a field of an object that a variable of a kustomization is put into.
type varUse struct {
	object overlay.ObjectRef // as its source document names it
	field  overlay.Field
	text   string // as written, with $(NAME) in it
}

// replaceVars writes the variables of a kustomization as replacements, which
// set fields instead of putting texts together. Where there are none yet, each
// stands where its variable did, with the comments above it.
func (p *Plan) replaceVars(ctx context.Context, old place) ([]Edit, error) {
	uses, err := p.varUses(ctx, old)
	if err != nil {
		return nil, err
	}
	var edits []Edit
	inPlace := child(old.parent, "replacements") == nil
	for i, entry := range items(old.node) {
		targets, err := targetsOf(scalar(entry, "name"), uses)
		if err != nil {
			return nil, err
		}
		source, err := sourceOf(entry)
		if err != nil {
			return nil, err
		}
		replacement := &yaml.Node{Kind: yaml.MappingNode}
		put(replacement, source, "source")
		put(replacement, targets, "targets")
		at, now := old.below(i), old.below(i)
		now.path[0] = "replacements" // what goes, goes last
		var more []Edit
		switch {
		case len(targets.Content) == 0 && inPlace:
			more = []Edit{now.remove()} // nothing uses it
		case len(targets.Content) == 0:
		case inPlace:
			more, err = at.become(now, replacement)
		default:
			var edit Edit
			edit, err = place{file: old.file, path: []any{"replacements"}}.append(replacement)
			more = []Edit{edit}
		}
		if err != nil {
			return nil, err
		}
		edits = append(edits, more...)
	}
	used := slices.ContainsFunc(edits, func(e Edit) bool { return e.Op != opRemove })
	switch {
	case !inPlace:
		edits = append(edits, old.remove())
	case used:
		edits = append(edits, old.rename("replacements"))
	default:
		edits = []Edit{old.remove()}
	}
	return edits, p.keepsComments(old, edits)
}

// become are the edits that give a mapping the keys of another in place of its
// own; then is where it stands when they are there.
func (s place) become(then place, now *yaml.Node) ([]Edit, error) {
	var edits []Edit
	for i := 0; i+1 < len(now.Content); i += 2 {
		edit, err := s.add(now.Content[i].Value, now.Content[i+1])
		if err != nil {
			return nil, err
		}
		edits = append(edits, edit)
	}
	for i := 0; i+1 < len(s.node.Content); i += 2 {
		edits = append(edits, then.below(s.node.Content[i].Value).remove())
	}
	return edits, nil
}

var comment = regexp.MustCompile(`(?m)(^|\s)#.*$`)

// keepsComments returns a *NoFix where edits lose a comment of a field.
func (p *Plan) keepsComments(field place, edits []Edit) error {
	said, err := p.lines(field)
	if err != nil {
		return err
	}
	src, err := p.Snapshot.ReadFile(field.file)
	if err != nil {
		return fmt.Errorf("reading %s: %w", field.file, err)
	}
	after, err := edited(field.file, src, edits)
	if err != nil {
		return err
	}
	for _, text := range comment.FindAll(said, -1) {
		if text = bytes.TrimSpace(text); bytes.Count(after.Bytes, text) < bytes.Count(src, text) {
			return &NoFix{ReasonText, fmt.Sprintf("The comment %q in %s of %s would be lost.", text, field.path[0], field.file)}
		}
	}
	return nil
}

// varUses are the fields that read otherwise in a build without the variables.
func (p *Plan) varUses(ctx context.Context, old place) ([]varUse, error) {
	src, err := p.Snapshot.ReadFile(old.file)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", old.file, err)
	}
	bare, err := edited(old.file, src, []Edit{old.remove()})
	if err != nil {
		return nil, err
	}
	var uses []varUse
	for _, name := range sortedKeys(p.Builds) {
		without, err := p.Snapshot.Change(map[string][]byte{old.file: bare.Bytes}).Build(ctx, name)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			return nil, &NoFix{ReasonNotBuilt, fmt.Sprintf("Overlay %s does not build without its variables, so where they are used cannot be seen.", name)}
		}
		for _, pair := range pairs(without, p.Builds[name]) {
			if pair.before == nil || pair.after == nil {
				return nil, &NoFix{ReasonNoEvidence, fmt.Sprintf("A variable is part of the name of %s.", pair.ref)}
			}
			i := slices.IndexFunc(without.Objects, func(o *overlay.Object) bool { return o.Node == pair.before.built })
			compare(nil, pair.before.built, pair.after.built, func(field overlay.Field, before, _ *yaml.Node) {
				use := varUse{object: without.Objects[i].Origin, field: field}
				if before != nil {
					use.text = before.Value
				}
				if !slices.ContainsFunc(uses, func(other varUse) bool {
					return other.object == use.object && other.text == use.text && slices.Equal(other.field, use.field)
				}) {
					uses = append(uses, use)
				}
			})
		}
	}
	return uses, nil
}

// targetsOf are the uses of a variable as targets of a replacement: the whole
// field, or each part of it between two delimiters.
func targetsOf(name string, uses []varUse) (*yaml.Node, error) {
	list := &yaml.Node{Kind: yaml.SequenceNode}
	reference := "$(" + name + ")"
	for _, use := range uses {
		count := strings.Count(use.text, reference)
		if count == 0 {
			continue
		}
		delimiter, parts := "", []int{0}
		if use.text != reference {
			if delimiter, parts = parted(use.text, reference); len(parts) < count {
				return nil, &NoFix{ReasonNoEvidence, fmt.Sprintf("Nothing parts %s from the rest of %s of %s, as a replacement needs it.", reference, use.field, use.object)}
			}
		}
		for _, index := range parts {
			target := &yaml.Node{Kind: yaml.MappingNode}
			set(target, use.object.Kind, "select", "kind")
			set(target, use.object.Name, "select", "name")
			at := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: pathOf(use.field)}
			put(target, &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{at}}, "fieldPaths")
			if delimiter != "" {
				set(target, delimiter, "options", "delimiter")
				setInt(target, index, "options", "index")
			}
			list.Content = append(list.Content, target)
		}
	}
	return list, nil
}

// parted is a delimiter between which a text has a part, and where the part is:
// the delimiter that sets it off most often.
func parted(text, part string) (delimiter string, indexes []int) {
	for _, d := range []string{"/", ":", "@", ",", "=", ".", "-", " "} {
		var found []int
		for i, other := range strings.Split(text, d) {
			if other == part {
				found = append(found, i)
			}
		}
		if len(found) > len(indexes) {
			delimiter, indexes = d, found
		}
	}
	return delimiter, indexes
}

// plainPath is a path of fields that variables and replacements read alike.
var plainPath = regexp.MustCompile(`^[\w-]+(\.[\w-]+)*$`)

// sourceOf is the source of a replacement that reads what a variable does.
func sourceOf(entry *yaml.Node) (*yaml.Node, error) {
	at := scalar(entry, "fieldref", "fieldpath")
	if at == "" {
		at = "metadata.name"
	}
	if !plainPath.MatchString(at) {
		return nil, &NoFix{ReasonNoEvidence, fmt.Sprintf("The path %s of variable %s is not one that replacements read alike.", at, scalar(entry, "name"))}
	}
	source := &yaml.Node{Kind: yaml.MappingNode}
	for _, key := range []string{"kind", "name", "namespace"} {
		if value := scalar(entry, "objref", key); value != "" {
			set(source, value, key)
		}
	}
	set(source, at, "fieldPath")
	return source, nil
}

// pathOf is a field as replacements say it.
func pathOf(field overlay.Field) string {
	steps := make([]string, len(field))
	for i, step := range field {
		switch _, _, keyed := itemKey(step); {
		case keyed:
			steps[i] = step
		case overlay.IsItem(step):
			steps[i] = strings.Trim(step, "[]")
		default:
			steps[i] = strings.ReplaceAll(step, ".", `\.`)
		}
	}
	return strings.Join(steps, ".")
}
