package rules

import "fmt"

var _ = add(Rule{
	ID:        "writable-root",
	Title:     "a container that can write to its image",
	Why:       "What is written there is gone with the container, and who breaks in can change the program.",
	Write:     "readOnlyRootFilesystem: true, and an emptyDir where the program writes, such as /tmp",
	Severity:  Off,
	Practices: []int{14},
	Presence:  true,
	Check: func(pass *Pass) {
		for c := range pass.Containers() {
			if text(c.Node, "securityContext", "readOnlyRootFilesystem") != "true" && !onWindows(c.Workload) {
				pass.Report(c.Object, c.At("securityContext", "readOnlyRootFilesystem"),
					fmt.Sprintf("container %s can write to its own file system, where data is lost and programs can be changed; write readOnlyRootFilesystem: true, with an emptyDir where it has to write", c.Name))
			}
		}
	},
})
