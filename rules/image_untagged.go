package rules

import (
	"fmt"
	"strings"
)

var _ = add(Rule{
	ID:        "image-untagged",
	Title:     "an image without a tag",
	Why:       "Without a tag the cluster pulls latest: two pods of one Deployment can run different code, and a rollback rolls back to nothing.",
	Write:     "the version that was tested, with its digest: name:1.2.3@sha256:…",
	Severity:  Error,
	Practices: []int{12},
	Implies:   []string{"image-unpinned", "image-floating"},
	Check: func(pass *Pass) {
		for c := range pass.Images() {
			i, ok := parseImage(c.Value("image"))
			if !ok || i.tag != "" || i.digest != "" || triggered(c) {
				continue
			}
			severity := pass.Rule.Severity
			if !strings.Contains(i.name, "/") {
				severity = Info // often a placeholder that a build tool fills in
			}
			pass.ReportAs(severity, c.Object, c.At("image"), fmt.Sprintf("image %s has no tag, so it is whatever latest is when a pod starts", i.name))
		}
	},
})

// triggered reports whether OpenShift writes the object's images itself.
func triggered(c Container) bool {
	return c.Object.Lookup([]string{"metadata", "annotations", "image.openshift.io/triggers"}) != nil
}
