package rules_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// mutations are faults that somebody might write into a real overlay that has
// none of the kind: each has to be found, by the rule and in the file.
var mutations = []struct {
	rule, file string
	old, now   string // now stands for the first old; is added where old is ""
}{
	{rule: "liveness-on-dependency", file: "backend/deployment.yaml", old: "localhost:9898/healthz", now: "localhost:9898/readyz"},
	{rule: "liveness-on-dependency", file: "backend/deployment.yaml", old: "localhost:9898/healthz", now: "cache:6379/healthz"},
	{rule: "probe-port", file: "backend/deployment.yaml", old: "livenessProbe:", now: "startupProbe: {tcpSocket: {port: htpp}}\n        livenessProbe:"},
	{rule: "hook-output-lost", file: "backend/deployment.yaml", old: "livenessProbe:", now: "lifecycle: {preStop: {exec: {command: [sh, -c, \"echo stops; sleep 3\"]}}}\n        livenessProbe:"},
	{rule: "grace-too-short", file: "backend/deployment.yaml", old: "      containers:", now: "      terminationGracePeriodSeconds: 0\n      containers:"},
	{rule: "log-file", file: "backend/deployment.yaml", old: "- --level=info", now: "- --log-file=/tmp/podinfo.log"},
	{rule: "shell-as-pid1", file: "backend/deployment.yaml", old: "- ./podinfo\n", now: "- sh\n        - -c\n        - ./podinfo\n"},
	{rule: "post-start-blocks", file: "backend/deployment.yaml", old: "livenessProbe:", now: "lifecycle: {postStart: {exec: {command: [sleep, \"5\"]}}}\n        livenessProbe:"},
	{rule: "start-order-wait", file: "backend/deployment.yaml", old: "      containers:", now: "      initContainers:\n      - name: wait\n        image: busybox:1.36\n        command: [sh, -c, \"until nc -z cache 6379; do sleep 1; done\"]\n      containers:"},
	{rule: "request-over-limit", file: "backend/deployment.yaml", old: "memory: 32Mi", now: "memory: 1Gi"},
	{rule: "hpa-without-requests", file: "backend/deployment.yaml", old: "          limits:\n            cpu: 2000m\n            memory: 512Mi\n          requests:\n            cpu: 100m\n", now: "          requests:\n"},
	{rule: "hpa-owns-replicas", file: "backend/deployment.yaml", old: "  minReadySeconds: 3", now: "  replicas: 2\n  minReadySeconds: 3"},
	{rule: "hpa-range", file: "backend/hpa.yaml", old: "minReplicas: 1", now: "minReplicas: 3"},
	{rule: "spread-selects-other", file: "backend/deployment.yaml", old: "      containers:", now: "      topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: backend}}}]\n      containers:"},
	{rule: "tolerates-all", file: "backend/deployment.yaml", old: "      containers:", now: "      tolerations: [{operator: Exists}]\n      containers:"},
	{rule: "vpa-against-hpa", file: "backend/hpa.yaml", now: "---\napiVersion: autoscaling.k8s.io/v1\nkind: VerticalPodAutoscaler\nmetadata: {name: backend}\nspec: {targetRef: {apiVersion: apps/v1, kind: Deployment, name: backend}}\n"},
	{rule: "pdb-blocks", file: "backend/hpa.yaml", now: "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: backend}\nspec: {minAvailable: 1, selector: {matchLabels: {app.kubernetes.io/name: backend}}}\n"},
	{rule: "quota-below-surge", file: "backend/hpa.yaml", now: "---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {name: caps}\nspec: {hard: {requests.cpu: 150m}}\n"},
	{rule: "api-removed", file: "backend/hpa.yaml", old: "apiVersion: autoscaling/v2", now: "apiVersion: autoscaling/v2beta2"},
	{rule: "schema", file: "backend/deployment.yaml", old: "imagePullPolicy:", now: "imagePullPolice:"},
	{rule: "image-name-carries-tag", file: "backend/kustomization.yaml", now: "images: [{name: ghcr.io/stefanprodan/podinfo, newName: \"example.com/podinfo:1\"}]\n"},
	{rule: "job-ttl-loops", file: "backend/hpa.yaml", now: "---\napiVersion: batch/v1\nkind: Job\nmetadata: {name: once}\nspec: {ttlSecondsAfterFinished: 60, template: {spec: {restartPolicy: Never, containers: [{name: once, image: \"example.com/once:1.0.0\"}]}}}\n" +
		"---\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: shop}\n"},
}

// TestMutations writes faults into a real overlay and looks whether they are found.
func TestMutations(t *testing.T) {
	const folder, root = "deploy/bases/", "deploy/overlays/production"
	tree := corpus(t, "stefanprodan+podinfo")
	before := found(t, tree, root)
	for _, m := range mutations {
		t.Run(m.rule, func(t *testing.T) {
			file := folder + m.file
			text, had := tree[file]
			if !had || !strings.Contains(text, m.old) {
				t.Fatalf("%s does not have %q", file, m.old)
			}
			if slices.ContainsFunc(before, func(f rules.Finding) bool { return f.Rule == m.rule && f.Path == file }) {
				t.Fatalf("%s has the fault without the mutation", file)
			}
			changed := maps.Clone(tree)
			if m.old == "" {
				changed[file] = strings.TrimRight(text, "\n") + "\n" + m.now
			} else {
				changed[file] = strings.Replace(text, m.old, m.now, 1)
			}
			after := found(t, changed, root)
			if !slices.ContainsFunc(after, func(f rules.Finding) bool { return f.Rule == m.rule && f.Path == file }) {
				t.Errorf("%s is not found in %s", m.rule, file)
			}
		})
	}
}

// found is what all rules that look at builds find in one overlay of a tree.
func found(t *testing.T, tree overlay.Files, root string) []rules.Finding {
	t.Helper()
	build, err := overlay.Open(tree, overlay.Options{}).Build(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	findings, facts, err := rules.Run(t.Context(), rules.Subject{Build: build}, rules.Policy{})
	if err != nil {
		t.Fatal(err)
	}
	joined, err := rules.Join(rules.Facts{Head: facts}, rules.Policy{})
	if err != nil {
		t.Fatal(err)
	}
	return append(findings, joined...)
}
