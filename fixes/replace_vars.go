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
// set fields instead of putting texts together.
func (p *Plan) replaceVars(ctx context.Context, old place) ([]Edit, error) {
	said, err := p.lines(old)
	if err != nil {
		return nil, err
	}
	if bytes.ContainsRune(said, '#') {
		return nil, &NoFix{ReasonText, fmt.Sprintf("The comments in %s of %s would be lost.", old.path[0], old.file)}
	}
	uses, err := p.varUses(ctx, old)
	if err != nil {
		return nil, err
	}
	var edits []Edit
	for _, entry := range items(old.node) {
		targets, err := targetsOf(scalar(entry, "name"), &uses)
		if err != nil {
			return nil, err
		}
		source, err := sourceOf(entry)
		if err != nil {
			return nil, err
		}
		if len(targets.Content) == 0 {
			continue // nothing uses it
		}
		replacement := &yaml.Node{Kind: yaml.MappingNode}
		put(replacement, source, "source")
		put(replacement, targets, "targets")
		edit, err := place{file: old.file, path: []any{"replacements"}}.append(replacement)
		if err != nil {
			return nil, err
		}
		edits = append(edits, edit)
	}
	if len(uses) > 0 {
		return nil, &NoFix{ReasonNoEvidence, fmt.Sprintf("%s of %s has more than one variable in %q.", uses[0].field, uses[0].object, uses[0].text)}
	}
	return append(edits, old.remove()), nil
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

// targetsOf takes the uses of a variable out of all, as targets of a replacement:
// the whole field, or the part of it between two delimiters.
func targetsOf(name string, uses *[]varUse) (*yaml.Node, error) {
	list := &yaml.Node{Kind: yaml.SequenceNode}
	reference := "$(" + name + ")"
	var rest []varUse
	for _, use := range *uses {
		if !strings.Contains(use.text, reference) || strings.Count(use.text, "$(") > 1 {
			rest = append(rest, use)
			continue
		}
		target := &yaml.Node{Kind: yaml.MappingNode}
		set(target, use.object.Kind, "select", "kind")
		set(target, use.object.Name, "select", "name")
		at := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: pathOf(use.field)}
		put(target, &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{at}}, "fieldPaths")
		if use.text != reference {
			delimiter, index := parted(use.text, reference)
			if delimiter == "" {
				return nil, &NoFix{ReasonNoEvidence, fmt.Sprintf("Nothing parts %s from the rest of %s of %s, as a replacement needs it.", reference, use.field, use.object)}
			}
			set(target, delimiter, "options", "delimiter")
			setInt(target, index, "options", "index")
		}
		list.Content = append(list.Content, target)
	}
	*uses = rest
	return list, nil
}

// parted is a delimiter between which a text has a part, and the part's index.
func parted(text, part string) (delimiter string, index int) {
	for _, delimiter := range []string{"/", ":", "@", ",", "=", ".", "-", " "} {
		if i := slices.Index(strings.Split(text, delimiter), part); i >= 0 {
			return delimiter, i
		}
	}
	return "", 0
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
