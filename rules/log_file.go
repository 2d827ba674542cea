package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "log-file",
	Title:     "logs that are written into a file",
	Why:       "What is written into the pod is not collected, is gone with it, and fills the node's disk.",
	Write:     "the program's log to standard output, where the cluster collects it, or a sidecar that reads the file",
	Severity:  Info,
	Practices: []int{47},
	Check: func(pass *Pass) {
		for c := range pass.Containers() {
			if c.Init && !c.Sidecar {
				continue // it is over before anybody reads
			}
			if at, file := logFile(c); file != "" {
				pass.Report(c.Object, at, fmt.Sprintf("container %s writes its log to %s, which nothing reads; let it log to standard output", c.Name, file))
			}
		}
	},
})

var (
	// logArgument is an option that names a file to log to, logOption one whose
	// file is the next argument.
	logArgument = regexp.MustCompile(`^--?[a-z0-9._-]*log[a-z0-9._-]*[= ](/[^ ]*\.log)$`)
	logOption   = regexp.MustCompile(`^--?[a-z0-9._-]*log[a-z0-9._-]*$`)
	// logRedirect is a script's output that goes into a file.
	logRedirect = regexp.MustCompile(`>>?\s*["']?(/[^\s"';&|$]+\.log)\b`)
	logPath     = regexp.MustCompile(`^/[^ ]*\.log$`)
)

// logFile is where a container says that it logs into a file.
func logFile(c Container) (at overlay.Field, file string) {
	for _, key := range []string{"command", "args"} {
		before := ""
		for i, argument := range items(c.Node, key) {
			said := strings.ToLower(follow(argument).Value)
			named := ""
			if m := logArgument.FindStringSubmatch(said); m != nil {
				named = m[1]
			} else if m := logRedirect.FindStringSubmatch(said); m != nil {
				named = m[1]
			} else if logOption.MatchString(before) && logPath.MatchString(said) {
				named = said
			}
			if named != "" && !readElsewhere(c, named) {
				return c.At(key, overlay.IndexStep(i)), named
			}
			before = said
		}
	}
	for i, mount := range items(c.Node, "volumeMounts") {
		path := text(mount, "mountPath")
		if path != "/var/log" && !strings.HasPrefix(path, "/var/log/") || text(mount, "readOnly") == "true" {
			continue
		}
		volume := text(mount, "name")
		if !diskOfPod(c.Workload, volume) || len(sharers(c, volume)) > 0 {
			continue
		}
		return c.At("volumeMounts", overlay.IndexStep(i)), path
	}
	return nil, ""
}

// readElsewhere reports whether the file stands in a volume that another
// container reads, or that outlives the pod.
func readElsewhere(c Container, file string) bool {
	for _, mount := range items(c.Node, "volumeMounts") {
		if path := text(mount, "mountPath"); path != "" && strings.HasPrefix(file, strings.TrimSuffix(path, "/")+"/") {
			return len(sharers(c, text(mount, "name"))) > 0 || !diskOfPod(c.Workload, text(mount, "name"))
		}
	}
	return false
}

// diskOfPod reports whether a volume is an emptyDir, or a folder of the node.
// A DaemonSet's folder of the node is there to be read: it collects logs itself.
func diskOfPod(pod *Workload, volume string) bool {
	return slices.ContainsFunc(items(pod.Spec, "volumes"), func(v *yaml.Node) bool {
		return text(v, "name") == volume && (child(v, "emptyDir") != nil || child(v, "hostPath") != nil && pod.Object.Ref.Kind != "DaemonSet")
	})
}

// mountsVolume reports of a volumeMount whether it is of the volume.
func mountsVolume(volume string) func(*yaml.Node) bool {
	return func(mount *yaml.Node) bool { return text(mount, "name") == volume }
}
