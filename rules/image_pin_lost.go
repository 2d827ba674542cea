package rules

import (
	"fmt"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "image-pin-lost",
	Title:     "an overlay that takes an image's digest away",
	Why:       "The base says which image was tested; the overlay's tag takes the digest away without a word, and the tag can be pushed again.",
	Write:     "the digest of the new tag behind it: newTag: \"1.27@sha256:…\"",
	Severity:  Warning,
	Practices: []int{12},
	Implies:   []string{"image-unpinned"},
	Check: func(pass *Pass) {
		entries, written := imageEntries(pass.Build), writtenImages(pass.Build)
		unpinned := map[string]bool{}
		for c := range pass.Images() {
			if i, ok := parseImage(c.Value("image")); ok && i.digest == "" {
				unpinned[i.name+":"+i.tag] = true
			}
		}
		for _, entry := range entries {
			name := entry.newName()
			if name == "" {
				name = entry.name()
			}
			if entry.newTag() == "" || entry.pinned() || !unpinned[name+":"+entry.newTag()] || pass.automated(entry.at("newTag")) {
				continue
			}
			if pin := pinBelow(entry, entries, written); pin != "" {
				pass.Fault(Fault{Source: entry.at("newTag"),
					Message: fmt.Sprintf("newTag %s of %s takes the digest away that %s sets", entry.newTag(), entry.name(), pin)})
			}
		}
	},
})

// pinBelow is the place that pins the image of an entry in a layer below it, ""
// where none does.
func pinBelow(entry imageEntry, entries []imageEntry, written map[string][]overlay.Source) string {
	for _, below := range entries {
		names := below.name() == entry.name() && below.newName() == "" || below.newName() == entry.name()
		if below.depth > entry.depth && below.pinned() && names {
			return below.at("").String()
		}
	}
	for reference, places := range written {
		if i, ok := parseImage(reference); ok && i.digest != "" && i.name == entry.name() {
			return places[0].String()
		}
	}
	return ""
}
