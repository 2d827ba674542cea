package fixes

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"
)

// TestReasonsAreExplained holds the reasons and their explanations together.
func TestReasonsAreExplained(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "reason.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[Reason]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "Reason" {
			return true
		}
		if value, ok := spec.Values[0].(*ast.BasicLit); ok {
			text, err := strconv.Unquote(value.Value)
			if err != nil {
				t.Fatal(err)
			}
			reasons[Reason(text)] = true
		}
		return true
	})
	if len(reasons) < 10 {
		t.Fatalf("found %d reasons only", len(reasons))
	}
	for reason := range reasons {
		if why := Explain(reason); reason != NoReason && (why.Means == "" || why.ByHand == "") {
			t.Errorf("%s is not explained", reason)
		}
	}
	for reason := range explanations {
		if !reasons[reason] {
			t.Errorf("%s is explained and is no reason", reason)
		}
	}
}
