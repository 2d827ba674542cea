package fixes

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// digest asks what the tag names. One place can say the tag of several images,
// such as an image and its mirror; one digest can serve them only if it is
// that of all.
func (p *Plan) digest(all []reached) (digest string, notes []string, err error) {
	from := ""
	for _, u := range all {
		image := unpinned(scalar(u.node, "image"))
		if p.leaves(image) {
			return "", nil, &NoFix{ReasonNoPolicy, fmt.Sprintf("The configuration says to leave %s as it is.", image)}
		}
		answer, err := p.Ask(Question{Image: image, Mirror: p.Policy.Mirror})
		switch {
		case err != nil:
			return "", nil, err
		case answer.Offline:
			return "", nil, &NoFix{ReasonOffline, fmt.Sprintf("The digest of %s is its registry's to say, and no registry is asked here.", image)}
		case answer.Error != "":
			return "", nil, &NoFix{ReasonRegistry, fmt.Sprintf("The digest of %s is not known: %s.", image, strings.TrimSuffix(answer.Error, "."))}
		case digest != "" && digest != answer.Digest:
			return "", nil, &NoFix{ReasonSpreads, fmt.Sprintf("One place says the tag of %s and of %s, which are different images now.", from, image)}
		}
		digest, from = answer.Digest, image
		if note := about(image, answer); note != "" {
			notes = once(notes, note)
		}
	}
	return digest, notes, nil
}

// about is what an image says of itself, "" for nothing.
func about(image string, answer Answer) string {
	var parts []string
	if answer.Created != "" {
		parts = append(parts, "is of "+answer.Created)
	}
	if answer.Platforms != "" {
		parts = append(parts, "runs on "+answer.Platforms)
	}
	if answer.Version != "" {
		parts = append(parts, "calls itself version "+answer.Version)
	}
	if answer.Revision != "" {
		parts = append(parts, "is made from revision "+answer.Revision)
	}
	if len(parts) == 0 {
		return ""
	}
	return image + " " + strings.Join(parts, ", ") + "."
}

// leaves reports whether the configuration keeps an image from being pinned.
func (p *Plan) leaves(image string) bool {
	repository, _ := splitTag(image)
	return slices.ContainsFunc(p.Policy.LeaveImages, func(pattern string) bool {
		whole, _ := path.Match(pattern, image)
		name, _ := path.Match(pattern, repository)
		return whole || name
	})
}

// splitTag parts an image from its tag, "" for none.
func splitTag(image string) (repository, tag string) {
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		return image[:i], image[i+1:]
	}
	return image, ""
}
