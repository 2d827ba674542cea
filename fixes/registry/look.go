package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/time/rate"
)

// maxPlatforms bounds the images of an index. Go builds for some fifty
// platforms; an image for each, with its attestation, is a fifth of it.
const maxPlatforms = 500

// A paceKey is a host and whom it takes us for: registries count by that.
type paceKey struct {
	host string
	as   *Binding
}

func (c *Client) pace(key paceKey) *pace {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, ok := c.paces[key]; ok {
		return p
	}
	if c.paces == nil {
		c.paces = map[paceKey]*pace{}
	}
	limit := c.Rate
	if limit == 0 {
		limit = DefaultRate
	}
	p := &pace{slots: make(chan struct{}, maxAtOnce), limiter: rate.NewLimiter(rate.Limit(limit), maxAtOnce*maxRequests)}
	c.paces[key] = p
	return p
}

// look asks what a reference is, as a binding or, with nil, as anybody, and
// says how long the answer took. A host that asks for a pause within the
// question's time is asked once more.
func (c *Client) look(ctx context.Context, reference name.Reference, host string, as *Binding) (image Image, took time.Duration, err error) {
	if image, ok := c.recent.get(reference, as); ok {
		return image, 0, nil
	}
	pace := c.pace(paceKey{host, as})
	end, err := pace.begin(ctx)
	if err != nil {
		return Image{}, 0, fmt.Errorf("waiting to ask registry %s: %w", host, err)
	}
	defer end()
	began := time.Now()
	defer func() { took = time.Since(began) }()
	asking, cancel := context.WithTimeout(ctx, c.timeout())
	defer cancel()
	login, err := c.login(asking, reference, as)
	if err != nil {
		return Image{}, 0, err
	}
	image, err = c.lookAs(asking, reference, as, login, pace)
	var status *transport.Error
	if errors.As(err, &status) && status.Temporary() && !pace.resting().IsZero() {
		image, err = c.lookAs(asking, reference, as, login, pace)
	}
	if err == nil {
		c.recent.keep(reference, as, image)
	}
	if asking.Err() != nil && ctx.Err() == nil && err != nil {
		return Image{}, 0, context.DeadlineExceeded // whatever the library makes of it
	}
	return image, 0, err
}

// lookAs asks by HEAD what the tag names, which registries do not count as a
// pull, then reads the bytes that have that digest, unless it did so before.
func (c *Client) lookAs(ctx context.Context, reference name.Reference, as *Binding, login authn.Authenticator, pace *pace) (Image, error) {
	guard := &guard{client: c, host: reference.Context().RegistryStr(), pace: pace}
	puller, err := remote.NewPuller(
		remote.WithContext(ctx),
		remote.WithAuth(login),
		// A registry in trouble is asked again by the next run, not by this one.
		remote.WithTransport(guard),
		remote.WithRetryBackoff(remote.Backoff{Steps: 1}),
		remote.WithRetryStatusCodes(),
	)
	if err != nil {
		return Image{}, fmt.Errorf("asking for %s: %w", reference.Name(), err)
	}
	bytes := reference
	head, err := puller.Head(ctx, reference)
	switch {
	case err == nil && head.Digest.Algorithm == "sha256": // which every cluster reads
		bytes = reference.Context().Digest(head.Digest.String())
		if image, ok := c.recent.get(bytes, as); ok {
			return image, nil
		}
	case err != nil && final(err):
		return Image{}, err
	}
	// Some registries answer HEAD without a digest, or not at all.
	got, err := puller.Get(ctx, bytes)
	if err != nil {
		return Image{}, err
	}
	if guard.said != "" && guard.said != got.Digest.String() {
		return Image{}, &refusal{fmt.Sprintf("the answer's digest is %s, and its header says %s", got.Digest, guard.said)}
	}
	image, err := read(got)
	if err == nil {
		c.recent.keep(reference.Context().Digest(image.Digest), as, image)
	}
	return image, err
}

// final reports whether a GET would say the same.
func final(err error) bool {
	var status *transport.Error
	var refused *refusal
	var rest *restError
	return errors.As(err, &status) && status.StatusCode == http.StatusTooManyRequests ||
		errors.As(err, &refused) || errors.As(err, &rest) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// read reads what a tag names. It refuses what no cluster can run by digest:
// the digest of a manifest of schema 1 depends on its signature. What only
// describes the image may be missing.
func read(got *remote.Descriptor) (Image, error) {
	image := Image{Digest: got.Digest.String()}
	switch {
	case got.MediaType.IsIndex():
		index, err := got.ImageIndex()
		if err != nil {
			return image, err
		}
		listed, err := index.IndexManifest()
		if err != nil || len(listed.Manifests) == 0 || !ofKind(got.MediaType, listed.MediaType) {
			return image, &refusal{"what the tag names is an index that cannot be read"}
		}
		if n := len(listed.Manifests); n > maxPlatforms {
			return image, &refusal{fmt.Sprintf("the tag names an index of %d images, and none has more than %d", n, maxPlatforms)}
		}
		var first *v1.Descriptor
		for i, entry := range listed.Manifests {
			if entry.Platform == nil || entry.Platform.OS == "unknown" || !entry.MediaType.IsImage() {
				continue // an attestation, or an index in the index
			}
			image.Platforms = append(image.Platforms, word(entry.Platform.String()))
			if first == nil {
				first = &listed.Manifests[i]
			}
		}
		if first != nil {
			if one, err := index.Image(first.Digest); err == nil {
				describe(&image, one)
			}
		}
	case got.MediaType.IsImage():
		one, err := got.Image()
		if err != nil {
			return image, err
		}
		manifest, err := one.Manifest()
		if err != nil || manifest.Config.Digest.Hex == "" || !ofKind(got.MediaType, manifest.MediaType) {
			return image, &refusal{"what the tag names is an image that cannot be read"}
		}
		describe(&image, one)
	default:
		return image, &refusal{fmt.Sprintf("what the tag names is no image or index but %q", word(string(got.MediaType)))}
	}
	return image, nil
}

// ofKind reports whether bytes are of the kind that their answer says. Those of
// one kind that are read as another mean another image to somebody else.
func ofKind(answer, bytes types.MediaType) bool { return bytes == "" || bytes == answer }

// describe adds what the manifest and the configuration of one platform say.
func describe(image *Image, one v1.Image) {
	if manifest, err := one.Manifest(); err == nil {
		size := manifest.Config.Size
		for _, layer := range manifest.Layers {
			if layer.Size < 0 || size+layer.Size < size {
				size = 0
				break
			}
			size += layer.Size
		}
		image.Size = size
	}
	config, err := one.ConfigFile()
	if err != nil {
		return
	}
	if config.Created.Year() > 1980 && config.Created.Before(time.Now().AddDate(0, 0, 2)) { // reproducible builds say 1970 or 1980
		image.Created = config.Created.UTC()
	}
	if len(image.Platforms) == 0 && config.OS != "" && config.Architecture != "" {
		image.Platforms = []string{word((&v1.Platform{OS: config.OS, Architecture: config.Architecture, Variant: config.Variant}).String())}
	}
	image.Version = word(config.Config.Labels["org.opencontainers.image.version"])
	image.Revision = word(config.Config.Labels["org.opencontainers.image.revision"])
}

// maxWord is how much of what an image says of itself is shown.
const maxWord = 64

// word is one word that an image says of itself: "" for what is none.
func word(text string) string {
	if len(text) > maxWord || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return text
}
