package bot

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kustodian/kustodian/fixes/registry"
)

// loadRegistries loads settings whose file of registries is text.
func loadRegistries(t *testing.T, text string) (Settings, string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "registries.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := LoadSettings(context.Background(), enough("REGISTRIES_FILE="+file, "REGISTRIES=docker.io,111122223333.dkr.ecr.eu-west-1.amazonaws.com,ghcr.io,europe-docker.pkg.dev,registry.example.com"))
	return s, file, err
}

func TestRegistriesFile(t *testing.T) {
	password := filepath.Join(t.TempDir(), "ghcr")
	if err := os.WriteFile(password, []byte("open\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, _, err := loadRegistries(t, fmt.Sprintf(`# ours
mirrors:
- {name: hub, of: docker.io, at: mirror.example.com:5000/hub, trusted: true}
- of: ghcr.io/acme
  at: cache.example.com
credentials:
- {installation: 4242, host: ghcr.io, prefix: acme, username: robot, passwordFile: %s}
- {installation: 4242, host: europe-docker.pkg.dev, prefix: acme-images/shop, from: google}
- {installation: 7, host: mirror.example.com:5000, from: docker}
- {installation: 7, host: 111122223333.dkr.ecr.eu-west-1.amazonaws.com, from: amazon}
`, password))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]registry.Mirror{
		{Name: "hub", Of: "docker.io", At: "mirror.example.com:5000/hub", Trusted: true}, {Of: "ghcr.io/acme", At: "cache.example.com"},
	}, got.Mirrors); diff != "" {
		t.Errorf("mirrors (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]registry.Binding{
		{Installation: 4242, Host: "ghcr.io", Prefix: "acme", Username: "robot", Password: "open"},
		{Installation: 4242, Host: "europe-docker.pkg.dev", Prefix: "acme-images/shop", From: registry.FromGoogle},
		{Installation: 7, Host: "mirror.example.com:5000", From: registry.FromDocker},
		{Installation: 7, Host: "111122223333.dkr.ecr.eu-west-1.amazonaws.com", From: registry.FromAmazon},
	}, got.Bindings); diff != "" {
		t.Errorf("bindings (-want +got):\n%s", diff)
	}
	for _, silent := range []string{"", "# nothing\n", "mirrors: []\n"} {
		if _, _, err := loadRegistries(t, silent); err != nil {
			t.Errorf("%q: %v", silent, err)
		}
	}
}

// TestRegistriesFileFaults: each is told with the variable, the file, the line
// and what to write.
func TestRegistriesFileFaults(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"- a", ":1: write mirrors: and credentials:, each with a list"},
		{"a: {", " is not YAML: "},
		{"mirror: []", `:1: there is no key "mirror" here; write mirrors or credentials`},
		{"mirrors: {of: a}", ":1: mirrors is a list; write each entry behind a dash"},
		{"mirrors:\n- hub", ":2: an entry is keys and values, such as {of: …, at: …}"},
		{"mirrors:\n- {name: hub, of: docker.io}", ":2: the entry has no at"},
		{"mirrors:\n- {name: hub, off: docker.io, at: m.example.com}", `:2: there is no key "off" here; there are at, name, of, trusted`},
		{"mirrors:\n- {of: docker.io, at: https://m.example.com}", `:2: "https://m.example.com" is no place of images; write a host`},
		{"mirrors:\n- {of: docker.io, at: m.example.com, trusted: yes}", `:2: trusted is true or false, not "yes"`},
		{"mirrors:\n- {of: [docker.io], at: m.example.com}", ":2: of is one value"},
		{"credentials:\n\n- {host: ghcr.io, from: docker}", ":3: the entry has no installation"},
		{"credentials:\n- {installation: acme, host: ghcr.io, from: docker}", `:2: "acme" is no installation; write its number`},
		{"credentials:\n- {installation: 1, host: ghcr.io/acme, from: docker}", `:2: "ghcr.io/acme" is no registry; write a host`},
		{"credentials:\n- {installation: 1, host: ghcr.io, prefix: ../acme, from: docker}", `:2: "../acme" is no folder of repositories`},
		{"credentials:\n- {installation: 1, host: ghcr.io}", ":2: write either username and passwordFile, or from: docker, amazon or google"},
		{"credentials:\n- {installation: 1, host: ghcr.io, from: docker, username: robot}", ":2: write either username and passwordFile, or from"},
		{"credentials:\n- {installation: 1, host: ghcr.io, from: vault}", `:2: a credential comes from docker, amazon or google, not "vault"`},
		{"credentials:\n- {installation: 1, host: ghcr.io, from: google}", ":2: ghcr.io is no registry of Google's; write from: docker"},
		{"credentials:\n- {installation: 1, host: public.ecr.aws, from: amazon}", ":2: public.ecr.aws is no private registry of Amazon's; write from: docker"},
		{"credentials:\n- {installation: 1, host: ghcr.io, username: robot, passwordFile: /nowhere/ghcr}", ":2: passwordFile: open /nowhere/ghcr"},
		{"credentials:\n- {installation: 1, host: quay.io, from: docker}", "there is a credential for quay.io, which may not be asked; write quay.io into REGISTRIES too"},
	} {
		_, file, err := loadRegistries(t, c.text)
		if err == nil {
			t.Errorf("%q: no fault", c.text)
			continue
		}
		first, _, _ := strings.Cut(err.Error(), "\n")
		if rest := strings.TrimPrefix(first, "REGISTRIES_FILE: "); rest == first || !strings.HasPrefix(strings.TrimPrefix(rest, file), c.want) {
			t.Errorf("%q: got %s; want %s", c.text, first, c.want)
		}
	}
}
