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
			if pod.Spec == nil {
				continue
			}
			o, at := pod.Object, pod.At("terminationGracePeriodSeconds")
			switch grace, by, slept := pod.grace(); {
			case grace == 0:
				severity := pass.Rule.Severity
				if pod.Kind.Ends {
					severity = Info // nobody waits for an answer of it
				}
				pass.ReportAs(severity, o, at, fmt.Sprintf("the pods of %s %s are killed at once, without a SIGTERM to end by; write terminationGracePeriodSeconds: 30, the default, or what they need", o.Ref.Kind, o.Ref.Name))
			case slept > 0:
				fault := Fault{Object: o, Field: at, Message: fmt.Sprintf("the grace period of %s %s is %d s, and preStop of container %s sleeps for %s of them: what is left is too short to finish requests, then it is killed; write terminationGracePeriodSeconds: %d",
					o.Ref.Kind, o.Ref.Name, grace, by.Name, portion(slept, grace), pod.GraceToWrite())}
				if o.Lookup(at) == nil { // who wrote the sleep relied on the default
					fault.Source = pass.Source(o, by.At("lifecycle", "preStop"))
				}
				pass.Fault(fault)
			}
		}
	},
})

// grace is the grace period of a pod, and the container whose preStop sleeps
// for nearly all of it, and for how long; none and 0 where none does.
func (w *Workload) grace() (seconds int, by Container, slept int) {
	seconds = number(w.Spec, graceDefault, "terminationGracePeriodSeconds")
	for _, c := range w.Containers {
		stop, ok := c.hook("preStop")
		if slept := stop.sleeps(); ok && slept > 0 && seconds <= slept+graceAfterSleep {
			return seconds, c, slept
		}
	}
	return seconds, Container{}, 0
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
