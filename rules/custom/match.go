package custom

import (
	"fmt"
	"regexp"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

const (
	// maxProgram is how many instructions a pattern may compile to: repetitions
	// make thousands of a few bytes, and each is tried at each letter.
	maxProgram = 1000
	// maxMatched is how many bytes of text are matched: with maxProgram it
	// keeps one match, which nothing interrupts, below a second.
	maxMatched = 64 << 10
)

// compiledPatterns are those of the checks: their number is bounded by what a
// configuration may hold.
var compiledPatterns sync.Map // of text to *pattern

type pattern struct {
	*regexp.Regexp
	size int // in instructions
}

func compilePattern(text string) (*pattern, error) {
	if known, ok := compiledPatterns.Load(text); ok {
		return known.(*pattern), nil
	}
	if len(text) > MaxPattern {
		return nil, fmt.Errorf("the pattern of matches has %d bytes; %d are allowed", len(text), MaxPattern)
	}
	size, err := types.RegexProgramSize(text)
	if err != nil {
		return nil, fmt.Errorf("the pattern of matches is none: %w", err)
	}
	if size > maxProgram {
		return nil, fmt.Errorf("the pattern of matches repeats too much: it has %d steps, and %d are allowed", size, maxProgram)
	}
	compiled, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("the pattern of matches is none: %w", err)
	}
	p := &pattern{compiled, size}
	compiledPatterns.Store(text, p)
	return p, nil
}

// matches declares matches(text, pattern) and text.matches(pattern).
func matches() cel.EnvOption {
	arguments := []*cel.Type{cel.StringType, cel.StringType}
	run := cel.BinaryBinding(func(text, wanted ref.Val) ref.Val {
		s, ok := text.(types.String)
		w, isText := wanted.(types.String)
		if !ok || !isText {
			return types.MaybeNoSuchOverloadErr(text)
		}
		p, err := compilePattern(string(w))
		if err != nil {
			return types.WrapErr(err)
		}
		if len(s) > maxMatched {
			return types.NewErr("text too long to match")
		}
		return types.Bool(p.MatchString(string(s)))
	})
	return cel.Function("matches",
		cel.Overload("matches_bounded", arguments, cel.BoolType, run),
		cel.MemberOverload("matches_bounded_string", arguments, cel.BoolType, run))
}
