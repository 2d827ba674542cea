package memory

import "testing"

// AsProgram lets a test be another build of the program.
func AsProgram(t *testing.T, id string) {
	own := program
	program = func() string { return id }
	t.Cleanup(func() { program = own })
}

// Program is the id of the test's own program.
func Program() string { return program() }
