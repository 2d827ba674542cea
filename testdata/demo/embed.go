// Package demo holds the example that `go run ./cmd/demo` shows: a small shop
// with a base, a component and three overlays, and a pull request with faults
// that people really make.
package demo

import _ "embed"

// Main is the repository's default branch, Pull the files that the pull
// request changes, as txtar. A file of Pull replaces the one of Main. Said are the
// comments that the bot has to make, sorted, a line each: where it stands, and
// its rule. Built is what the fix pull request changes in the build of
// overlays/prod, as a diff.
var (
	//go:embed main.txtar
	Main []byte
	//go:embed pull.txtar
	Pull []byte
	//go:embed said.txt
	Said string
	//go:embed built.diff
	Built []byte
)
