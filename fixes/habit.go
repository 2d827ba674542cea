package fixes

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/kustodian/kustodian/rules/overlay"
)

// What stands for the object in the name of a patch file.
const (
	nameOfObject = "{name}"
	kindOfObject = "{kind}"
)

// habit is how the repository names its patch files, below the folder of a
// kustomization: "patches/{name}-{kind}.yaml". What the kustomization itself
// does counts before what its neighbours do, and they before the others.
func (p *Plan) habit(kustomization string) (string, error) {
	counts := map[string]int{}
	for _, o := range p.overlays {
		root, err := p.kustomization(o.File)
		var noFix *NoFix
		if errors.As(err, &noFix) || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		weight := 1
		switch {
		case o.File == kustomization:
			weight = 10_000
		case path.Dir(path.Dir(o.File)) == path.Dir(path.Dir(kustomization)):
			weight = 100
		}
		folder := path.Dir(o.File)
		for file := range filePatches(root, folder) {
			name, below := strings.CutPrefix(file, folder+"/")
			if folder == "." {
				name, below = file, true
			}
			roots, err := p.documents(file)
			if err != nil || !below || len(roots) != 1 || roots[0] == nil {
				continue
			}
			if template := templateOf(name, scalar(roots[0], "kind"), scalar(roots[0], "metadata", "name")); template != "" {
				counts[template] += weight
			}
		}
	}
	templates := sortedKeys(counts)
	slices.SortStableFunc(templates, func(a, b string) int { return cmp.Compare(counts[b], counts[a]) })
	if len(templates) == 0 {
		return nameOfObject + "-patch.yaml", nil
	}
	return templates[0], nil
}

// templateOf is the name of a patch file with its object left out, "" for a
// name that says nothing of the object.
func templateOf(file, kind, name string) string {
	kind = strings.ToLower(kind)
	folder, base := path.Split(file)
	switch {
	case kind == "" || name == "":
		return ""
	case strings.Contains(base, name):
		base = strings.Replace(base, name, nameOfObject, 1)
	case !strings.Contains(base, kind):
		return ""
	}
	return folder + strings.Replace(base, kind, kindOfObject, 1)
}

// freeName is the path of a new patch file of an object, by its topic too
// where the object's own is taken. Two fixes that make one text share it.
func (p *Plan) freeName(folder, habit string, origin overlay.ObjectRef, topic, text string) (string, error) {
	kind := strings.ToLower(origin.Kind)
	with := func(name, kind string) string {
		return strings.NewReplacer(nameOfObject, name, kindOfObject, kind).Replace(habit)
	}
	apart := with(origin.Name+"-"+topic, kind)
	if !strings.Contains(habit, nameOfObject) { // it fits one object of a kind
		apart = with(origin.Name, kind+"-"+topic)
	}
	return p.freeFile(folder, []string{with(origin.Name, kind), apart, origin.Name + "-" + topic + ".yaml"}, text)
}

// freeFile is the path of a new file, by the first of some names below a folder
// that nothing has. Two fixes that make one text share it.
func (p *Plan) freeFile(folder string, names []string, text string) (string, error) {
	for _, name := range names {
		file := path.Join(folder, name)
		if made, ok := p.read.made[file]; ok && made != text {
			continue
		}
		if _, err := p.Snapshot.ReadFile(file); errors.Is(err, fs.ErrNotExist) {
			p.read.made[file] = text
			return file, nil
		}
	}
	return "", &NoFix{ReasonConflict, fmt.Sprintf("In %s a name such as %s is taken.", folder, names[0])}
}
