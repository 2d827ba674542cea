package rules_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// badInputs are objects that nobody means to write, and what is said of them:
// each finding as "line rule: message", or why there is no build.
var badInputs = []struct {
	name, text string
	broken     string
	said       []string
}{
	{name: "lists that are null", text: `apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
spec:
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec: {containers: null, volumes: null, tolerations: [null]}
`, said: []string{"8 schema: spec needs containers"}},
	{name: "a number where a list belongs", text: `apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
spec: {template: {spec: {volumes: 3}}}
`, broken: "expected sequence or mapping node"},
	{name: "numbers where maps belong", text: `apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
spec:
  selector: 1
  template:
    metadata: 8
    spec:
      containers: [{name: web, image: "example.com/web:1.0.0", resources: 4, ports: [6], livenessProbe: 5}]
`, said: []string{
		"5 schema: selector is a mapping, not a number",
		"7 schema: metadata is a mapping, not a number",
		"9 run-as-root: nothing keeps container web of Deployment a from running as root; write securityContext: {runAsNonRoot: true}, if the image has another user",
		"9 image-unpinned: image example.com/web:1.0.0 is not pinned to a digest",
		"9 best-effort: container web has no requests or limits of cpu and memory, and the pods of Deployment a are the first to die when a node runs short",
		"9 schema: resources is a mapping, not a number",
		"9 schema: ports[0] is a mapping, not a number",
		"9 schema: livenessProbe is a mapping, not a number",
	}},
	{name: "a number for the metadata", text: "apiVersion: v1\nkind: Pod\nmetadata: 7\nspec: {containers: []}\n", broken: "it has no metadata.name"},
	{name: "containers without names", text: `apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  restartPolicy: Never
  securityContext: {runAsNonRoot: true}
  containers:
  - image: example.com/a
    resources: {requests: {cpu: 1, memory: 64Mi}, limits: {memory: 64Mi}}
  - image: example.com/b:1.0.0@sha256:0000000000000000000000000000000000000000000000000000000000000001
    resources: {requests: {cpu: 1}, limits: {memory: 64Mi}}
`, said: []string{
		"8 schema: containers[0] needs name",
		"8 image-untagged: image example.com/a has no tag, so it is whatever latest is when a pod starts",
		"10 schema: containers[1] needs name",
	}},
	{name: "quantities that are none", text: `apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  restartPolicy: Never
  securityContext: {runAsNonRoot: true}
  containers:
  - name: a
    image: example.com/a:1.0.0@sha256:0000000000000000000000000000000000000000000000000000000000000001
    resources:
      requests: {cpu: 1..5, memory: 64 MB}
      limits: {memory: 64Mi}
`, said: []string{
		`11 schema: cpu is a quantity such as 100m or 64Mi, not the text "1..5"`,
		`11 schema: memory is a quantity such as 100m or 64Mi, not the text "64 MB"`,
	}},
	{name: "a selector of expressions only", text: `apiVersion: apps/v1
kind: DaemonSet
metadata: {name: a}
spec:
  selector: {matchExpressions: [{key: app, operator: In, values: [a, b]}]}
  template:
    metadata: {labels: {app: c}}
    spec:
      securityContext: {runAsNonRoot: true}
      containers:
      - name: a
        image: example.com/a:1.0.0@sha256:0000000000000000000000000000000000000000000000000000000000000001
        resources: {requests: {cpu: 1, memory: 64Mi}, limits: {memory: 64Mi}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: a}
spec:
  maxUnavailable: 1
  selector: {matchExpressions: [{key: app, operator: Exists}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: b}
spec:
  maxUnavailable: 1
  selector: {matchExpressions: [{key: app, operator: Near, values: 3}]}
`, said: []string{
		"5 selector-mismatch: DaemonSet a selects app in (a,b), and its pods have app=c",
		`27 schema: "Near" is no operator: write DoesNotExist, Exists, In, NotIn`,
		"27 schema: values is a list, not a number",
	}},
	{name: "names in other scripts", text: `apiVersion: v1
kind: Pod
metadata: {name: ä-é-日本}
spec:
  securityContext: {runAsNonRoot: true}
  containers:
  - name: 容器
    image: example.com/日本
    resources: {requests: {cpu: 1, memory: 64Mi}, limits: {memory: 64Mi}}
`, said: []string{
		"2 naked-pod: Pod ä-é-日本 has no controller, so nothing starts it again when its node goes away; write a Deployment with it as template, or a Job for work that ends",
		`3 schema: "ä-é-日本" is no name that the API server takes; write lower-case letters, digits, - and . only`,
		`7 schema: "容器" is no name of a container that the API server takes; write lower-case letters, digits and - only`,
		"8 image-untagged: image example.com/日本 has no tag, so it is whatever latest is when a pod starts",
	}},
}

// TestBadInput wants a defined answer to whatever somebody writes.
func TestBadInput(t *testing.T) {
	for _, in := range badInputs {
		t.Run(in.name, func(t *testing.T) {
			snapshot := overlay.Open(overlay.Files{"kustomization.yaml": "resources: [all.yaml]\n", "all.yaml": in.text}, overlay.Options{})
			build, err := snapshot.Build(t.Context(), ".")
			var broken *overlay.BuildError
			if errors.As(err, &broken) {
				if in.broken == "" || !strings.Contains(broken.Text(), in.broken) {
					t.Errorf("it does not build: %s", broken.Text())
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			found, facts, err := rules.Run(t.Context(), rules.Subject{Build: build}, rules.Policy{})
			if err != nil {
				t.Fatal(err)
			}
			joined, err := rules.Join(rules.Facts{Head: facts}, rules.Policy{})
			if err != nil {
				t.Fatal(err)
			}
			var said []string
			for _, f := range rules.Merge(found, joined) {
				said = append(said, fmt.Sprintf("%d %s: %s", f.Line, f.Rule, f.Message))
			}
			if diff := cmp.Diff(in.said, said); diff != "" {
				t.Errorf("(-want +said):\n%s", diff)
			}
		})
	}
}
