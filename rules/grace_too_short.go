package rules

import "fmt"

// graceDefault is terminationGracePeriodSeconds where nobody says it.
const graceDefault = 30

// graceAfterSleep is what a program needs at least after its preStop has
// slept; graceWritten is what to write instead, so that it can finish requests.
const graceAfterSleep, graceWritten = 5, 30

var _ = add(Rule{
	ID:        "grace-too-short",
	Title:     "a grace period that ends before the program can",
	Why:       "The grace period counts from before preStop. What is left after it is all that the program has to finish its requests; then it is killed.",
	Write:     "terminationGracePeriodSeconds of preStop's sleep and 30 s",
	Severity:  Warning,
	Practices: []int{24, 26},
	Check: func(pass *Pass) {
		for pod := range pass.Workloads() {
			if pod.Spec == nil || pod.Kind.Ends {
				continue
			}
			at := pod.At("terminationGracePeriodSeconds")
			switch grace, by, slept := pod.grace(); {
			case grace == 0:
				pass.Report(pod.Object, at, fmt.Sprintf("%s %s is killed at once, without a SIGTERM to end by; write 30, the default, or what it needs", pod.Object.Ref.Kind, pod.Object.Ref.Name))
			case slept > 0:
				pass.Report(pod.Object, at, fmt.Sprintf("the grace period of %s %s is %d s, and preStop of container %s sleeps for %s of them; write %d",
					pod.Object.Ref.Kind, pod.Object.Ref.Name, grace, by, portion(slept, grace), pod.GraceToWrite()))
			}
		}
	},
})

// grace is the grace period of a pod, and the container whose preStop sleeps
// for nearly all of it, and for how long; "" and 0 where none does.
func (w *Workload) grace() (seconds int, by string, slept int) {
	seconds = number(w.Spec, graceDefault, "terminationGracePeriodSeconds")
	for _, c := range w.Containers {
		stop, ok := c.hook("preStop")
		if slept := stop.sleeps(); ok && slept > 0 && seconds <= slept+graceAfterSleep {
			return seconds, c.Name, slept
		}
	}
	return seconds, "", 0
}

// GraceToWrite is the grace period, in seconds, that a pod needs whose own is
// too short; 0 where it is long enough.
func (w *Workload) GraceToWrite() int {
	switch seconds, _, slept := w.grace(); {
	case seconds == 0:
		return graceDefault
	case slept > 0:
		return min(slept, 3600) + graceWritten
	}
	return 0
}

// portion is how much of a grace period a sleep takes.
func portion(slept, grace int) string {
	if slept >= grace {
		return "all"
	}
	return fmt.Sprint(slept)
}
