package rules

import (
	"fmt"
	"strings"

	"github.com/robfig/cron/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "cron-limits",
	Title:     "a CronJob without bounds, or that never runs",
	Why:       "A run that hangs goes on for ever, and the next one starts beside it, or never. A schedule that does not parse is refused.",
	Write:     "concurrencyPolicy, and activeDeadlineSeconds in the jobTemplate, as the work bears them",
	Severity:  Info,
	Practices: []int{39},
	Check: func(pass *Pass) {
		for o := range pass.Objects("CronJob") {
			if group(o.Ref.APIVersion) != "batch" {
				continue
			}
			spec := child(o.Node, "spec")
			schedule := text(spec, "schedule")
			if said := child(spec, "schedule"); said != nil && said.Value == "" {
				schedule = " " // what is not there at all is the schema's to say
			}
			if fault := scheduleFault(schedule); fault != "" {
				pass.Fault(Fault{Severity: Error, Object: o, Field: overlay.Field{"spec", "schedule"}, Reason: "schedule",
					Message: fmt.Sprintf("CronJob %s has the schedule %q, which the API server refuses: %s", o.Ref.Name, schedule, fault)})
			}
			var missing []string
			if text(spec, "concurrencyPolicy") == "" {
				missing = append(missing, "has no concurrencyPolicy, so a run starts beside one that has not ended; write Forbid or Replace if its work must not overlap")
			}
			if text(spec, "jobTemplate", "spec", "activeDeadlineSeconds") == "" && text(spec, "startingDeadlineSeconds") == "" {
				missing = append(missing, "has no deadline, so a run that hangs never ends; write activeDeadlineSeconds in jobTemplate.spec")
			}
			if len(missing) > 0 {
				pass.Report(o, overlay.Field{"spec"}, fmt.Sprintf("CronJob %s %s", o.Ref.Name, strings.Join(missing, ", and ")))
			}
		}
	},
})

// scheduleFault says why the API server refuses a schedule, "" where it does not.
func scheduleFault(schedule string) string {
	if schedule == "" || strings.ContainsAny(schedule, "${}") {
		return "" // the schema's to say, or filled in later
	}
	if strings.Contains(schedule, "TZ=") {
		return "the time zone belongs into timeZone"
	}
	if _, err := cron.ParseStandard(schedule); err != nil {
		return err.Error()
	}
	return ""
}
