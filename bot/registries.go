package bot

import (
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/fixes/registry"
)

// registriesFile is the setting that names the file of mirrors and credentials:
//
//	mirrors:
//	- {name: hub, of: docker.io, at: mirror.example.com/hub, trusted: true}
//	credentials:
//	- {installation: 4242, host: ghcr.io, prefix: acme, username: robot, passwordFile: /etc/kustodian/ghcr}
//	- {installation: 4242, host: europe-docker.pkg.dev, prefix: acme-images, from: google}
const registriesFile = "REGISTRIES_FILE"

// A registriesReader reads that file and keeps what is wrong with it.
type registriesReader struct {
	path     string
	settings *Settings
	faults   []error
}

// readRegistries reads the mirrors and credentials that the operator names.
func (s *Settings) readRegistries() []error {
	if s.RegistriesFile == "" {
		return nil
	}
	src, err := os.ReadFile(s.RegistriesFile)
	if err != nil {
		return []error{&SettingError{registriesFile, err.Error()}}
	}
	r := &registriesReader{path: s.RegistriesFile, settings: s}
	var document yaml.Node
	if err := yaml.Unmarshal(src, &document); err != nil {
		return []error{&SettingError{registriesFile, fmt.Sprintf("%s is not YAML: %v", s.RegistriesFile, err)}}
	}
	if len(document.Content) > 0 {
		r.file(document.Content[0])
	}
	return r.faults
}

func (r *registriesReader) fault(n *yaml.Node, format string, args ...any) {
	r.faults = append(r.faults, &SettingError{registriesFile, fmt.Sprintf("%s:%d: %s", r.path, n.Line, fmt.Sprintf(format, args...))})
}

func (r *registriesReader) file(root *yaml.Node) {
	readers := map[string]func(*yaml.Node){"mirrors": r.mirror, "credentials": r.credential}
	if root.Kind != yaml.MappingNode {
		r.fault(root, "write mirrors: and credentials:, each with a list")
		return
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, list := root.Content[i], root.Content[i+1]
		read, known := readers[key.Value]
		switch {
		case !known:
			r.fault(key, "there is no key %q here; write mirrors or credentials", key.Value)
		case list.Kind != yaml.SequenceNode:
			r.fault(key, "%s is a list; write each entry behind a dash", key.Value)
		default:
			for _, entry := range list.Content {
				read(entry)
			}
		}
	}
}

// entry reads the scalars of one entry, and reports whether it has no others
// and all that are needed.
func (r *registriesReader) entry(n *yaml.Node, needed []string, known map[string]*string) bool {
	before := len(r.faults)
	if n.Kind != yaml.MappingNode {
		r.fault(n, "an entry is keys and values, such as {%s: …}", strings.Join(needed, ": …, "))
		return false
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		to, ok := known[key.Value]
		switch {
		case !ok:
			r.fault(key, "there is no key %q here; there are %s", key.Value, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		case value.Kind != yaml.ScalarNode:
			r.fault(value, "%s is one value", key.Value)
		default:
			*to = strings.TrimSpace(value.Value)
		}
	}
	for _, key := range needed {
		if *known[key] == "" {
			r.fault(n, "the entry has no %s", key)
		}
	}
	return len(r.faults) == before
}

func (r *registriesReader) mirror(n *yaml.Node) {
	var m registry.Mirror
	var trusted string
	if !r.entry(n, []string{"of", "at"}, map[string]*string{"name": &m.Name, "of": &m.Of, "at": &m.At, "trusted": &trusted}) {
		return
	}
	for _, place := range []string{m.Of, m.At} {
		if !registry.IsPlace(place) {
			r.fault(n, "%q is no place of images; write a host, and a folder if need be: mirror.example.com/hub", place)
		}
	}
	switch trusted {
	case "true", "false", "":
		m.Trusted = trusted == "true"
	default:
		r.fault(n, "trusted is true or false, not %q", trusted)
	}
	r.settings.Mirrors = append(r.settings.Mirrors, m)
}

func (r *registriesReader) credential(n *yaml.Node) {
	var b registry.Binding
	var installation, passwordFile string
	if !r.entry(n, []string{"installation", "host"}, map[string]*string{
		"installation": &installation, "host": &b.Host, "prefix": &b.Prefix, "from": &b.From, "username": &b.Username, "passwordFile": &passwordFile,
	}) {
		return
	}
	number, err := strconv.ParseInt(installation, 10, 64)
	if b.Installation = number; err != nil || number <= 0 {
		r.fault(n, "%q is no installation; write its number, as the address of its settings on GitHub ends", installation)
	}
	if !registry.IsHost(b.Host) {
		r.fault(n, "%q is no registry; write a host such as ghcr.io or registry.example.com:5000", b.Host)
	}
	if b.Prefix != strings.Trim(path.Clean(b.Prefix+"/"), "/.") && b.Prefix != "" {
		r.fault(n, "%q is no folder of repositories; write one such as acme or acme/shop", b.Prefix)
	}
	switch own := b.Username != "" || passwordFile != ""; {
	case b.From == "" && (b.Username == "" || passwordFile == ""), b.From != "" && own:
		r.fault(n, "write either username and passwordFile, or from: docker, amazon or google")
	case b.From == registry.FromGoogle && !registry.IsGoogle(b.Host):
		r.fault(n, "%s is no registry of Google's; write from: docker, or username and passwordFile", b.Host)
	case b.From == registry.FromAmazon && !registry.IsAmazon(b.Host):
		r.fault(n, "%s is no private registry of Amazon's; write from: docker, or username and passwordFile", b.Host)
	case b.From != "" && b.From != registry.FromGoogle && b.From != registry.FromDocker && b.From != registry.FromAmazon:
		r.fault(n, "a credential comes from docker, amazon or google, not %q", b.From)
	}
	if passwordFile != "" {
		password, err := os.ReadFile(passwordFile)
		if err != nil {
			r.fault(n, "passwordFile: %v", err)
		}
		b.Password = strings.TrimSpace(string(password))
	}
	r.settings.Bindings = append(r.settings.Bindings, b)
}

// checkRegistries tells which hosts are none, and which credentials nobody
// would ever use.
func (s *Settings) checkRegistries() []error {
	var faults []error
	asked := slices.Clone(s.Registries)
	for _, m := range s.Mirrors {
		host, _, _ := strings.Cut(m.At, "/")
		asked = append(asked, host)
	}
	for _, host := range s.Registries {
		if !registry.IsHost(host) {
			faults = append(faults, &SettingError{"REGISTRIES", fmt.Sprintf("%q is no host; write docker.io or registry.example.com:5000, without https:// and without a folder", host)})
		}
	}
	for _, b := range s.Bindings {
		if !slices.Contains(asked, b.Host) {
			faults = append(faults, &SettingError{registriesFile, fmt.Sprintf("there is a credential for %s, which may not be asked; write %s into REGISTRIES too", b.Host, b.Host)})
		}
	}
	return faults
}
