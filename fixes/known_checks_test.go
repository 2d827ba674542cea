package fixes

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
	"github.com/kustodian/kustodian/rules/schema"
)

// TestKnownChecksAreProbes holds each check of the table to the API's schema,
// in a Pod that declares the port.
func TestKnownChecksAreProbes(t *testing.T) {
	for _, known := range knownImages {
		if !strings.HasPrefix(known.source, "https://") {
			t.Errorf("%s has no source", known.repositories)
		}
		for _, key := range []string{"readinessProbe", "livenessProbe"} {
			var pod yaml.Node
			text := "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - {name: a, image: " + known.repositories[0] + ":1, ports: [{containerPort: " + known.port + "}]}\n"
			if err := yaml.Unmarshal([]byte(text), &pod); err != nil {
				t.Fatal(err)
			}
			found := items(resolved(&pod), "spec", "containers")[0]
			probe, from := knownCheck(use{nil, container{&overlay.Object{}, nil, found}}, key)
			if probe == nil {
				if key == "readinessProbe" {
					t.Errorf("%s: no readiness probe", known.repositories)
				}
				continue
			}
			if handlerOf(probe) == nil || !strings.Contains(from, known.source) {
				t.Errorf("%s: %s is no check of %s", known.repositories, key, known.source)
			}
			put(found, probe, key)
			for _, fault := range schema.Check(&pod, nil) {
				t.Errorf("%s: %s: %s", known.repositories, fault.Field, fault.Message)
			}
		}
	}
}
