package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

const kubeScore = "github.com/zegl/kube-score/cmd/kube-score@v1.20.0"

// A score is one object of kube-score's JSON.
type score struct {
	Type struct {
		Kind string `json:"kind"`
	} `json:"type_meta"`
	Meta struct {
		Name string `json:"name"`
	} `json:"object_meta"`
	Checks []struct {
		Check struct {
			ID string `json:"id"`
		} `json:"check"`
		Grade    int  `json:"grade"`
		Skipped  bool `json:"skipped"`
		Comments []struct {
			Path    string `json:"path"`
			Summary string `json:"summary"`
		} `json:"comments"`
	} `json:"checks"`
}

// passed is the grade of a check that has nothing to say.
const passed = 10

// score counts what kube-score says of a build, and what it says of the same
// object in any build of the repository, whatever its namespace, once.
func (t *rulesTally) score(ctx context.Context, command string, build *overlay.Build, seen map[string]bool) error {
	text, err := build.YAML()
	if err != nil {
		return err
	}
	run := exec.CommandContext(ctx, command, "score", "--output-format", "json", "-")
	run.Stdin = bytes.NewReader(text)
	var said bytes.Buffer
	run.Stdout = &said
	err = run.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) { // it exits with 1 on any finding
		return fmt.Errorf("running kube-score: %w", err)
	}
	var scores []score
	if json.Unmarshal(said.Bytes(), &scores) != nil {
		return nil // it does not read this build
	}
	for _, object := range scores {
		for _, check := range object.Checks {
			if check.Skipped || check.Grade >= passed {
				continue
			}
			for _, comment := range check.Comments {
				t.peerFindings++
				seen[object.Type.Kind+"\x00"+object.Meta.Name+"\x00"+check.Check.ID+"\x00"+comment.Path+"\x00"+comment.Summary] = true
			}
		}
	}
	return nil
}

// scale compares the rules on an overlay of 500 objects with those on one of 5,000.
func scale(ctx context.Context, out io.Writer) error {
	var took [2]time.Duration
	for i, n := range []int{500, 5000} {
		snapshot := overlay.Open(manyObjects(n), overlay.Options{})
		build, err := snapshot.Build(ctx, ".")
		if err != nil {
			return err
		}
		start := time.Now()
		if _, _, err := rules.Run(ctx, rules.Subject{Build: build}, everyRule()); err != nil {
			return err
		}
		took[i] = time.Since(start)
	}
	fmt.Fprintf(out, "500 objects %s, 5,000 objects %s: %.1f times (at most 12 is the goal)\n",
		took[0].Round(time.Millisecond), took[1].Round(time.Millisecond), float64(took[1])/float64(took[0]))
	return nil
}

// manyObjects is an overlay of n objects: Deployments with their Services,
// ConfigMaps and autoscalers.
func manyObjects(n int) overlay.Files {
	var b strings.Builder
	for i := range n / 4 {
		name := fmt.Sprintf("app-%d", i)
		fmt.Fprintf(&b, `apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s}
spec:
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata: {labels: {app: %[1]s}}
    spec:
      containers:
      - name: main
        image: example.com/%[1]s:1.2.3
        ports: [{containerPort: 8080, name: http}]
        envFrom: [{configMapRef: {name: %[1]s}}]
        env: [{name: PEER, value: "http://app-0:80"}]
---
apiVersion: v1
kind: Service
metadata: {name: %[1]s}
spec: {selector: {app: %[1]s}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: %[1]s}
data: {level: info}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: %[1]s}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: %[1]s}
  maxReplicas: 3
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]
---
`, name)
	}
	return overlay.Files{"kustomization.yaml": "resources: [all.yaml]\n", "all.yaml": b.String()}
}
