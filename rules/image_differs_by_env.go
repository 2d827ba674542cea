package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kustodian/kustodian/rules/overlay"
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
		named := map[string]imageEntry{}
		for _, entry := range slices.Backward(imageEntries(pass.Build)) {
			named[entry.newName()] = entry // what counts later comes last
		}
		for c := range pass.Containers() {
			i, ok := parseImage(c.Value("image"))
			if !ok || triggered(c) {
				continue
			}
			fact := imageFact{Place: pass.Place(c.Object, c.At("image")), Name: i.name, Tag: i.tag}
			if entry, renamed := named[i.name]; renamed {
				fact.Named = entry.at("newName")
			} else if by := fact.Place.Source.By; by == overlay.ByPatch || by == overlay.ByJSONPatch {
				fact.Named = fact.Place.Source
			}
			pass.Fact(fact)
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
	// Named is where an overlay names another image than its base, the zero
	// Source where none does.
	Named overlay.Source `json:"named"`
}

// key names the container as its source does, whatever overlay it is of.
func (i imageFact) key() string {
	return i.Place.Origin.Kind + "\x00" + i.Place.Origin.Name + "\x00" + container(i.Place.Field).String()
}

// at is the place of the image's name.
func (i imageFact) at() Place {
	place := i.Place
	if i.Named.Path != "" {
		place.Source = i.Named
	}
	return place
}

// made is the environment that the image is made for alone, and where that
// stands; "" for none.
func (i imageFact) made() (environment string, at Place) {
	if environment = environmentIn(i.Tag); environment != "" {
		return environment, i.Place
	}
	return environmentIn(repositoryPath(i.Name)), i.at()
}

// repositoryPath is the name of an image without its registry.
func repositoryPath(name string) string {
	host, rest, found := strings.Cut(name, "/")
	if found && strings.ContainsAny(host, ".:") || host == "localhost" {
		name = rest
	}
	return strings.TrimPrefix(name, "library/")
}

// mirrored reports whether two images are the same by another way: a registry
// that holds what another has, at the same path or below one of its own.
func mirrored(a, b string) bool {
	a, b = "/"+repositoryPath(a), "/"+repositoryPath(b)
	return strings.HasSuffix(a, b) || strings.HasSuffix(b, a)
}

// compareImages looks at one container in several overlays.
func compareImages(j *Joint, uses []Observed[imageFact]) {
	slices.SortFunc(uses, func(a, b Observed[imageFact]) int {
		return cmp.Or(cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.Overlay, b.Overlay))
	})
	var others []Observed[imageFact]
	for _, use := range uses {
		environment, at := use.Value.made()
		if environment == "" || !use.siblings(j, uses) {
			others = append(others, use)
			continue
		}
		image := strings.TrimSuffix(use.Value.Name+":"+use.Value.Tag, ":")
		j.Report(at, fmt.Sprintf("image %s is made for %s alone, so what the other environments test is not what runs there", image, environment), use.Overlay)
	}
	told := map[string]bool{}
	for i, use := range others {
		for _, other := range others[:i] {
			if other.Environment == use.Environment || mirrored(other.Value.Name, use.Value.Name) || !related(j, other.Overlay, use.Overlay) {
				continue
			}
			here, there := use, other // it stands where an overlay leaves its base
			if here.Value.Named.Path == "" && there.Value.Named.Path != "" {
				here, there = there, here
			}
			if !told[here.Overlay] {
				told[here.Overlay] = true
				j.Report(here.Value.at(), fmt.Sprintf("overlay %s runs %s, where %s runs %s: what one environment tests is not what the other runs",
					here.Overlay, here.Value.Name, there.Overlay, there.Value.Name), here.Overlay)
			}
			break
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
