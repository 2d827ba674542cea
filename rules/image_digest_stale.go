package rules

import "fmt"

var _ = add(Rule{
	ID:        "image-digest-stale",
	Title:     "a digest that its tag has left",
	Why:       "The tag was pushed again since, perhaps to mend something: what runs is no longer what the tag says, and nobody decided that.",
	Write:     "the digest that the tag names now, or the tag of the version that is meant to run",
	Severity:  Off, // it asks registries
	Practices: []int{12},
	Sweeps:    true,
	Check: func(pass *Pass) {
		for c := range pass.Images() {
			i, ok := parseImage(c.Value("image"))
			if ok && i.tag != "" && i.digest != "" && !i.local() && !triggered(c) {
				pass.Ask(i.name+":"+i.tag, pinnedFact{pass.Place(c.Object, c.At("image")), i.digest})
			}
		}
	},
	Join: func(j *Joint) {
		for _, o := range observed[pinnedFact](j, j.Head) {
			said := j.Images[o.Image].Digest
			if said == "" || said == o.Value.Digest {
				continue
			}
			j.Report(o.Value.Place, fmt.Sprintf("%s is pinned to %s, and its tag names %s now", o.Image, short(o.Value.Digest), short(said)), o.Overlay)
		}
	},
})

// A pinnedFact is an image with a tag and a digest.
type pinnedFact struct {
	Place  Place  `json:"place"`
	Digest string `json:"digest"`
}

// short is as much of a digest as people compare.
func short(digest string) string {
	const shown = len("sha256:") + 12
	if len(digest) <= shown {
		return digest
	}
	return digest[:shown] + "…"
}
