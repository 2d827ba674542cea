package rules

import (
	"fmt"
	"slices"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "job-ttl-loops",
	Title:     "a Job that is deleted and made again for ever",
	Why:       "The cluster deletes the Job when its time is over; Flux or Argo CD then misses it and makes it again, and its work is done again.",
	Write:     "no ttlSecondsAfterFinished, or a hook of Argo CD with a hook-delete-policy",
	Severity:  Warning,
	Practices: []int{39},
	Check: func(pass *Pass) {
		for o := range pass.Objects("Kustomization", "Application", "ApplicationSet") {
			if g := group(o.Ref.APIVersion); g == "kustomize.toolkit.fluxcd.io" || g == "argoproj.io" {
				pass.Fact(endlessJob{Synced: o.Ref.Kind + " " + o.Ref.Name})
				break
			}
		}
		for o := range pass.Objects("Job") {
			if seconds := text(o.Node, "spec", "ttlSecondsAfterFinished"); seconds != "" && !startedByTool(o) && text(o.Node, "metadata", "annotations", "kustomize.toolkit.fluxcd.io/reconcile") != "disabled" {
				pass.Fact(endlessJob{Name: o.Ref.Name, Seconds: seconds, At: pass.Place(o, overlay.Field{"spec", "ttlSecondsAfterFinished"})})
			}
		}
	},
	Join: func(j *Joint) {
		noted := observed[endlessJob](j, j.Head)
		by := slices.IndexFunc(noted, func(fact Observed[endlessJob]) bool { return fact.Value.Synced != "" })
		if by < 0 {
			return // nobody here makes again what is gone
		}
		for _, fact := range noted {
			if job := fact.Value; job.Synced == "" {
				j.Report(job.At, fmt.Sprintf("Job %s is deleted %s s after it ends, and made again by what syncs the repository (such as %s); remove ttlSecondsAfterFinished, or make it a hook",
					job.Name, job.Seconds, noted[by].Value.Synced), fact.Overlay)
			}
		}
	},
})

// endlessJob is a Job that is deleted by time, or what would make it again.
type endlessJob struct {
	Synced  string `json:"synced,omitempty"`
	Name    string `json:"name,omitempty"`
	Seconds string `json:"seconds,omitempty"`
	At      Place  `json:"at"`
}
