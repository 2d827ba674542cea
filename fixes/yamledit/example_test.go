package yamledit_test

import (
	"fmt"

	"github.com/kustodian/kustodian/fixes/yamledit"
)

// show makes edits and prints the text that comes of them.
func show(text string, edits ...yamledit.Edit) {
	file, err := yamledit.Parse([]byte(text))
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := file.Apply(edits...)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(result.Bytes))
}

func ExampleSetScalar() {
	show("image:   'web:1'   # pinned by the release", yamledit.SetScalar(0, yamledit.Path{"image"}, "web:2"))
	// Output: image:   'web:2'   # pinned by the release
}

func ExampleAddKey() {
	// A block scalar that ends a file without a last break keeps its value.
	show("data:\n  a: |\n    text", yamledit.AddKey(0, yamledit.Path{"data"}, "b", yamledit.Int(1)))
	// Output:
	// data:
	//   a: |-
	//     text
	//   b: 1
}

func ExampleAppendItem() {
	show("resources:\n  - a.yaml # first", yamledit.AppendItem(0, yamledit.Path{"resources"}, yamledit.String("b.yaml")))
	// Output:
	// resources:
	//   - a.yaml # first
	//   - b.yaml
}

func ExampleRemove() {
	show("a: 1\nb:\n  c: 2", yamledit.Remove(0, yamledit.Path{"b", "c"}, yamledit.PruneEmpty))
	// Output: a: 1
}

func ExampleInBlockScalar() {
	show("patch: |-\n  spec:\n    replicas: 1", yamledit.InBlockScalar(0, yamledit.Path{"patch"},
		yamledit.SetScalar(0, yamledit.Path{"spec", "replicas"}, "3")))
	// Output:
	// patch: |-
	//   spec:
	//     replicas: 3
}

func ExampleInsertItem() {
	show("env:\n- a\n# about c\n- c", yamledit.InsertItem(0, yamledit.Path{"env", 1}, yamledit.Before, yamledit.String("b")))
	show("- - x", yamledit.InsertItem(0, yamledit.Path{0, 0}, yamledit.Before, yamledit.String("w")))
	show("env: [a, c]", yamledit.InsertItem(0, yamledit.Path{"env", 0}, yamledit.After, yamledit.String("b")))
	// Output:
	// env:
	// - a
	// - b
	// # about c
	// - c
	// - - w
	//   - x
	// env: [a, b, c]
}

func ExampleMoveItem() {
	show("env:\n- a\n- b\n# about c\n- c", yamledit.MoveItem(0, yamledit.Path{"env", 2}, yamledit.Before, 0))
	show("env:\n- a\n- b\n- c", yamledit.MoveItem(0, yamledit.Path{"env", 0}, yamledit.After, 2))
	show("env: [a, b, c]", yamledit.MoveItem(0, yamledit.Path{"env", 2}, yamledit.Before, 0))
	// Output:
	// env:
	// # about c
	// - c
	// - a
	// - b
	// env:
	// - b
	// - c
	// - a
	// env: [c, a, b]
}

func ExampleRenameKey() {
	show("\"bases\": # old\n- ../base", yamledit.RenameKey(0, yamledit.Path{"bases"}, "resources"))
	// Output:
	// "resources": # old
	// - ../base
}

func ExampleAddDocument() {
	show("a:\n    b: 1\n", yamledit.AddDocument(yamledit.Map{{Key: "c", Value: yamledit.Map{{Key: "d", Value: yamledit.Bool(true)}}}}))
	// Output:
	// a:
	//     b: 1
	// ---
	// c:
	//     d: true
}

func ExampleNewFile() {
	neighbour := []byte("resources:\n  - a.yaml\n")
	text, err := yamledit.NewFile([][]byte{neighbour}, yamledit.Map{
		{Key: "kind", Value: yamledit.String("Kustomization")},
		{Key: "resources", Value: yamledit.List{yamledit.String("../base")}},
	})
	fmt.Print(string(text), err)
	// Output:
	// kind: Kustomization
	// resources:
	//   - ../base
	// <nil>
}
