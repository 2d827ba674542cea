package github

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// TestAppAsksForWhatTokensNeed holds the permissions of app.yml against those
// that the tokens of all levels take together.
func TestAppAsksForWhatTokensNeed(t *testing.T) {
	src, err := os.ReadFile("../../app.yml")
	if err != nil {
		t.Fatal(err)
	}
	var app struct {
		Permissions map[string]string `yaml:"default_permissions"`
	}
	if err := yaml.Unmarshal(src, &app); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, l := range []level{reading, reporting, writing} {
		for name, needed := range l.permissions(false) {
			if want[name] != "write" {
				want[name] = needed
			}
		}
	}
	if diff := cmp.Diff(want, app.Permissions); diff != "" {
		t.Errorf("default_permissions of app.yml (-needed +asked for):\n%s", diff)
	}
}
