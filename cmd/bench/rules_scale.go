package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// scale compares the rules on 500 objects of one build with those on 5,000. The
// objects are made without the engine, which takes minutes for 5,000 with
// references: it tries each against each.
func scale(ctx context.Context, out io.Writer) error {
	build, err := overlay.Open(overlay.Files{"kustomization.yaml": "resources: []\n"}, overlay.Options{}).Build(ctx, ".")
	if err != nil {
		return err
	}
	var took [2]time.Duration
	const most = 5000
	for i, n := range []int{500, most} {
		if build.Objects, err = manyObjects(n); err != nil {
			return fmt.Errorf("making %d objects: %w", n, err)
		}
		for range 5 { // the least of five, for others use the machine too
			start, runs := time.Now(), most/n // as many objects in all, so that both pay for what they leave behind
			for range runs {
				if _, _, err := rules.Run(ctx, rules.Subject{Build: build}, everyRule()); err != nil {
					return err
				}
			}
			if d := time.Since(start) / time.Duration(runs); took[i] == 0 || d < took[i] {
				took[i] = d
			}
		}
	}
	fmt.Fprintf(out, "500 objects %s, 5,000 objects %s: %.1f times (at most 12 is the goal)\n",
		took[0].Round(time.Millisecond), took[1].Round(time.Millisecond), float64(took[1])/float64(took[0]))
	return nil
}

// manyObjects are n objects: Deployments with their Services, ConfigMaps and autoscalers.
func manyObjects(n int) ([]*overlay.Object, error) {
	var b strings.Builder
	for i := range n / 4 {
		name := fmt.Sprintf("app-%d", i)
		fmt.Fprintf(&b, `---
apiVersion: apps/v1
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
`, name)
	}
	documents, err := readV3([]byte(b.String()))
	if err != nil {
		return nil, err
	}
	var out []*overlay.Object
	for _, document := range documents {
		o := &overlay.Object{Node: document.Content[0]}
		word := func(steps ...string) string { return o.Lookup(steps).Value }
		o.Ref = overlay.ObjectRef{APIVersion: word("apiVersion"), Kind: word("kind"), Name: word("metadata", "name")}
		o.Origin = o.Ref
		out = append(out, o)
	}
	return out, nil
}
