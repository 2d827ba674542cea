// Package dial reaches the hosts that a stranger's text names, and nothing
// inside the operator's network but what the operator lists.
package dial

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
)

// An InsideError is an address inside the operator's network that is not dialled.
type InsideError struct {
	Name    string // the host, as it was asked for
	Address netip.Addr
}

func (e *InsideError) Error() string {
	return fmt.Sprintf("%s leads to the internal address %s, which is not asked unless the operator lists it", e.Name, e.Address)
}

// Listed returns what [net/http.Transport] takes as its DialContext. It checks
// each address after the name was resolved, at the moment of the dial: a name
// that is checked first and dialled later can change between. Its error is an
// [*InsideError] where the address may not be dialled.
func Listed(listed []string) func(context.Context, string, string) (net.Conn, error) {
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
			return mayDial(name, isListed(listed, target), dialled.Addr())
		}}
		return d.DialContext(ctx, network, target)
	}
}

// inside are the addresses of the operator's own network that netip does not
// count as private.
var inside = prefixes(
	"100.64.0.0/10", // carriers and clouds (RFC 6598); some clouds keep their metadata here
	"198.18.0.0/15", // measurements between networks (RFC 2544)
	"fec0::/10",     // sites, before fc00::/7 (RFC 3879)
)

// special are addresses of the machine itself, of what its cloud tells only
// it, and such as hide another address that nobody looked at.
var special = prefixes(
	"0.0.0.0/8",        // this network (RFC 791)
	"168.63.129.16/32", // Azure's services for a virtual machine
	"192.0.0.0/24",     // IETF protocols (RFC 6890); Oracle's metadata is 192.0.0.192
	"240.0.0.0/4",      // reserved, broadcast (RFC 1112)
	"fd00:ec2::/32",    // Amazon's metadata over IPv6
	"fd20:ce::254/128", // Google's
	"::/96",            // an IPv4 address inside (RFC 4291)
	"64:ff9b::/96",     // NAT64 (RFC 6052)
	"64:ff9b:1::/48",   // NAT64 inside a network (RFC 8215)
	"2001::/32",        // Teredo (RFC 4380)
	"2002::/16",        // 6to4 (RFC 3056)
)

func prefixes(texts ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, text := range texts {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}

// mayDial says whether name, which resolved to address, is dialled. Public
// addresses are; private ones where the host is listed; the machine itself,
// its links and special addresses where the list says that very address.
func mayDial(name string, listed bool, address netip.Addr) error {
	address = address.Unmap().WithZone("")
	within := func(prefix netip.Prefix) bool { return prefix.Contains(address) }
	switch {
	case address.IsLoopback(), address.IsUnspecified(), address.IsLinkLocalUnicast(), address.IsMulticast(), slices.ContainsFunc(special, within):
		literal, err := netip.ParseAddr(name)
		if listed && (name == "localhost" && address.IsLoopback() || err == nil && literal.Unmap() == address) {
			return nil
		}
	case address.IsPrivate(), slices.ContainsFunc(inside, within):
		if listed {
			return nil
		}
	default:
		return nil
	}
	return &InsideError{name, address}
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
