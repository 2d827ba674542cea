package registry

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/kustodian/kustodian/fixes/registry/dial"
)

// newTransport dials directly and never through a proxy, which would resolve
// names where the addresses cannot be seen.
func newTransport(listed func() []string) http.RoundTripper {
	return &http.Transport{
		DialContext:           dialer(listed),
		ForceAttemptHTTP2:     true,
		TLSHandshakeTimeout:   DefaultTimeout,
		ResponseHeaderTimeout: DefaultTimeout,
		MaxIdleConnsPerHost:   2,
		// A token of a registry takes a few KiB, in a request; no answer comes near.
		MaxResponseHeaderBytes: 64 << 10,
		// A Client is dropped without being closed; its connections go by themselves.
		IdleConnTimeout: 5 * time.Second,
	}
}

// dialer is [dial.Listed] with a refusal for its error.
func dialer(listed func() []string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, target string) (net.Conn, error) {
		conn, err := dial.Listed(listed())(ctx, network, target)
		var inside *dial.InsideError
		if errors.As(err, &inside) {
			return nil, &refusal{inside.Error()}
		}
		return conn, err
	}
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}
