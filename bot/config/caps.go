package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // workers may not read the zones of the machine

	"github.com/robfig/cron/v3"
	"go.yaml.in/yaml/v3"
)

// Caps are what no configuration may ask for more of: whoever runs Kustodian
// pays for it, and people have to look at what it opens. Zero is none.
type Caps struct {
	PullRequests int `json:"pullRequests"` // of a sweep that are open at once
	// OwnRules is how many rules of its own a repository may have, those of its
	// organisation among them.
	OwnRules int `json:"ownRules"`
	Ignores  int `json:"ignores"` // those of all files together
	// Sweeps is [Hourly], [Daily] or [Weekly]: how often a repository is swept.
	Sweeps string `json:"sweeps"`
}

// How often a repository is swept, in [Caps].Sweeps.
const (
	Hourly = "hourly"
	Daily  = "daily"
	Weekly = "weekly"
)

// DefaultCaps are those of an operator who says nothing else.
func DefaultCaps() Caps { return Caps{PullRequests: 20, OwnRules: 50, Ignores: 1000, Sweeps: Daily} }

// atMost reads a whole number, and takes the most that is allowed for more.
func (r *reader) atMost(most int, to *int) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if r.asked(n, shape{"type": "integer", "minimum": 0}) {
			return
		}
		number, err := strconv.Atoi(n.Value)
		switch {
		case err != nil || number < 0 || n.ShortTag() != "!!int":
			r.fault(n, "want a whole number from 0, not %s", kind(n))
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
func SweepOf(caps Caps, organisation, own []byte) Sweep {
	config := Config{Caps: caps}
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
// is allowed the first time of it.
func (r *reader) schedule(to *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if r.asked(n, shape{"type": "string", "minLength": 1}) {
			return
		}
		schedule, err := ParseSchedule(n.Value)
		if err != nil {
			r.fault(n, "%v", err)
			return
		}
		*to = n.Value
		often := r.config.Caps.Sweeps
		if first, more := oftener(schedule, often); more {
			*to = map[string]string{
				Hourly: fmt.Sprintf("%d * * * *", first.Minute()),
				Daily:  fmt.Sprintf("%d %d * * *", first.Minute(), first.Hour()),
				Weekly: fmt.Sprintf("%d %d * * %d", first.Minute(), first.Hour(), first.Weekday()),
			}[often]
			r.fault(n, "%q sweeps more often than %s, which is the most that is allowed, and %q counts", n.Value, often, *to)
			r.took(n, *to)
		}
	}
}

// ParseSchedule reads five fields of cron. A zone before them is refused: it is
// a key of its own, and the library breaks on one that nothing follows.
func ParseSchedule(text string) (cron.Schedule, error) {
	if before, _, zoned := strings.Cut(text, "TZ="); zoned && (before == "" || before == "CRON_") {
		return nil, fmt.Errorf(`%q names a time zone; write timezone: Europe/Berlin beside the schedule`, text)
	}
	schedule, err := cron.ParseStandard(text)
	if err != nil {
		return nil, fmt.Errorf(`%q is no schedule; write five fields of cron such as "0 6 * * 1"`, text)
	}
	return schedule, nil
}

// oftener reports whether a schedule comes round again before it may, and when
// it does so first. A year has every day that a schedule can name.
func oftener(schedule cron.Schedule, often string) (first time.Time, more bool) {
	least := map[string]time.Duration{Hourly: time.Hour, Daily: 24 * time.Hour, Weekly: 7 * 24 * time.Hour}[often]
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for at := schedule.Next(start.Add(-time.Second)); !at.IsZero() && at.Before(start.AddDate(1, 0, 0)); {
		next := schedule.Next(at)
		if next.Sub(at) < least && !next.IsZero() {
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
		// Local would be the server's own.
		if _, err := time.LoadLocation(n.Value); err != nil || n.Value == "Local" || n.Value == "" {
			r.fault(n, "%s is no time zone; write one such as Europe/Berlin", kind(n))
			return
		}
		*to = n.Value
	}
}
