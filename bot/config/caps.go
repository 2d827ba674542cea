package config

import (
	"fmt"
	"strconv"
	"time"

	"github.com/robfig/cron/v3"
	"go.yaml.in/yaml/v3"
)

// What no configuration may ask for more of: whoever runs Kustodian pays for it,
// and people have to look at what it opens.
const (
	maxPullRequests = 20   // of a sweep that are open at once
	maxIgnores      = 1000 // those of all files together
	// maxOwn is how many rules of its own a repository may have, those of its
	// organisation among them.
	maxOwn = 50
)

// atMost reads a whole number, and takes the most that is allowed for more.
func (r *reader) atMost(most int, to *int) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if r.asked(n, shape{"type": "integer", "minimum": 0, "maximum": most}) {
			return
		}
		number, err := strconv.Atoi(n.Value)
		switch {
		case err != nil || number < 0:
			r.fault(n, "want a whole number from 0, not %q", n.Value)
			return
		case number > most:
			r.fault(n, "%d is more than the %d that are allowed, and %d counts", number, most, most)
			number = most
			r.took(n, strconv.Itoa(most))
		}
		*to = number
	}
}

// SweepOf is when a repository is swept by its configuration own, over that of
// its organisation: the only part of them that a server reads itself. Either
// may be nil.
func SweepOf(organisation, own []byte) Sweep {
	var config Config
	for _, src := range [][]byte{organisation, own} {
		var document yaml.Node
		if err := yaml.Unmarshal(src, &document); err != nil || len(document.Content) == 0 {
			continue // which is told where the file is reviewed
		}
		r := &reader{config: &config, locked: config.Locked}
		r.mapping(document.Content[0], keys{
			"locked": r.locks,
			"sweep":  func(n *yaml.Node) { r.sweep(n, &config.Sweep) },
		})
	}
	return config.Sweep
}

func (r *reader) sweep(n *yaml.Node, sweep *Sweep) {
	r.mapping(n, keys{"schedule": r.schedule(&sweep.Schedule), "timezone": r.timezone(&sweep.Timezone)})
}

// schedule reads five fields of cron, and makes of what comes more often than
// daily the first time of each day.
func (r *reader) schedule(to *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if r.asked(n, shape{"type": "string", "minLength": 1}) {
			return
		}
		schedule, err := cron.ParseStandard(n.Value)
		if err != nil {
			r.fault(n, `%q is no schedule; write five fields of cron such as "0 6 * * 1"`, n.Value)
			return
		}
		*to = n.Value
		if first, often := oftener(schedule); often {
			*to = fmt.Sprintf("%d %d * * *", first.Minute(), first.Hour())
			r.fault(n, "%q sweeps more often than daily, which is the most that is allowed, and %q counts", n.Value, *to)
			r.took(n, *to)
		}
	}
}

// oftener reports whether a schedule comes round again within a day, and when
// it does so first. A year has every day that a schedule can name.
func oftener(schedule cron.Schedule) (first time.Time, often bool) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for at := schedule.Next(start.Add(-time.Second)); !at.IsZero() && at.Before(start.AddDate(1, 0, 0)); {
		next := schedule.Next(at)
		if next.Sub(at) < 24*time.Hour && !next.IsZero() {
			return at, true
		}
		at = next
	}
	return first, false
}

func (r *reader) timezone(to *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if r.asked(n, shape{"type": "string", "minLength": 1}) {
			return
		}
		if _, err := time.LoadLocation(n.Value); err != nil {
			r.fault(n, "%q is no time zone; write one such as Europe/Berlin", n.Value)
			return
		}
		*to = n.Value
	}
}
