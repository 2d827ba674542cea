package rules

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

var _ = add(Rule{
	ID:        "image-differs-by-env",
	Title:     "an image of its own for an environment",
	Why:       "What was tested in one environment is not what runs in the next.",
	Write:     "one image for all environments, and the difference in its configuration",
	Severity:  Warning,
	Practices: []int{2},
	Check: func(pass *Pass) {
		if pass.Build.Environment == "" {
			return
		}
		for c := range pass.Containers() {
			if i, ok := parseImage(c.Value("image")); ok && !triggered(c) {
				pass.Fact(imageFact{Place: pass.Place(c.Object, c.At("image")), Name: i.name, Tag: i.tag})
			}
		}
	},
	Join: func(j *Joint) {
		uses := map[string][]Observed[imageFact]{}
		for _, o := range observed[imageFact](j, j.Head) {
			key := o.Value.key()
			uses[key] = append(uses[key], o)
		}
		for _, use := range uses {
			compareImages(j, use)
		}
	},
})

// An imageFact is the image of a container in an environment.
type imageFact struct {
	Place Place  `json:"place"`
	Name  string `json:"name"`
	Tag   string `json:"tag,omitempty"`
}

// key names the container as its source does, whatever overlay it is of.
func (i imageFact) key() string {
	return i.Place.Origin.Kind + "\x00" + i.Place.Origin.Name + "\x00" + container(i.Place.Field).String()
}

// compareImages looks at one container in several overlays.
func compareImages(j *Joint, uses []Observed[imageFact]) {
	slices.SortFunc(uses, func(a, b Observed[imageFact]) int {
		return cmp.Or(cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.Overlay, b.Overlay))
	})
	for i, use := range uses {
		image := use.Value
		for _, carried := range []string{image.Tag, path.Base(image.Name)} {
			if environment := environmentIn(carried); environment != "" && use.siblings(j, uses) {
				j.Report(image.Place, fmt.Sprintf("%s is an image made for %s alone", strings.TrimSuffix(image.Name+":"+image.Tag, ":"), environment), use.Overlay)
				break
			}
		}
		for _, other := range uses[:i] {
			if other.Environment != use.Environment && path.Base(other.Value.Name) != path.Base(image.Name) && related(j, other.Overlay, use.Overlay) {
				j.Report(image.Place, fmt.Sprintf("overlay %s runs %s, and %s runs %s here", use.Overlay, image.Name, other.Overlay, other.Value.Name), use.Overlay)
				break
			}
		}
	}
}

// siblings reports whether another environment runs the container too.
func (o Observed[T]) siblings(j *Joint, all []Observed[T]) bool {
	return slices.ContainsFunc(all, func(other Observed[T]) bool {
		return other.Environment != o.Environment && related(j, o.Overlay, other.Overlay)
	})
}

// related reports whether two overlays build on the same folder.
func related(j *Joint, a, b string) bool {
	x, y := j.overlay(a), j.overlay(b)
	return x != nil && y != nil && slices.ContainsFunc(x.Refers, func(dir string) bool { return slices.Contains(y.Refers, dir) })
}
