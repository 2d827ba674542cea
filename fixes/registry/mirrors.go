package registry

import (
	"context"
	"fmt"
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
func (c *Client) mirrorOf(reference name.Reference, picked string) (*Mirror, name.Reference, error) {
	var chosen *Mirror
	known := picked == ""
	for i, m := range c.Mirrors {
		known = known || m.Name == picked
		if rest, ok := below(reference, m.At); ok {
			origin, err := at(m.Of, rest, reference)
			return &c.Mirrors[i], origin, err
		}
		if _, ok := below(reference, m.Of); ok && (m.Name == picked || m.Name == "" && chosen == nil) {
			chosen = &c.Mirrors[i]
		}
	}
	if !known {
		return nil, nil, fmt.Errorf("there is no mirror %q; the operator names %s", picked, c.mirrorNames())
	}
	return chosen, reference, nil
}

func (c *Client) mirrorNames() string {
	var names []string
	for _, m := range c.Mirrors {
		if m.Name != "" {
			names = append(names, m.Name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// viaMirror asks a mirror. What one says that is not trusted counts where its
// origin says the same, or a trusted mirror of that.
func (r *Resolver) viaMirror(ctx context.Context, image string, m Mirror, origin name.Reference) (Image, error) {
	said, err := r.askMirror(ctx, image, m, origin)
	if err != nil || m.Trusted {
		return said, err
	}
	other, by := Image{}, "its origin "+hostOf(origin)
	other, err = r.ask(ctx, image, origin)
	for _, trusted := range r.client.Mirrors {
		if _, ok := below(origin, trusted.Of); err == nil || ctx.Err() != nil || !trusted.Trusted || !ok {
			continue
		}
		if confirmed, failed := r.askMirror(ctx, image, trusted, origin); failed == nil {
			other, by, err = confirmed, "the mirror "+trusted.At, nil
		}
	}
	switch {
	case err != nil:
		return Image{}, fmt.Errorf("the mirror %s says that %s is %s, and nobody whom the operator trusts says the same: %w", m.At, image, said.Digest, err)
	case other.Digest != said.Digest:
		return Image{}, fmt.Errorf("the mirror %s says that %s is %s, and %s says %s", m.At, image, said.Digest, by, other.Digest)
	}
	return said, nil
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
