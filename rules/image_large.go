package rules

import (
	"cmp"
	"fmt"
)

// largeImage is how many bytes an image may have where the policy does not
// say: a node on a link of 1 Gbit/s pulls that in some ten seconds.
const largeImage = 1 << 30

var _ = add(Rule{
	ID:        "image-large",
	Title:     "an image that is large to pull",
	Why:       "A pod on a node that has not pulled it yet starts that much later, which is what a rollout and an autoscaler wait for.",
	Write:     "an image of the program and what it needs to run, without what built it",
	Severity:  Off, // it asks registries
	Practices: []int{44},
	Check: func(pass *Pass) {
		for c := range pass.Images() {
			i, ok := parseImage(c.Value("image"))
			if ok && i.tag+i.digest != "" && !i.local() && !triggered(c) {
				pass.Ask(c.Value("image"), pass.Place(c.Object, c.At("image")))
			}
		}
	},
	Join: func(j *Joint) {
		for _, o := range observed[Place](j, j.Head) {
			most := cmp.Or(j.Policy.For(o.Overlay).ImageSize, largeImage)
			if size := j.Images[o.Image].Size; size > most {
				j.Report(o.Value, fmt.Sprintf("image %s has %s to pull, more than %s", o.Image, readable(size), readable(most)), o.Overlay)
			}
		}
	},
})

// readable is a size as people say it.
func readable(size int64) string {
	if size >= 1<<30 {
		return fmt.Sprintf("%.1f GiB", float64(size)/(1<<30))
	}
	return fmt.Sprintf("%.0f MiB", float64(size)/(1<<20))
}
