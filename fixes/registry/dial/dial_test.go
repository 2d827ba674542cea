package dial

import (
	"net/netip"
	"testing"
)

func TestMayDial(t *testing.T) {
	tests := []struct {
		name, address string
		listed, want  bool
	}{
		{"registry.example.com", "93.184.216.34", true, true},
		{"registry.example.com", "2606:2800:220:1:248:1893:25c8:1946", false, true},
		{"auth.example.com", "93.184.216.34", false, true}, // where a listed registry sends for a token
		{"registry.example.com", "10.1.2.3", true, true},
		{"registry.example.com", "fd12::1", true, true},
		{"auth.example.com", "10.1.2.3", false, false},
		{"auth.example.com", "::ffff:10.1.2.3", false, false},
		{"auth.example.com", "fe80::1%eth0", false, false},
		{"auth.example.com", "100.64.0.1", false, false},
		{"auth.example.com", "100.100.100.200", false, false}, // Alibaba's metadata
		{"auth.example.com", "fd00:ec2::254", false, false},
		{"registry.example.com", "fd00:ec2::254", true, false},
		{"registry.example.com", "127.0.0.1", true, false},
		{"registry.example.com", "169.254.169.254", true, false},
		{"registry.example.com", "64:ff9b::a9fe:a9fe", true, false}, // the same through NAT64
		{"registry.example.com", "2002:a9fe:a9fe::1", true, false},  // and through 6to4
		{"registry.example.com", "::a9fe:a9fe", true, false},
		{"registry.example.com", "168.63.129.16", true, false},
		{"registry.example.com", "192.0.0.192", true, false},
		{"registry.example.com", "0.0.0.0", true, false},
		{"registry.example.com", "255.255.255.255", true, false},
		{"localhost", "::1", true, true},
		{"localhost", "::1", false, false},
		{"localhost", "10.0.0.1", false, false},
		{"127.0.0.1", "127.0.0.1", true, true},
		{"127.0.0.1", "127.0.0.1", false, false},
	}
	for _, test := range tests {
		err := mayDial(test.name, test.listed, netip.MustParseAddr(test.address))
		if got := err == nil; got != test.want {
			t.Errorf("%s (listed %t) at %s: got %v, want allowed %t", test.name, test.listed, test.address, err, test.want)
		}
	}
}
