package rules

import (
	"fmt"
	"regexp"
	"strings"
)

var _ = add(Rule{
	ID:        "image-name-carries-tag",
	Title:     "a newName that holds a tag or a digest",
	Why:       "Kustomize puts the tag behind the whole name, so that the reference can come out with two of them; no build fails for it.",
	Write:     "the repository in newName, the tag in newTag, the digest in digest",
	Severity:  Error,
	Practices: []int{48},
	Check: func(pass *Pass) {
		garbage := map[string]bool{}
		for c := range pass.Containers() {
			if image := c.Value("image"); !strings.ContainsAny(image, "${ ") && !wholeReference.MatchString(image) {
				garbage[image] = true
			}
		}
		for _, entry := range imageEntries(pass.Build) {
			i, ok := parseImage(entry.newName())
			if !ok || i.tag == "" && i.digest == "" {
				continue
			}
			fault := Fault{Source: entry.at("newName"), Severity: Info,
				Message: fmt.Sprintf("newName %s holds more than a name; kustomize puts a tag behind it as soon as there is one", entry.newName())}
			for image := range garbage {
				if strings.HasPrefix(image, entry.newName()) {
					fault.Severity = pass.Rule.Severity
					fault.Message = fmt.Sprintf("newName %s holds more than a name, and builds to %s, which no registry takes", entry.newName(), image)
				}
			}
			pass.Fault(fault)
		}
	},
})

// wholeReference is name[:tag][@digest].
var wholeReference = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]*(:[0-9]+)?(/[a-zA-Z0-9._-]+)*(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@[a-z0-9]+:[0-9a-f]{32,})?$`)
