package rules

import (
	"fmt"
	"strings"
)

var _ = add(Rule{
	ID:        "pull-policy",
	Title:     "a pull policy that does not fit the image",
	Why:       "With a tag that moves, IfNotPresent leaves nodes on different versions; with a digest, Always asks the registry for what cannot have changed.",
	Write:     "no imagePullPolicy where its default fits the reference, which it does not for a tag that moves and is not latest: Always there",
	Severity:  Warning,
	Practices: []int{13},
	Check: func(pass *Pass) {
		for c := range pass.Containers() {
			i, ok := parseImage(c.Value("image"))
			if !ok || i.local() || triggered(c) {
				continue
			}
			policy := c.Value("imagePullPolicy")
			// A bare name is often a placeholder that a build tool fills in.
			moves := i.digest == "" && (i.tag == "" && strings.Contains(i.name, "/") || floating(i.tag))
			switch {
			case policy == "IfNotPresent" && moves:
				pass.Report(c.Object, c.At("imagePullPolicy"),
					fmt.Sprintf("container %s keeps the image that a node has, while what %s names moves, so nodes run different code; write a tag that does not move, or Always", c.Name, c.Value("image")))
			case policy == "Never" && moves:
				pass.Report(c.Object, c.At("imagePullPolicy"),
					fmt.Sprintf("container %s only starts where a node happens to have %s, in whatever version it was put there; write a tag that does not move and IfNotPresent", c.Name, c.Value("image")))
			case policy == "Always" && i.digest != "":
				pass.ReportAs(Info, c.Object, c.At("imagePullPolicy"),
					fmt.Sprintf("container %s pulls at every start an image whose digest cannot change", c.Name))
			}
		}
	},
})
