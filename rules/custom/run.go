package custom

import (
	"context"
	"errors"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"
)

const (
	// maxCost is what one evaluation may cost. Ten million units take about a
	// second; a check that loops over all containers costs some hundred.
	maxCost = 1_000_000
	// maxMemory is how many elements a value may have, those of its elements
	// counted wherever they stand: a list of the same list twice, forty times
	// over, takes no room and no time until somebody compares it.
	maxMemory = 200_000
	// maxNested is how deep a value may nest before it counts as too large: the
	// containers of a CronJob alone stand eight deep, and schemas of custom
	// resources far deeper. What is deeper than that, maxMemory ends.
	maxNested = 100
	// interruptEvery is after how many turns of a loop the clock is looked at.
	interruptEvery = 10
)

// sizing measures values in full up to maxMemory, and inside of loops every
// twentieth: measuring takes longer than most of what loops do.
var sizing = cel.MemoryTracking(
	types.MemoryTrackerSampleInterval(20),
	types.MemoryTrackerSizeCalculator(types.NewSizeCalculator(types.SizeCalculatorMaxTraversal(maxMemory), types.SizeCalculatorMaxDepth(maxNested))),
)

// A Budget is what all checks of one build may cost together.
type Budget struct {
	// Cost is what is left, in units of CEL.
	Cost uint64
	// Until is when evaluation ends whatever it cost: the cost is an estimate.
	Until time.Time
}

// DefaultCost is what the checks of one build may cost: about two seconds.
// Fifty checks of five hundred objects cost half of it.
const DefaultCost = 20_000_000

// JobCost is what the checks of all builds of a job may cost together: about
// four minutes of one core.
const JobCost = 2_000_000_000

// Share is what one of so many builds of a job may cost.
func Share(builds int) uint64 {
	return min(DefaultCost, JobCost/uint64(max(builds, 1)))
}

// NewBudget is a budget of a cost, 0 for DefaultCost, from now.
func NewBudget(units uint64) *Budget {
	if units == 0 {
		units = DefaultCost
	}
	return &Budget{Cost: units, Until: time.Now().Add(10 * time.Second)}
}

// ErrSpent is returned where the budget is used up before a check is done.
var ErrSpent = errors.New("the checks of the overlay cost too much together, and those after it are not asked")

// Holds reports whether the object is as the check wants it; old is what it was
// before the change, the zero Value for one that is new. Its error says in a few words why nobody knows, and never repeats a value; [ErrSpent] is one
// that concerns all checks, and an error of ctx is returned as it is.
func (c *Check) Holds(ctx context.Context, object, old Value, of Overlay, budget *Budget) (bool, error) {
	if budget.Cost == 0 {
		return false, ErrSpent
	}
	if old.value == nil {
		old.value = types.NullValue
	}
	limited, cancel := context.WithDeadline(ctx, budget.Until)
	defer cancel()
	out, details, err := c.program.ContextEval(limited, map[string]any{"object": object.value, "old": old.value, "overlay": of})
	if details != nil && details.ActualCost() != nil {
		budget.Cost -= min(budget.Cost, *details.ActualCost())
	}
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case limited.Err() != nil:
		budget.Cost = 0
		return false, ErrSpent
	case err != nil:
		return false, c.plain(err)
	}
	holds, ok := out.(types.Bool)
	if !ok {
		return false, errors.New("it gives " + typeName(out) + " and not true or false")
	}
	return bool(holds), nil
}

func typeName(v ref.Val) string {
	if v.Type() == types.NullType {
		return "nothing"
	}
	return v.Type().TypeName()
}

// plainErrors are the starts of CEL's errors that hold no value.
var plainErrors = []string{
	"no such overload", "no such attribute", "division by zero", "modulus by zero",
	"integer overflow", "unsigned integer overflow", "text too long to match", "unsupported index type",
}

// plain is an error of an evaluation without what it may quote of the object:
// only a key that stands in the expression itself is named.
func (c *Check) plain(err error) error {
	var cancelled interpreter.EvalCancelledError
	if errors.As(err, &cancelled) {
		if cancelled.Cause == interpreter.MemoryLimitExceeded {
			return errors.New("a value is too large")
		}
		return errors.New("it costs too much on one object")
	}
	message := err.Error()
	if key, ok := strings.CutPrefix(message, "no such key: "); ok {
		if strings.Contains(c.source, key) {
			return errors.New("there is no " + key + "; ask for it with has first")
		}
		return errors.New("a key is not there; ask for it with in first")
	}
	if strings.HasPrefix(message, "index") {
		return errors.New("a list has no item of that number")
	}
	for _, known := range plainErrors {
		if strings.HasPrefix(message, known) {
			return errors.New(known)
		}
	}
	return errors.New("a value cannot be converted")
}

// matchCost counts each step of a pattern at each letter: CEL's own estimate
// goes by the length of the pattern, which repetitions make short.
var matchCost = cel.CostTrackerOptions(
	cost.OverloadTracker("matches_bounded", costOfMatch),
	cost.OverloadTracker("matches_bounded_string", costOfMatch),
)

func costOfMatch(args []ref.Val, _ ref.Val) *uint64 {
	units := uint64(1)
	if text, ok := args[0].(types.String); ok {
		if wanted, ok := args[1].(types.String); ok {
			if p, err := compilePattern(string(wanted)); err == nil {
				units += uint64(len(text)) * uint64(p.size) / 10
			}
		}
	}
	return &units
}
