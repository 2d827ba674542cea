package mirror

import (
	"errors"
	"net"
	nethttp "net/http"
	"time"

	"github.com/go-git/go-git/v5/plumbing/transport/client"
	"github.com/go-git/go-git/v5/plumbing/transport/http"
)

// go-git looks its transports up in a table of its own; this package is the
// only one that imports it, so the table is ours to set.
func init() {
	transport := http.NewClient(&nethttp.Client{
		Transport: &nethttp.Transport{
			Proxy:                 nethttp.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSHandshakeTimeout:   10 * time.Second,
			ResponseHeaderTimeout: 2 * time.Minute, // GitHub counts objects before it answers
			IdleConnTimeout:       time.Minute,
			ForceAttemptHTTP2:     true,
		},
		CheckRedirect: sameHost,
	})
	client.InstallProtocol("https", transport)
	client.InstallProtocol("http", transport)
	client.InstallProtocol("ssh", nil)
	client.InstallProtocol("git", nil)
}

// sameHost follows a renamed repository, and nobody to another host.
func sameHost(next *nethttp.Request, before []*nethttp.Request) error {
	if first := before[0].URL; next.URL.Host != first.Host || next.URL.Scheme != first.Scheme {
		return errors.New("redirected to another host")
	}
	if len(before) >= 5 {
		return errors.New("redirected more than 5 times")
	}
	return nil
}
