package fixes

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// renovateFiles are where Renovate looks for a repository's configuration.
var renovateFiles = []string{
	"renovate.json", "renovate.json5", ".github/renovate.json", ".github/renovate.json5",
	".gitlab/renovate.json", ".gitlab/renovate.json5", ".renovaterc", ".renovaterc.json", ".renovaterc.json5",
}

// renovateComment is how people mark a line for a pattern of Renovate's.
var renovateComment = regexp.MustCompile(`#\s*renovate:`)

// A renovateUpdate is what Renovate does with an image, in its own words.
type renovateUpdate string

const (
	renovatePins   renovateUpdate = "pinDigest" // puts a digest behind a tag that has none
	renovateRaises renovateUpdate = "digest"    // has the digest follow its tag, which it does by default
)

// The managers of Renovate that write images of Kubernetes.
const (
	readsEntries   = "kustomize"  // entries of images in kustomizations
	readsManifests = "kubernetes" // images in files that it is told of
)

// defaultFiles are those that a manager reads without being told; manifests are none.
var defaultFiles = regexp.MustCompile(`(^|/)kustomization\.ya?ml$`)

// renovated returns a *NoFix where Renovate does itself to one of the images
// what a fix would do where a source says it: in an entry of images, or in a
// line of a manifest.
func (p *Plan) renovated(by, where string, all []reached, update renovateUpdate) error {
	file, root, err := p.renovate()
	if err != nil || file == "" {
		return err
	}
	asked := renovateAsked{manager: readsManifests, file: where, update: update}
	if by == overlay.ByImages {
		asked.manager = readsEntries
	}
	for _, r := range all {
		asked.image, _ = splitTag(unpinned(scalar(r.node, "image")))
		if r.wants != "" && asked.writes(root) {
			return &NoFix{ReasonAutomation, fmt.Sprintf("Renovate writes the digest of this image by itself, as %s tells it to.", file)}
		}
	}
	return nil
}

// renovate is Renovate's configuration, "" for none.
func (p *Plan) renovate() (file string, root *yaml.Node, err error) {
	for _, file := range renovateFiles {
		text, err := p.Snapshot.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", nil, fmt.Errorf("reading %s: %w", file, err)
		}
		roots, err := documents(fromJSON5(text))
		if err != nil || len(roots) != 1 {
			return "", nil, &NoFix{ReasonAutomation, fmt.Sprintf("Renovate may write the digest of this image by itself: %s cannot be read.", file)}
		}
		return file, roots[0], nil
	}
	return "", nil, nil
}

// A renovateAsked is an image that a file says, of which one asks whether
// Renovate updates it.
type renovateAsked struct {
	manager, file, image string
	update               renovateUpdate
}

// A renovateState is what the options that were read so far make of the image.
type renovateState struct{ enabled, pins bool }

// reads reports whether the configuration has Renovate look at the image at all.
func (a renovateAsked) reads(root *yaml.Node) bool {
	managers, included := texts(root, "enabledManagers"), texts(root, "includePaths")
	switch {
	case len(managers) > 0 && !slices.Contains(managers, a.manager), len(included) > 0 && !anyMatches(included, a.file),
		slices.ContainsFunc(texts(root, "ignorePaths"), func(part string) bool { return strings.Contains(a.file, part) || anyMatches([]string{part}, a.file) }),
		slices.ContainsFunc(texts(root, "ignoreDeps"), func(name string) bool { return sameRepository(name, a.image) }):
		return false
	}
	return a.manager == readsEntries && defaultFiles.MatchString(a.file) ||
		anyMatches(texts(root, a.manager, "managerFilePatterns"), a.file) || anyMatches(asPatterns(texts(root, a.manager, "fileMatch")), a.file)
}

// writes reads the options in Renovate's own order: those for all, those of
// the manager, then the rules for packages, of which the last that matches counts.
func (a renovateAsked) writes(root *yaml.Node) bool {
	if !a.reads(root) {
		return false
	}
	state := renovateState{enabled: true}
	a.apply(&state, root)
	a.apply(&state, child(root, a.manager))
	presets, ignored := texts(root, "extends"), texts(root, "ignorePresets")
	for _, preset := range []string{"docker:pinDigests", "config:best-practices"} { // the second has the first, which has a rule for packages
		if slices.Contains(presets, preset) && !slices.Contains(ignored, preset) && !slices.Contains(ignored, "docker:pinDigests") {
			state.pins = true
		}
	}
	for _, rule := range items(root, "packageRules") {
		if a.matches(rule) {
			a.apply(&state, rule)
			state.pins = state.pins || slices.Contains(texts(rule, "extends"), "docker:pinDigests")
		}
	}
	return state.enabled && (state.pins || a.update == renovateRaises)
}

// apply reads the options that some part of the configuration has.
func (a renovateAsked) apply(state *renovateState, options *yaml.Node) {
	for _, at := range []*yaml.Node{options, child(options, string(a.update))} {
		if said := scalar(at, "enabled"); said != "" {
			state.enabled = said == "true"
		}
	}
	if said := scalar(options, "pinDigests"); said != "" {
		state.pins = said == "true"
	}
}

// matches reports whether a rule for packages is about the image, and about
// the update. One that asks for what is not known here is not.
func (a renovateAsked) matches(rule *yaml.Node) bool {
	is := map[string][]string{
		"matchManagers": {a.manager}, "matchDatasources": {"docker"}, "matchCategories": {"kubernetes"},
		"matchPackageNames": {a.image, shortImage(a.image)}, "matchDepNames": {a.image, shortImage(a.image)},
		"matchFileNames": {a.file}, "matchPaths": {a.file}, "matchUpdateTypes": {string(a.update)},
		"matchPackagePatterns": {a.image}, "matchDepPatterns": {a.image}, "matchPackagePrefixes": {a.image},
	}
	for i := 0; i+1 < len(rule.Content) && rule.Kind == yaml.MappingNode; i += 2 {
		key := rule.Content[i].Value
		if !strings.HasPrefix(key, "match") && !strings.HasPrefix(key, "exclude") {
			continue
		}
		wanted := texts(rule, key)
		switch {
		case strings.HasSuffix(key, "Patterns"):
			wanted = asPatterns(wanted)
		case strings.HasSuffix(key, "Prefixes"):
			for i := range wanted {
				wanted[i] = "/^" + regexp.QuoteMeta(wanted[i]) + "/"
			}
		}
		values, known := is["match"+strings.TrimPrefix(strings.TrimPrefix(key, "match"), "exclude")]
		found := slices.ContainsFunc(values, func(value string) bool { return anyMatches(wanted, value) })
		if !known || found == strings.HasPrefix(key, "exclude") {
			return false
		}
	}
	return rule.Kind == yaml.MappingNode
}
