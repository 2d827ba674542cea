package rules_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// TestScale holds the rules to work that grows with the objects and not with
// their square. Work is counted in allocations, which no other load changes.
func TestScale(t *testing.T) {
	few, many := work(t, 50), work(t, 500)
	if ratio := float64(many) / float64(few); ratio > 12 {
		t.Errorf("10 times the objects are %.1f times the work (%d and %d allocations), want at most 12", ratio, few, many)
	}
}

// TestManyObjects wants every one of 10,000 objects looked at.
func TestManyObjects(t *testing.T) {
	const workloads = 3334 // with a Service and a ConfigMap each
	build, err := overlay.Open(overlay.Files{"kustomization.yaml": "resources: []\n"}, overlay.Options{}).Build(t.Context(), ".")
	if err != nil {
		t.Fatal(err)
	}
	if build.Objects, err = objects([]byte(many(workloads)), 3*workloads); err != nil {
		t.Fatal(err)
	}
	found, _, err := rules.Run(t.Context(), rules.Subject{Build: build}, rules.Policy{})
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, f := range found {
		counts[f.Rule]++
	}
	want := map[string]int{"best-effort": workloads, "missing-readiness": workloads, "image-unpinned": workloads, "run-as-root": workloads}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("findings by rule (-want +got):\n%s", diff)
	}
}

// work is how often the rules allocate memory for n workloads with a Service
// and a ConfigMap each.
func work(t *testing.T, n int) uint64 {
	t.Helper()
	b := many(n)
	snapshot := overlay.Open(overlay.Files{"kustomization.yaml": "resources: [all.yaml]\n", "all.yaml": b}, overlay.Options{})
	build, err := snapshot.Build(t.Context(), ".")
	if err != nil {
		t.Fatal(err)
	}
	run := func() {
		if _, _, err := rules.Run(t.Context(), rules.Subject{Build: build}, policyOf("")); err != nil {
			t.Fatal(err)
		}
	}
	run() // the sources of the build are found once
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run()
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}

// many is n workloads with a Service and a ConfigMap each.
func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `apiVersion: apps/v1
kind: Deployment
metadata: {name: app-%[1]d}
spec:
  selector: {matchLabels: {app: app-%[1]d}}
  template:
    metadata: {labels: {app: app-%[1]d}}
    spec:
      containers:
      - {name: main, image: "example.com/app-%[1]d:1.2.3", ports: [{containerPort: 8080}], envFrom: [{configMapRef: {name: app-%[1]d}}]}
---
apiVersion: v1
kind: Service
metadata: {name: app-%[1]d}
spec: {selector: {app: app-%[1]d}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: app-%[1]d}
data: {level: info}
---
`, i)
	}
	return b.String()
}
