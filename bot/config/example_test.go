package config

import "testing"

// TestExamples holds that what a fault says to write is right, for every key.
func TestExamples(t *testing.T) {
	for key := range said {
		example := examples[key]
		if example == "" {
			t.Errorf("nothing shows how %s is written", key)
		}
		src := "version: 1\n" + example
		if key == "version" {
			src = example
		}
		if _, faults := Parse(File, []byte(src), Default()); len(faults) > 0 {
			t.Errorf("%s: %v", example, faults)
		}
	}
}
