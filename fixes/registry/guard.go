package registry

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
	"time"
)

// manifestSize bounds what is read of one answer: registries refuse manifests
// over 4 MiB themselves.
const manifestSize = 4 << 20

// A guard refuses the requests that a registry, or whoever answers for it,
// could lead us to: plain http off the machine, and credentials carried from
// one host to another by a redirect.
type guard struct {
	hosts     []string
	plainHTTP bool
	dials     http.RoundTripper
}

func (g *guard) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.URL.Scheme != "https" && !(g.plainHTTP && slices.Contains(g.hosts, request.URL.Host) && isLoopback(request.URL.Hostname())) {
		return nil, fmt.Errorf("%s is not asked over plain %s", request.URL.Host, request.URL.Scheme)
	}
	// http.Client sets Response on a request that a redirect caused.
	if from := request.Response; from != nil && from.Request != nil && from.Request.URL.Host != request.URL.Host && carriesCredentials(request) {
		return nil, fmt.Errorf("%s redirects to %s, which is not given its credentials", from.Request.URL.Host, request.URL.Host)
	}
	response, err := g.dials.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(response.Body, manifestSize), response.Body}
	return response, nil
}

func carriesCredentials(request *http.Request) bool {
	return request.Header.Get("Authorization") != "" || request.Header.Get("Cookie") != "" || request.URL.User != nil
}

// newTransport dials directly and never through a proxy, which would resolve
// names where the addresses cannot be seen.
func newTransport(hosts []string) http.RoundTripper {
	return &http.Transport{
		DialContext:           dialer(hosts),
		ForceAttemptHTTP2:     true,
		TLSHandshakeTimeout:   DefaultTimeout,
		ResponseHeaderTimeout: DefaultTimeout,
		MaxIdleConnsPerHost:   2,
		// A Resolver is dropped without being closed; its connections go by themselves.
		IdleConnTimeout: 5 * time.Second,
	}
}

// dialer checks each address after the name was resolved, at the moment of
// the dial: a name that is checked first and dialled later can change between.
func dialer(hosts []string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, target string) (net.Conn, error) {
		name, _, err := net.SplitHostPort(target)
		if err != nil {
			return nil, fmt.Errorf("dialling %s: %w", target, err)
		}
		d := net.Dialer{Control: func(_, address string, _ syscall.RawConn) error {
			dialled, err := netip.ParseAddrPort(address)
			if err != nil {
				return fmt.Errorf("dialling %s: %w", target, err)
			}
			return mayDial(name, isListed(hosts, target), dialled.Addr().Unmap())
		}}
		return d.DialContext(ctx, network, target)
	}
}

// sharedRange is what carriers and clouds use inside (RFC 6598); netip does
// not count it as private.
var sharedRange = netip.MustParsePrefix("100.64.0.0/10")

// mayDial says whether name, which resolved to address, is dialled. Public
// addresses are; private ones where the host is listed; the machine itself and
// its links, where clouds keep their metadata, where the list says that very
// address.
func mayDial(name string, listed bool, address netip.Addr) error {
	switch {
	case address.IsLoopback(), address.IsUnspecified(), address.IsLinkLocalUnicast(), address.IsMulticast(), address.IsInterfaceLocalMulticast():
		literal, err := netip.ParseAddr(name)
		if listed && (name == "localhost" && address.IsLoopback() || err == nil && literal.Unmap() == address) {
			return nil
		}
	case address.IsPrivate(), sharedRange.Contains(address):
		if listed {
			return nil
		}
	default:
		return nil
	}
	return fmt.Errorf("%s leads to the internal address %s, which is not asked unless it is listed", name, address)
}

// isListed compares as a URL would name the host: without the port of https.
func isListed(hosts []string, target string) bool {
	return slices.ContainsFunc(hosts, func(host string) bool {
		u, err := url.Parse("https://" + host)
		if err != nil {
			return false
		}
		port := u.Port()
		if port == "" {
			port = "443"
		}
		return net.JoinHostPort(u.Hostname(), port) == target
	})
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}
