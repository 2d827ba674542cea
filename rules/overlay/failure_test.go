package overlay

import (
	"errors"
	"testing"
)

// TestRealFailures holds every overlay of real trees that does not build to an
// answer with a line and something to do.
func TestRealFailures(t *testing.T) {
	for _, name := range []string{"sourcegraph+deploy-sourcegraph", "cds-snc+notification-manifests", "kubernetes-sigs+kustomize", "kubernetes-sigs+cluster-api"} {
		t.Run(name, func(t *testing.T) {
			snapshot := Open(corpus(t, name), Options{})
			overlays, err := snapshot.Find(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			failed := 0
			for _, o := range overlays {
				if o.Component {
					continue
				}
				_, err := snapshot.Build(t.Context(), o.Path)
				var broken *BuildError
				if !errors.As(err, &broken) {
					continue
				}
				failed++
				if broken.Line < 1 || broken.Path == "" || broken.Hint == "" && len(o.Refusals) == 0 {
					t.Errorf("nothing to do for %v", broken)
				}
			}
			t.Logf("%d of %d do not build", failed, len(overlays))
			if failed == 0 {
				t.Error("all of them build")
			}
		})
	}
}
