package fixes

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"

	"github.com/kustodian/kustodian/rules/overlay"
)

// renovateFiles are where Renovate looks for a repository's configuration.
var renovateFiles = []string{
	"renovate.json", "renovate.json5", ".github/renovate.json", ".github/renovate.json5",
	".gitlab/renovate.json", ".gitlab/renovate.json5", ".renovaterc", ".renovaterc.json", ".renovaterc.json5",
}

var (
	// lineComments are those of JSON5 that have a line of their own.
	lineComments = regexp.MustCompile(`(?m)^\s*//.*$`)
	// pinsDigests are the ways to have Renovate pin images: the option, and the
	// presets that set it.
	pinsDigests = regexp.MustCompile(`\bpinDigests["']?\s*:\s*true|\bdocker:pinDigests\b|\bconfig:best-practices\b`)
	// raisesDigests is any configuration: what is pinned follows its tag, unless
	// all updates are off.
	raisesDigests = regexp.MustCompile(`\{`)
	// readsManifests has Renovate read manifests of Kubernetes, which it does
	// only where it is told which; kustomizations it reads by itself.
	readsManifests = regexp.MustCompile(`["']?\bkubernetes["']?\s*:\s*\{`)
	// renovateComment is how people mark a line for a pattern of Renovate's.
	renovateComment = regexp.MustCompile(`#\s*renovate:`)
)

// renovated returns a *NoFix where Renovate, by a configuration that does the
// same, writes the digest of what a source of an image says: an entry of
// images in a kustomization, or a line of a manifest.
func (p *Plan) renovated(by string, same *regexp.Regexp) error {
	file, text, err := p.renovate()
	if err != nil || file == "" || !same.Match(text) || by != overlay.ByImages && !readsManifests.Match(text) {
		return err
	}
	return &NoFix{ReasonAutomation, fmt.Sprintf("Renovate writes the digest of this image by itself, as %s tells it to.", file)}
}

// renovate is Renovate's configuration without its comments; "" for none.
func (p *Plan) renovate() (file string, text []byte, err error) {
	for _, file := range renovateFiles {
		text, err := p.Snapshot.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", nil, fmt.Errorf("reading %s: %w", file, err)
		}
		return file, lineComments.ReplaceAll(text, nil), nil
	}
	return "", nil, nil
}
