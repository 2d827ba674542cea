package rules

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/kustodian/kustodian/rules/overlay"
)

// An image is a reference to a container's image in its parts.
type image struct {
	name, tag, digest string // "" where absent
}

// parseImage takes a reference apart. ok is false for what is no reference
// yet: blank, or with a variable that something fills in after the build.
func parseImage(text string) (i image, ok bool) {
	if strings.TrimSpace(text) == "" || strings.ContainsAny(text, "${} ") {
		return image{}, false
	}
	i.name, i.digest, _ = strings.Cut(text, "@")
	// A colon before the last slash is that of a registry's port.
	if colon := strings.LastIndexByte(i.name, ':'); colon > strings.LastIndexByte(i.name, '/') {
		i.name, i.tag = i.name[:colon], i.name[colon+1:]
	}
	return i, true
}

// fluxMarker begins the comment on a line that Flux writes.
var fluxMarker = []byte(`{"$imagepolicy"`)

// automated reports whether Flux writes the line of a source: then a policy of
// Flux says whether it has a digest, and a person's would be gone tomorrow.
func (p *Pass) automated(at overlay.Source) bool {
	if p.index.marked == nil {
		p.index.marked = map[string]map[int]bool{}
	}
	marked, known := p.index.marked[at.Path]
	if !known {
		marked = map[int]bool{}
		// What cannot be read, or nowhere has the marker, says nothing.
		if text, err := p.Build.ReadFile(at.Path); err == nil && bytes.Contains(text, fluxMarker) {
			for i, line := range bytes.Split(text, []byte("\n")) {
				marked[i+1] = bytes.Contains(line, fluxMarker)
			}
		}
		p.index.marked[at.Path] = marked
	}
	return marked[at.Line]
}

// local reports whether the image is of a registry on the machine or in the
// cluster, where a tag is whatever was built there last, on purpose.
func (i image) local() bool {
	host, _, found := strings.Cut(i.name, "/")
	host, _, _ = strings.Cut(host, ":")
	return found && (host == "localhost" || host == "127.0.0.1" || strings.HasSuffix(host, ".localhost") ||
		strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".svc"))
}

// program is the last part of the name, such as "postgres".
func (i image) program() string { return i.name[strings.LastIndexByte(i.name, '/')+1:] }

// movingTags are tags that are made to move; see floating for the others.
var movingTags = map[string]bool{
	"latest": true, "stable": true, "edge": true, "main": true, "master": true, "dev": true, "develop": true,
	"nightly": true, "canary": true, "beta": true, "alpha": true, "rc": true, "snapshot": true, "release": true,
	"production": true, "prod": true, "staging": true, "test": true, "current": true, "lts": true, "mainline": true,
}

var (
	hexadecimal = regexp.MustCompile(`^[0-9a-f]{7,64}$`)
	digit       = regexp.MustCompile(`[0-9]`)
	// A branch or word in front of a number is a build's own tag: main-1234.
	oneNumber = regexp.MustCompile(`^v?[0-9]{1,3}(\.[0-9]{1,3})?(-[a-z]+)?$`)
)

// floating reports whether a tag is made to move: a word such as stable, or any
// tag without a digit, such as alpine. What looks like a hash does not move.
func floating(tag string) bool {
	if tag == "" || hexadecimal.MatchString(tag) {
		return false
	}
	return movingTags[strings.ToLower(tag)] || !digit.MatchString(tag)
}

// series reports whether a tag names a line of releases and not one of them:
// 12, 5.6, 1.27-alpine.
func series(tag string) bool { return oneNumber.MatchString(tag) }
