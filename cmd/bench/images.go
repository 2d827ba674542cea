package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/kustodian/kustodian/fixes"
	resolve "github.com/kustodian/kustodian/fixes/registry"
)

// images is a registry on loopback that has every image it is asked for.
type images struct {
	server *httptest.Server

	mu sync.Mutex
	// resolvers are the ways to it, by the host that it stands for.
	resolvers map[string]*resolve.Resolver
}

func openImages() (*images, error) {
	return &images{
		server:    httptest.NewServer(registry.New(registry.Logger(slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)))),
		resolvers: map[string]*resolve.Resolver{},
	}, nil
}

func (i *images) Close() { i.server.Close() }

// answer puts the image into the registry and asks for its digest, as the
// product asks a registry of the world.
func (i *images) answer(ctx context.Context, q fixes.Question) fixes.Answer {
	reference, err := name.ParseReference(q.Image, name.WeakValidation)
	if err != nil {
		return fixes.Answer{Error: err.Error()}
	}
	if err := i.push(ctx, reference); err != nil {
		return fixes.Answer{Error: err.Error()}
	}
	host := reference.Context().RegistryStr()
	if host == name.DefaultRegistry {
		host = "docker.io"
	}
	image, err := i.resolver(host).Resolve(ctx, q.Image, "")
	if err != nil {
		return fixes.Answer{Error: err.Error()}
	}
	return fixes.Answer{Digest: image.Digest}
}

func (i *images) resolver(host string) *resolve.Resolver {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.resolvers[host] == nil {
		loopback := strings.TrimPrefix(i.server.URL, "http://")
		client := &resolve.Client{Mirrors: []resolve.Mirror{{Of: host, At: loopback, Trusted: true}}, PlainHTTP: true, Rate: 1e6}
		i.resolvers[host] = client.For(resolve.Asker{})
	}
	return i.resolvers[host]
}

// hosts are the registries that it was asked for.
func (i *images) hosts() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Sorted(maps.Keys(i.resolvers))
}

// push puts an image into the registry, one whose digest is its name's own.
func (i *images) push(ctx context.Context, reference name.Reference) error {
	to, err := name.ParseReference(strings.TrimPrefix(i.server.URL, "http://")+"/"+reference.Context().RepositoryStr()+":"+reference.Identifier(), name.Insecure)
	if err != nil {
		return fmt.Errorf("naming %s on loopback: %w", reference, err)
	}
	config, err := empty.Image.ConfigFile()
	if err != nil {
		return err
	}
	config.Author = reference.Context().RepositoryStr() + ":" + reference.Identifier()
	built, err := mutate.ConfigFile(empty.Image, config)
	if err != nil {
		return err
	}
	if err := remote.Write(to, built, remote.WithContext(ctx), remote.WithTransport(http.DefaultTransport)); err != nil {
		return fmt.Errorf("pushing %s: %w", reference, err)
	}
	return nil
}
