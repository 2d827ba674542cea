package fixes

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// liftEnv moves literal configuration out of a container into a generated
// ConfigMap, which each overlay can change by one line. The generator's hash
// stays on, so that a changed value still rolls the pods.
var liftEnv = Recipe{
	Rules: []string{"env-config-literal"},
	Title: "Move configuration from the environment into a ConfigMap",
	Plan:  planLift,
}

// A lift is the move of some names of one container.
type lift struct {
	*Plan
	said      place    // of the list of variables that introduces them
	owner     string   // the kustomization that the list is read by
	generator string   // name of the ConfigMap
	names     []string // in the order of the list
	uses      []use
	to        *fileChanges
	literals  map[string][]literal // by kustomization, what its generator gets
	patches   map[string]string    // patch files that lose variables, with who lists them
	changes   []Change
}

// A literal is a name and its value, as one kustomization says it.
type literal struct {
	name, value string
}

func planLift(ctx context.Context, p *Plan) (*Fix, error) {
	l := &lift{Plan: p, to: newChanges(), literals: map[string][]literal{}, patches: map[string]string{}}
	if err := l.find(ctx); err != nil {
		return nil, err
	}
	fingerprints, err := l.choose(ctx)
	if err != nil {
		return nil, err
	}
	var all []reached
	for _, u := range l.uses {
		// The move leaves every environment as it is, so it may reach them all.
		all = append(all, reached{use: u, wants: "moved", gets: "moved", changed: u.field.Append("env")})
	}
	_, inSteps := p.firstStep(l.said.file, all)
	// Its other values stand in the list that it leaves, so it moves at once.
	whole := *p
	whole.Policy.Staged = false
	layers, err := whole.layer(ctx, overlay.Source{Path: l.said.file, By: l.said.by}, all, p.editable(l.said.file))
	if err != nil {
		return nil, err
	}
	if !layers[0].atSource {
		return nil, p.editable(l.said.file)
	}
	if err := l.refer(); err != nil {
		return nil, err
	}
	for _, u := range l.uses {
		if err := l.liftOverlay(ctx, u); err != nil {
			return nil, err
		}
	}
	if err := p.dropEmpty(l.to, l.patches); err != nil {
		return nil, err
	}
	for _, kustomization := range sortedKeys(l.literals) {
		if err := l.generate(kustomization, kustomization != l.owner); err != nil {
			return nil, err
		}
	}
	files, err := l.to.files(p)
	if err != nil {
		return nil, err
	}
	notes, err := l.notes()
	if err != nil {
		return nil, err
	}
	if inSteps != "" {
		notes = append(notes, "It restarts production together with the others: a variable that moved for one overlay alone would have two values there.")
	}
	return &Fix{Fingerprints: fingerprints, Files: files, Layers: layers, Notes: notes,
		Intent: Intent{Changes: l.changes, Environment: true}}, nil
}

// find finds the list that introduces the finding's variable, the
// kustomization that reads it, and the builds that show the container.
func (l *lift) find(ctx context.Context) error {
	build, object := l.found()
	if object == nil {
		return &NoFix{ReasonNotPlaced, fmt.Sprintf("No overlay shows %s.", l.Finding.Origin)}
	}
	if !slices.Contains(namesFollow, object.Ref.Kind) {
		return &NoFix{ReasonNoRecipe, fmt.Sprintf("Kustomize does not put the generated name of a ConfigMap into a %s, so the pods would not find it.", object.Ref.Kind)}
	}
	said, err := l.introduces(ctx, build, object, l.Finding.Field)
	if err != nil {
		return err
	}
	l.said = said
	if err := l.Reach(ctx, said.file); err != nil {
		return err
	}
	if l.uses, err = l.sameContainer(said.file); err != nil {
		return err
	}
	switch {
	case said.block != nil:
		l.owner = said.file
	case said.by == overlay.ByPatch:
		l.owner, err = l.lister(said.file, patchLists...)
	default:
		l.owner, err = l.lister(said.file, "resources")
	}
	if err != nil {
		return err
	}
	l.generator = l.Finding.Origin.Name
	if name := containerName(l.Finding.Field); l.others() && name != l.generator {
		l.generator += "-" + name
	}
	if said.by == overlay.ByPatch {
		// The workload's own kustomization may lift others of its variables.
		l.generator += "-" + path.Base(path.Dir(l.owner))
	}
	l.generator += "-env"
	return l.Reach(ctx, l.owner)
}

// namesFollow are the kinds in whose environment kustomize follows generated
// names: api/internal/konfig/builtinpluginconsts/namereference.go.
var namesFollow = []string{"Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "Job", "CronJob", "ReplicationController"}

// others reports whether other containers of the object have findings too.
func (l *lift) others() bool {
	return slices.ContainsFunc(l.beside(), func(f rules.Finding) bool {
		return containerName(f.Field) != containerName(l.Finding.Field)
	})
}

// beside are the other findings at the workload, in any overlay that shows it
// as the same file says it.
func (l *lift) beside() []rules.Finding {
	out := slices.Clone(l.Others)
	for _, f := range l.Elsewhere {
		shown := func(path string) bool {
			return slices.ContainsFunc(l.uses, func(u use) bool { return u.build.Overlay == path })
		}
		if !slices.ContainsFunc(f.Overlays, func(o string) bool { return !shown(o) }) {
			out = append(out, f)
		}
	}
	return out
}

// introduces is the list of variables that introduces the one at a field.
func (l *lift) introduces(ctx context.Context, build *overlay.Build, object *overlay.Object, field overlay.Field) (place, error) {
	source, err := build.Explain(ctx, object, field)
	if err != nil {
		return place{}, err
	}
	if len(source.Via) > 0 {
		source = source.Via[len(source.Via)-1]
	}
	value, err := l.locate(source)
	if err != nil {
		return place{}, err
	}
	n := len(value.path)
	if n < 3 || value.path[n-1] != "value" || value.path[n-3] != "env" || source.By != overlay.ByResource && source.By != overlay.ByPatch {
		return place{}, &NoFix{ReasonNotPlaced, fmt.Sprintf("%s is set by %s at %s, which cannot be moved.", envName(field), source.By, source)}
	}
	if value.block != nil {
		return l.inBlock(value, n-2)
	}
	roots, err := l.documents(value.file)
	if err != nil {
		return place{}, err
	}
	list := place{file: value.file, by: value.by, document: value.document, node: roots[value.document]}
	return list.below(value.path[:n-2]...), nil
}

// inBlock is the place of the first steps of one inside an inline patch.
func (p *Plan) inBlock(s place, steps int) (place, error) {
	roots, err := p.documents(s.file)
	if err != nil {
		return place{}, err
	}
	inner, err := documents([]byte(follow(roots[s.document], s.block).Value))
	if err != nil {
		return place{}, refused(s.file, err)
	}
	out := place{file: s.file, by: s.by, document: s.document, block: s.block, inner: s.inner, node: inner[s.inner]}
	return out.below(s.path[:steps]...), nil
}

// choose sets the names that move: the finding's own, and those of the other
// findings of its container that can, so that one generator takes them all.
func (l *lift) choose(ctx context.Context) ([]string, error) {
	own := envName(l.Finding.Field)
	if err := l.mayMove(own); err != nil {
		return nil, err
	}
	wanted := map[string][]string{own: {l.Finding.Fingerprint}}
	container := l.Finding.Field[:slices.Index(l.Finding.Field, "env")]
	for _, other := range l.beside() {
		name := envName(other.Field)
		if name == "" || !isIn(container, other.Field) || l.mayMove(name) != nil {
			continue
		}
		same, err := l.sameList(ctx, other)
		if err != nil {
			return nil, err
		}
		if same {
			wanted[name] = append(wanted[name], other.Fingerprint)
		}
	}
	var fingerprints []string
	for _, item := range items(l.said.node) {
		if found, ok := wanted[scalar(item, "name")]; ok {
			l.names = append(l.names, scalar(item, "name"))
			fingerprints = append(fingerprints, found...)
		}
	}
	slices.Sort(fingerprints)
	return fingerprints, nil
}

// sameList reports whether the variable of another finding is introduced by the
// same list.
func (l *lift) sameList(ctx context.Context, other rules.Finding) (bool, error) {
	i := slices.IndexFunc(l.uses, func(u use) bool { return slices.Contains(other.Overlays, u.build.Overlay) })
	if i < 0 {
		return false, nil
	}
	list, err := l.introduces(ctx, l.uses[i].build, l.uses[i].object, other.Field)
	var noFix *NoFix
	if errors.As(err, &noFix) {
		return false, nil
	}
	return err == nil && list.node != nil && list.file == l.said.file && list.document == l.said.document &&
		slices.Equal(list.block, l.said.block) && slices.Equal(list.path, l.said.path), err
}

// envName is the name of the variable that a field is in, "" for none.
func envName(field overlay.Field) string {
	for i, step := range field {
		if i > 0 && field[i-1] == "env" {
			_, name, _ := itemKey(step)
			return name
		}
	}
	return ""
}

// mayMove returns a *NoFix where a variable cannot move, by any of its values.
func (l *lift) mayMove(name string) error {
	switch {
	case l.said.node == nil || itemOf(l.said.node, "name", name) == nil:
		return &NoFix{ReasonNotPlaced, fmt.Sprintf("%s does not say %s by its name.", l.said.file, name)}
	case listKey(l.said.node) != "name":
		return &NoFix{ReasonNotPlaced, fmt.Sprintf("%s says a variable of the container twice, so their names do not tell them apart.", l.said.file)}
	}
	for _, u := range l.uses {
		list := child(u.node, "env")
		if list == nil || itemOf(list, "name", name) == nil {
			return &NoFix{ReasonSpreads, fmt.Sprintf("Overlay %s takes %s away, so it stays where that patch finds it.", u.build.Overlay, name)}
		}
		if err := movable(u.build.Overlay, name, itemOf(list, "name", name)); err != nil {
			return err
		}
	}
	return nil
}

// movable returns a *NoFix where one value of a variable cannot move.
func movable(overlay, name string, item *yaml.Node) error {
	value := child(item, "value")
	switch {
	case value == nil || child(item, "valueFrom") != nil:
		return &NoFix{ReasonUnknownUse, fmt.Sprintf("In overlay %s %s is no literal.", overlay, name)}
	case secretLike(name, value.Value):
		return &NoFix{ReasonSecret, fmt.Sprintf("%s looks like a secret, which never moves into a ConfigMap; keep it in a Secret.", name)}
	case strings.Contains(value.Value, "$"):
		return &NoFix{ReasonUnknownUse, fmt.Sprintf("The value of %s has a $, which is expanded in a container and is not in a ConfigMap.", name)}
	case strings.TrimSpace(value.Value) != value.Value || strings.Trim(value.Value, `"'`) != value.Value || strings.Contains(value.Value, "\n"):
		return &NoFix{ReasonText, fmt.Sprintf("The value of %s has quotes, blanks at an end or several lines, which a generator's literal does not keep.", name)}
	}
	return nil
}

// refer makes the list of variables refer to the ConfigMap: key by key, or all
// of it at once where the repository asks for that.
func (l *lift) refer() error {
	for _, name := range l.names {
		i, item := indexOf(items(l.said.node), name)
		l.say(l.owner, name, scalar(item, "value"))
		at := l.said.below(i)
		if l.fromEnv() {
			l.to.add(l.said.file, at.remove())
			continue
		}
		edit, err := at.add("valueFrom", l.keyRef(l.generator, name))
		if err != nil {
			return err
		}
		l.to.add(l.said.file, edit, at.below("value").remove())
	}
	if !l.fromEnv() {
		return nil
	}
	container := l.said
	container.path = container.path[:len(container.path)-1]
	container.node = l.said.parent
	from := &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{envFrom(l.generator)}}
	if child(container.node, "envFrom") != nil {
		edit, err := container.below("envFrom").append(from.Content[0])
		l.to.add(l.said.file, edit)
		return err
	}
	edit, err := container.add("envFrom", from)
	l.to.add(l.said.file, edit)
	return err
}

func (l *lift) keyRef(generator, key string) *yaml.Node {
	out := &yaml.Node{Kind: yaml.MappingNode}
	set(out, generator, "configMapKeyRef", "name")
	set(out, key, "configMapKeyRef", "key")
	return out
}

func envFrom(generator string) *yaml.Node {
	out := &yaml.Node{Kind: yaml.MappingNode}
	set(out, generator, "configMapRef", "name")
	return out
}

// fromEnv reports whether the container is to take the whole ConfigMap.
func (l *lift) fromEnv() bool { return l.Policy.Env == EnvFrom }

// say gives a kustomization's generator a value; a later one of a name wins.
func (l *lift) say(kustomization, name, value string) {
	for i, known := range l.literals[kustomization] {
		if known.name == name {
			l.literals[kustomization][i].value = value
			return
		}
	}
	l.literals[kustomization] = append(l.literals[kustomization], literal{name, value})
}
