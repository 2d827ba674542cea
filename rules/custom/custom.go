// Package custom compiles and evaluates the checks of a repository's own rules,
// which are expressions in CEL. It knows neither rules nor builds, and holds
// whatever a stranger writes to a cost: no check runs for long, and none says
// more of what it looks at than whether it is as it should be.
package custom

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/env"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"
)

const (
	// MaxCheck is how many bytes a check may have.
	MaxCheck = 64 << 10
	// MaxPattern is how many bytes a pattern of matches may have.
	MaxPattern = 1 << 10

	// maxNodes is how many nodes an expression may have once its macros are
	// expanded: 64 KB of comparisons joined by && have 12,000.
	maxNodes = 20_000
	// maxDepth is how deep an expression may nest. Kubernetes' own largest
	// validation rules stay below 20.
	maxDepth = 50
)

// An Overlay is what a check knows of the overlay that is built.
type Overlay struct {
	Path        string `cel:"path"`
	Environment string `cel:"environment"` // "" where it is not known
	Production  bool   `cel:"production"`
}

// A Check is a compiled expression. It may be used by many goroutines at once.
type Check struct {
	source  string
	program cel.Program
	// AsksOld is set where the expression asks what the object was before.
	AsksOld bool
}

// A Fault is what is wrong with an expression.
type Fault struct {
	// Line and Column are where in the expression, from 1; columns are runes.
	Line, Column int
	Message      string
	// Word is a name that is not known, "" for other faults; Known are those
	// that are.
	Word  string
	Known []string
}

// Compile compiles an expression, or says what is wrong with it.
func Compile(expression string) (*Check, []Fault) {
	if len(expression) > MaxCheck {
		return nil, whole(fmt.Errorf("the check has %d KB; %d are allowed", (len(expression)+1023)>>10, MaxCheck>>10))
	}
	if known := compiled.get(expression); known != nil {
		return known, nil
	}
	e, err := environment()
	if err != nil {
		return nil, whole(err)
	}
	tree, wrong := e.Compile(expression)
	if wrong.Err() != nil {
		return nil, faults(wrong)
	}
	if found := patterns(tree.NativeRep()); len(found) > 0 {
		return nil, found
	}
	if t := tree.OutputType(); !t.IsExactType(cel.BoolType) && !t.IsExactType(cel.DynType) {
		return nil, whole(fmt.Errorf("the check gives %s; write one that is true where the object is as it should be", cel.FormatCELType(t)))
	}
	program, err := e.Program(tree, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(maxCost), cel.MemoryLimit(maxMemory), sizing,
		cel.InterruptCheckFrequency(interruptEvery), matchCost)
	if err != nil {
		return nil, whole(err)
	}
	check := &Check{source: expression, program: program, AsksOld: asksOld(tree.NativeRep())}
	compiled.put(check)
	return check, nil
}

// whole is a fault of all of an expression.
func whole(err error) []Fault { return []Fault{{Line: 1, Column: 1, Message: err.Error()}} }

// compiled keeps the checks of the configuration that is in use, which each
// overlay of a job asks for anew.
var compiled remembered

type remembered struct {
	mu     sync.Mutex
	checks map[string]*Check // by source
}

// maxRemembered is more than the checks of two configurations.
const maxRemembered = 200

func (r *remembered) get(source string) *Check {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.checks[source]
}

func (r *remembered) put(check *Check) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.checks == nil || len(r.checks) >= maxRemembered {
		r.checks = map[string]*Check{}
	}
	r.checks[check.source] = check
}

// environment is what every check may use: CEL's standard library, optional
// fields, a has that asks for all of a path, and a matches that is bounded.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	e, err := cel.NewCustomEnv(
		cel.StdLib(cel.StdLibSubset(env.NewLibrarySubset().AddExcludedFunctions(env.NewFunction("matches")))),
		matches(),
		cel.OptionalTypes(),
		cel.Macros(cel.GlobalMacro("has", 1, has)),
		cel.CrossTypeNumericComparisons(true),
		cel.DefaultUTCTimeZone(true),
		cel.ParserExpressionSizeLimit(MaxCheck),
		cel.ParserRecursionLimit(maxDepth),
		cel.ParserErrorRecoveryLimit(10),
		cel.ExpressionNodeLimit(maxNodes),
		cel.Types(cel.NativeTypeFor[Overlay](types.ParseStructTag("cel"))),
		cel.Variable("object", cel.MapType(cel.StringType, cel.DynType)),
		cel.Variable("old", cel.DynType), // null, or as object
		cel.Variable("overlay", cel.ObjectType(reflect.TypeFor[Overlay]().String())),
	)
	if err != nil {
		return nil, fmt.Errorf("making the language of checks: %w", err)
	}
	return e, nil
})

// has asks for every field of a path and not only for the last: objects
// without labels are why has(object.metadata.labels.team) is asked.
func has(helper cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
	if args[0].Kind() != ast.SelectKind {
		return nil, helper.NewError(args[0].ID(), "has asks for a field, such as has(object.metadata.labels)")
	}
	var asked []ast.Expr
	for at := args[0]; at.Kind() == ast.SelectKind && !at.AsSelect().IsTestOnly(); at = at.AsSelect().Operand() {
		asked = append(asked, helper.NewPresenceTest(helper.Copy(at.AsSelect().Operand()), at.AsSelect().FieldName()))
	}
	slices.Reverse(asked)
	all := asked[0]
	for _, next := range asked[1:] {
		all = helper.NewCall("_&&_", all, next)
	}
	return all, nil
}

// asksOld reports whether an expression names old.
func asksOld(tree *ast.AST) bool {
	asks := false
	ast.PostOrderVisit(tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		asks = asks || e.Kind() == ast.IdentKind && e.AsIdent() == "old"
	}))
	return asks
}

// patterns are the faults of the patterns that an expression matches texts
// with. They stand in the expression, so that they are known before it runs.
func patterns(tree *ast.AST) (found []Fault) {
	ast.PostOrderVisit(tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != "matches" {
			return
		}
		args := e.AsCall().Args()
		pattern := args[len(args)-1]
		at := tree.SourceInfo().GetStartLocation(pattern.ID())
		say := func(message string) {
			found = append(found, Fault{Line: at.Line(), Column: at.Column() + 1, Message: message})
		}
		if pattern.Kind() != ast.LiteralKind {
			say("the pattern of matches is not written out; write it as a text")
			return
		}
		if text, ok := pattern.AsLiteral().Value().(string); ok {
			if _, err := compilePattern(text); err != nil {
				say(err.Error())
			}
		}
	}))
	return found
}

// faults are the compiler's, in our words where it names what is not known.
func faults(wrong *cel.Issues) (out []Fault) {
	for _, e := range wrong.Errors() {
		f := Fault{Line: max(e.Location.Line(), 1), Column: max(e.Location.Column()+1, 1), Message: e.Message}
		if name, ok := between(e.Message, "undeclared reference to '", "'"); ok {
			f.Message, f.Word, f.Known = fmt.Sprintf("there is no %q in a check", name), name, names()
		}
		if name, ok := between(e.Message, "undefined field '", "'"); ok {
			f.Message, f.Word, f.Known = fmt.Sprintf("overlay has no %q", name), name, []string{"environment", "path", "production"}
		}
		f.Message, _, _ = strings.Cut(f.Message, "\n")
		if len(f.Message) > maxMessage {
			f.Message = strings.ToValidUTF8(f.Message[:maxMessage], "") + "…"
		}
		out = append(out, f)
	}
	return out[:min(len(out), maxFaults)]
}

const (
	maxMessage = 300
	maxFaults  = 5
)

func between(text, before, after string) (string, bool) {
	_, rest, _ := strings.Cut(text, before)
	within, _, ok := strings.Cut(rest, after)
	return within, ok
}

// names are the variables, functions and macros that a check may use.
func names() []string {
	known := []string{"object", "old", "overlay"}
	e, err := environment()
	if err != nil {
		return known
	}
	for name := range e.Functions() {
		known = append(known, name)
	}
	for _, m := range parser.AllMacros {
		known = append(known, m.Function())
	}
	slices.Sort(known)
	return slices.DeleteFunc(slices.Compact(known), func(name string) bool { return strings.ContainsAny(name, "_@!-[]") })
}
