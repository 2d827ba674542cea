package rules

import "fmt"

var _ = add(Rule{
	ID:        "image-floating",
	Title:     "an image whose tag moves",
	Why:       "The tag names other code tomorrow than today, so nodes run different versions and nothing in git says which.",
	Write:     "the version that was tested, or the tag with its digest: name:stable@sha256:…",
	Severity:  Warning,
	Practices: []int{12},
	Implies:   []string{"image-unpinned"},
	Check: func(pass *Pass) {
		for c := range pass.Images() {
			i, ok := parseImage(c.Value("image"))
			if !ok || i.digest != "" || i.local() || triggered(c) {
				continue
			}
			switch {
			case floating(i.tag):
				pass.Report(c.Object, c.At("image"), fmt.Sprintf("the tag %s of image %s moves", i.tag, i.name))
			case series(i.tag):
				pass.ReportAs(Info, c.Object, c.At("image"), fmt.Sprintf("the tag %s of image %s names a series of releases: it moves with each of them", i.tag, i.name))
			}
		}
	},
})
