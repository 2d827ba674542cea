package mirror

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	nethttp "net/http"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/http"

	"github.com/kustodian/kustodian/fixes/registry/dial"
	"github.com/kustodian/kustodian/rules/overlay"
)

// session opens the repository of a base for reading, by a client that knows
// neither proxy nor other host. Close the client's connections in the end.
func (r *Remotes) session(ctx context.Context, asker Asker, base overlay.RemoteBase) (transport.UploadPackSession, *packp.AdvRefs, func(), error) {
	connections := &nethttp.Transport{
		DialContext:         dial.Listed(r.Inside),
		TLSClientConfig:     &tls.Config{RootCAs: r.Roots},
		TLSHandshakeTimeout: 10 * time.Second,
		ForceAttemptHTTP2:   true,
	}
	end := connections.CloseIdleConnections
	client := http.NewClient(&nethttp.Client{Transport: &metered{connections, cmp.Or(r.Size, DefaultRemoteSize)}, CheckRedirect: sameHost})
	endpoint, err := transport.NewEndpoint(base.URL)
	if err != nil {
		return nil, nil, end, err
	}
	var auth transport.AuthMethod
	if login := r.login(asker, base); login != nil {
		auth = &http.BasicAuth{Username: login.Username, Password: login.Password}
	}
	session, err := client.NewUploadPackSession(endpoint, auth)
	if err != nil {
		return nil, nil, end, err
	}
	advertised, err := session.AdvertisedReferencesContext(ctx)
	return session, advertised, end, err
}

// resolve is the commit that a branch or tag names now; "" the default branch.
func (r *Remotes) resolve(ctx context.Context, asker Asker, base overlay.RemoteBase) (string, error) {
	_, advertised, end, err := r.session(ctx, asker, base)
	defer end()
	if err != nil {
		return "", err
	}
	if base.Ref == "" && advertised.Head != nil {
		return advertised.Head.String(), nil
	}
	for _, name := range []string{"refs/tags/" + base.Ref, "refs/heads/" + base.Ref, base.Ref} {
		if commit, ok := advertised.Peeled[name]; ok {
			return commit.String(), nil
		}
		if commit, ok := advertised.References[name]; ok {
			return commit.String(), nil
		}
	}
	return "", ErrNoRef
}

// download brings one commit, without those before it, into an empty folder.
func (r *Remotes) download(ctx context.Context, asker Asker, base overlay.RemoteBase, folder string) error {
	session, advertised, end, err := r.session(ctx, asker, base)
	defer end()
	if err != nil {
		return err
	}
	request := packp.NewUploadPackRequestFromCapabilities(advertised.Capabilities)
	request.Wants = []plumbing.Hash{plumbing.NewHash(base.Ref)}
	if advertised.Capabilities.Supports(capability.Shallow) {
		request.Depth = packp.DepthCommits(1)
		if err := request.Capabilities.Set(capability.Shallow); err != nil {
			return err
		}
	}
	response, err := session.UploadPack(ctx, request)
	if err != nil {
		return err
	}
	defer response.Close()
	store := openStore(privateFiles(folder))
	if _, err := git.Init(store, nil); err != nil {
		return err
	}
	if len(response.Shallows) > 0 {
		if err := store.SetShallow(response.Shallows); err != nil {
			return err
		}
	}
	if err := packfile.UpdateObjectStorage(store, withoutBands(request.Capabilities, response)); err != nil {
		return fmt.Errorf("reading what %s sent: %w", base.URL, err)
	}
	return nil
}

// withoutBands is the data of an answer that may come with messages between.
func withoutBands(capabilities *capability.List, answer io.Reader) io.Reader {
	switch {
	case capabilities.Supports(capability.Sideband64k):
		return sideband.NewDemuxer(sideband.Sideband64k, answer)
	case capabilities.Supports(capability.Sideband):
		return sideband.NewDemuxer(sideband.Sideband, answer)
	}
	return answer
}

// metered is a transport whose answers, all together, may have so many bytes.
type metered struct {
	*nethttp.Transport
	left int64
}

var errTooMuch = errors.New("it is larger than the operator allows")

func (m *metered) RoundTrip(request *nethttp.Request) (*nethttp.Response, error) {
	if request.URL.Scheme != "https" {
		return nil, fmt.Errorf("%s is not asked over %s", request.URL.Host, request.URL.Scheme)
	}
	response, err := m.Transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	response.Body = &meter{response.Body, m}
	return response, nil
}

type meter struct {
	io.ReadCloser
	of *metered
}

func (m *meter) Read(p []byte) (int, error) {
	if m.of.left <= 0 {
		return 0, errTooMuch
	}
	n, err := m.ReadCloser.Read(p[:min(int64(len(p)), m.of.left)])
	m.of.left -= int64(n)
	return n, err
}
