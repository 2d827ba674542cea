// Package rules holds the cases of the rules, a folder for each: what the
// tests check, and what `kustodian rules ID` shows as the example.
package rules

import "embed"

// FS has a folder for each rule, with its cases as txtar.
//
//go:embed */*.txtar
var FS embed.FS
