package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// A Mirror is a registry, or a part of one, that has the images of another.
type Mirror struct {
	// Name is what a repository's configuration picks it by. A mirror without a
	// name is asked for every repository that picks no other.
	Name string
	// Of is the registry that it mirrors, such as "docker.io", or a part of it,
	// such as "ghcr.io/acme".
	Of string
	// At is where it is, such as "mirror.example.com/hub": its images are named
	// behind that as behind Of.
	At string
	// Trusted is set where its word is enough. What any other says is believed
	// only where the origin, or a trusted mirror of it, says the same.
	Trusted bool
}

func (m Mirror) host() string {
	host, _, _ := strings.Cut(m.At, "/")
	return host
}

// mirrorOf is the mirror through which a reference is asked, nil for none, and
// the reference at its origin: one that the reference itself names, else the
// one that the repository picks, else one without a name.
func (r *Resolver) mirrorOf(reference name.Reference, picked string) (*Mirror, name.Reference, error) {
	var chosen *Mirror
	known := picked == ""
	for _, m := range r.mirrors() {
		known = known || m.Name == picked
		if rest, ok := below(reference, m.At); ok {
			origin, err := at(m.Of, rest, reference)
			return &m, origin, err
		}
		if _, ok := below(reference, m.Of); ok && (chosen == nil && m.Name == "" || m.Name == picked && (chosen == nil || chosen.Name != picked)) {
			chosen = &m
		}
	}
	if !known {
		return nil, nil, fmt.Errorf("there is no mirror %q; the operator and the organisation name %s", picked, namesOf(r.mirrors()))
	}
	return chosen, reference, nil
}

// mirrors are the operator's, then those of the run's organisation.
func (r *Resolver) mirrors() []Mirror {
	all := slices.Clone(r.client.Mirrors)
	for _, m := range r.asker.Mirrors {
		m.Trusted = false
		all = append(all, m)
	}
	return all
}

func namesOf(mirrors []Mirror) string {
	var names []string
	for _, m := range mirrors {
		if m.Name != "" {
			names = append(names, m.Name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// viaMirror asks a mirror. What one says that is not trusted counts where a
// trusted mirror of its origin says the same, or the origin where none answers.
func (r *Resolver) viaMirror(ctx context.Context, image string, m Mirror, origin name.Reference) (Image, error) {
	said, err := r.askMirror(ctx, image, m, origin)
	if err != nil || m.Trusted {
		return said, err
	}
	other, by, err := r.trusted(ctx, image, origin)
	switch {
	case err != nil:
		return Image{}, fmt.Errorf("the mirror %s says that %s is %s, and nobody whom the operator trusts says the same: %w", m.At, image, said.Digest, err)
	case other.Digest != said.Digest:
		return Image{}, fmt.Errorf("the mirror %s says that %s is %s, and %s says %s", m.At, image, said.Digest, by, other.Digest)
	}
	return said, nil
}

// trusted is what the first says that is trusted with a reference and answers:
// the operator's mirrors of it, then itself.
func (r *Resolver) trusted(ctx context.Context, image string, origin name.Reference) (said Image, by string, err error) {
	for _, m := range r.client.Mirrors {
		if _, ok := below(origin, m.Of); !ok || !m.Trusted {
			continue
		}
		if said, err := r.askMirror(ctx, image, m, origin); err == nil || ctx.Err() != nil {
			return said, "the mirror " + m.At, err
		}
	}
	said, err = r.ask(ctx, image, origin)
	return said, "its origin " + hostOf(origin), err
}

// askMirror asks a mirror for what is at its origin.
func (r *Resolver) askMirror(ctx context.Context, image string, m Mirror, origin name.Reference) (Image, error) {
	rest, _ := below(origin, m.Of)
	reference, err := at(m.At, rest, origin)
	if err != nil {
		return Image{}, err
	}
	return r.ask(ctx, image, reference)
}

// below is what follows a registry, or a part of one, in the name of a
// reference's repository.
func below(reference name.Reference, place string) (rest string, ok bool) {
	return strings.CutPrefix(hostOf(reference)+"/"+reference.Context().RepositoryStr(), strings.TrimSuffix(place, "/")+"/")
}

// at is the reference's tag or digest of a repository at another place.
func at(place, repository string, reference name.Reference) (name.Reference, error) {
	text := strings.TrimSuffix(place, "/") + "/" + repository
	if _, ok := reference.(name.Digest); ok {
		text += "@" + reference.Identifier()
	} else {
		text += ":" + reference.Identifier()
	}
	moved, err := name.ParseReference(text, name.WeakValidation)
	if err != nil {
		return nil, fmt.Errorf("%s at %s: %w", reference, place, err)
	}
	return moved, nil
}
