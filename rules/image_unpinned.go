package rules

import "fmt"

var _ = add(Rule{
	ID:        "image-unpinned",
	Title:     "an image that no digest pins",
	Why:       "A tag can be pushed again: what was tested is what runs only where the digest says so.",
	Write:     "the tag with its digest: name:1.2.3@sha256:…",
	Severity:  Info,
	Practices: []int{12},
	Check: func(pass *Pass) {
		for c := range pass.Images() {
			i, ok := parseImage(c.Value("image"))
			if !ok || i.tag == "" || i.digest != "" || i.local() || triggered(c) {
				continue
			}
			if at := pass.Source(c.Object, c.At("image")); !pass.automated(at) {
				pass.Fault(Fault{Object: c.Object, Field: c.At("image"), Source: at, Message: fmt.Sprintf("image %s:%s is not pinned to a digest", i.name, i.tag)})
			}
		}
	},
})
