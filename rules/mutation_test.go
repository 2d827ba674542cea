package rules_test

import (
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// A mutation is a fault that somebody might write into a real tree that has
// none of the kind: it has to be found, by the rule and in the file.
type mutation struct {
	rule, file string // below deploy/bases
	old, now   string // now stands for the first old; it is added where old is ""
	// also are further edits, first ones made before the change: then the rule
	// compares with them.
	also, first []edit
	// roots are the overlays below deploy/overlays that are built; production
	// without.
	roots []string
}

// An edit is one of a mutation's, in the same words.
type edit struct{ file, old, now string }

var mutations = []mutation{
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

	{rule: "config-unhashed", file: "backend/hpa.yaml", old: "colour: red", now: "colour: blue", first: []edit{
		{"backend/hpa.yaml", "", "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: colours}\ndata:\n  colour: red\n"},
		{"backend/deployment.yaml", "        livenessProbe:", "        envFrom: [{configMapRef: {name: colours}}]\n        livenessProbe:"},
	}},
	{rule: "selector-changed", file: "backend/deployment.yaml", old: "    matchLabels:\n      app.kubernetes.io/name: backend\n", now: "    matchLabels:\n      app.kubernetes.io/name: backend\n      tier: back\n",
		first: []edit{{"backend/deployment.yaml", "      labels:\n        app.kubernetes.io/name: backend\n", "      labels:\n        app.kubernetes.io/name: backend\n        tier: back\n"}}},
	{rule: "selector-mismatch", file: "backend/deployment.yaml", old: "    matchLabels:\n      app.kubernetes.io/name: backend\n", now: "    matchLabels:\n      app.kubernetes.io/name: backend\n      tier: back\n"},
	{rule: "env-duplicate", file: "backend/deployment.yaml", old: "        env:\n", now: "        env:\n        - name: PODINFO_UI_COLOR\n          value: red\n"},
	{rule: "env-ref-undefined", file: "backend/deployment.yaml", old: "- --level=info", now: "- --level=$(LEVEL)"},
	{rule: "env-value-twice", file: "../overlays/production/kustomization.yaml", now: "patches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: backend}\n    spec: {template: {spec: {containers: [{name: backend, env: [{name: PODINFO_UI_COLOR, valueFrom: {configMapKeyRef: {name: colours, key: ui}}}]}]}}}\n"},
	{rule: "image-pin-lost", file: "../overlays/production/kustomization.yaml", now: "images: [{name: ghcr.io/stefanprodan/podinfo, newTag: 6.14.2}]\n",
		also: []edit{{"backend/deployment.yaml", "podinfo:6.14.1", "podinfo:6.14.1@sha256:0000000000000000000000000000000000000000000000000000000000000001"}}},
	{rule: "image-digest-stale", file: "backend/deployment.yaml", old: "podinfo:6.14.1", now: "podinfo:6.14.1@sha256:0000000000000000000000000000000000000000000000000000000000000001"},
	{rule: "image-large", file: "backend/deployment.yaml", old: "ghcr.io/stefanprodan/podinfo:6.14.1", now: "example.com/large:1.0.0"},
	{rule: "image-differs-by-env", file: "../overlays/staging/kustomization.yaml", now: "images: [{name: ghcr.io/stefanprodan/podinfo, newName: ghcr.io/stefanprodan/podinfo-staging}]\n", roots: []string{"production", "staging"}},
	{rule: "wrong-environment", file: "../overlays/production/kustomization.yaml", now: "configMapGenerator: [{name: links, literals: [\"cache=tcp://cache.staging.svc:6379\"]}]\n", roots: []string{"production", "staging"}},
	{rule: "forgotten-in-one", file: "../overlays/staging/kustomization.yaml", roots: []string{"dev", "production", "staging"}, also: []edit{
		{"../overlays/dev/namespace.yaml", "", budget}, {"../overlays/production/namespace.yaml", "", budget},
	}},
	{rule: "copied-environment", file: "../overlays/test/kustomization.yaml", now: "resources: [all.yaml]\n", roots: []string{"qa", "test"}, also: []edit{
		{"../overlays/test/all.yaml", "", twoDeployments}, {"../overlays/qa/all.yaml", "", twoDeployments}, {"../overlays/qa/kustomization.yaml", "", "resources: [all.yaml]\n"},
	}},
	{rule: "ignore-invalid", file: "backend/deployment.yaml", old: "        imagePullPolicy: IfNotPresent", now: "        imagePullPolicy: IfNotPresent # kustodian:ignore pull-polices it has a digest"},
	{rule: "image-pull-secret-on-pod", file: "database/deployment-replica.yaml", old: "      serviceAccountName: database\n", now: "      serviceAccountName: database\n      imagePullSecrets: [{name: registry}]\n"},
	{rule: "ip-literal", file: "backend/deployment.yaml", old: "tcp://cache:6379", now: "tcp://10.20.30.40:6379"},
	{rule: "missing-alert", file: "backend/deployment.yaml", also: []edit{{"backend/hpa.yaml", "", "---\napiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: front}\nspec: {groups: [{name: front, rules: [{alert: Crashes, expr: 'increase(kube_pod_container_status_restarts_total{pod=~\"frontend-.*\"}[5m]) > 1'}]}]}\n"}}},
	{rule: "node-port", file: "backend/service.yaml", old: "type: ClusterIP", now: "type: NodePort"},
	{rule: "node-port-clash", file: "frontend/service.yaml", old: "port: 80\n", now: "port: 80\n      nodePort: 30080\n", also: []edit{
		{"frontend/service.yaml", "type: ClusterIP", "type: NodePort"}, {"backend/service.yaml", "type: ClusterIP", "type: NodePort"},
		{"backend/service.yaml", "port: 9898\n", "port: 9898\n      nodePort: 30080\n"},
	}},
	{rule: "secret-as-env", file: "backend/deployment.yaml", old: "        env:\n", now: "        env:\n        - name: TOKEN\n          valueFrom: {secretKeyRef: {name: api, key: token}}\n"},
	{rule: "daemonset-in-app", file: "backend/hpa.yaml", now: "---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent}\nspec:\n  selector: {matchLabels: {app: agent}}\n  template: {metadata: {labels: {app: agent}}, spec: {containers: [{name: agent, image: \"example.com/agent:1.0.0\"}]}}\n"},
}

// said is what registries say of images that mutations bring.
var said = map[string]rules.Registered{
	"ghcr.io/stefanprodan/podinfo:6.14.1": {Digest: "sha256:0000000000000000000000000000000000000000000000000000000000000002"},
	"example.com/large:1.0.0":             {Size: 2 << 30},
}

// budget is a PodDisruptionBudget for the backend.
const budget = "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: backend}\nspec: {maxUnavailable: 1, selector: {matchLabels: {app.kubernetes.io/name: backend}}}\n"

// twoDeployments are two workloads that an environment has a copy of.
const twoDeployments = `apiVersion: apps/v1
kind: Deployment
metadata: {name: front}
spec:
  selector: {matchLabels: {app: front}}
  template: {metadata: {labels: {app: front}}, spec: {containers: [{name: front, image: "example.com/front:1.0.0"}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: back}
spec:
  selector: {matchLabels: {app: back}}
  template: {metadata: {labels: {app: back}}, spec: {containers: [{name: back, image: "example.com/back:1.0.0"}]}}
`

// spoken are the rules that speak on real trees by default, each with one where
// it does, as `bench rules --list` prints.
var spoken = map[string]string{
	"best-effort": "tektoncd+plumbing", "cron-limits": "stefanprodan+podinfo", "dangling-target": "redhat-cop+gitops-catalog",
	"entry-without-effect": "redhat-na-ssa+demo-ai-gitops-catalog", "env-config-literal": "stefanprodan+podinfo", "file-unreferenced": "cds-snc+notification-manifests",
	"host-port": "redhat-na-ssa+demo-ai-gitops-catalog", "image-floating": "redhat-cop+gitops-catalog", "image-unpinned": "stefanprodan+podinfo",
	"image-untagged": "tektoncd+plumbing", "kustomize-deprecated": "redhat-cop+gitops-catalog", "liveness-too-eager": "tektoncd+plumbing",
	"missing-liveness": "redhat-na-ssa+demo-ai-gitops-catalog", "missing-pdb": "stefanprodan+podinfo", "missing-prestop": "stefanprodan+podinfo",
	"missing-readiness": "tektoncd+plumbing", "missing-reference": "argoproj+argo-cd", "missing-requests": "redhat-cop+gitops-catalog",
	"missing-spread": "stefanprodan+podinfo", "naked-pod": "redhat-na-ssa+demo-ai-gitops-catalog", "privilege": "tektoncd+plumbing",
	"probes-identical": "GoogleCloudPlatform+microservices-demo", "pull-policy": "argoproj+argo-cd", "rollout-strategy": "tektoncd+plumbing",
	"run-as-root": "stefanprodan+podinfo", "secret-in-git": "redhat-cop+gitops-catalog", "secret-literal": "redhat-cop+gitops-catalog",
	"service-port-unserved": "redhat-na-ssa+demo-ai-gitops-catalog", "service-selects-nothing": "redhat-na-ssa+demo-ai-gitops-catalog",
	"service-selects-two": "redhat-cop+gitops-catalog", "shared-rwo-claim": "tektoncd+plumbing", "single-replica": "stefanprodan+podinfo",
	"state-in-deployment": "redhat-cop+gitops-catalog",
}

// turnedOn are rules that are off by default, and find something in the tree of
// the mutations as it is once they are on.
var turnedOn = []string{"cpu-limit", "memory-overcommit", "missing-contact", "missing-labels", "namespace-open", "namespace-unbounded", "privilege-unset", "termination-message", "writable-root"}

// TestEveryRuleIsTried wants each rule tried on a real tree: where it speaks,
// where it does once it is on, or by a mutation.
func TestEveryRuleIsTried(t *testing.T) {
	mutated := map[string]bool{}
	for _, m := range mutations {
		mutated[m.rule] = true
	}
	for rule := range rules.All() {
		if !rule.Looks() {
			continue
		}
		switch {
		case mutated[rule.ID]:
			t.Logf("%s: by a mutation", rule.ID)
		case spoken[rule.ID] != "":
			t.Logf("%s: speaks on %s", rule.ID, spoken[rule.ID])
		case slices.Contains(turnedOn, rule.ID):
			t.Logf("%s: speaks once it is on", rule.ID)
		default:
			t.Errorf("%s is tried on no real tree: add a mutation that it has to find", rule.ID)
		}
	}
	tree := corpus(t, "stefanprodan+podinfo")
	found := foundIn(t, tree, nil, "production")
	for _, id := range turnedOn {
		if !slices.ContainsFunc(found, func(f rules.Finding) bool { return f.Rule == id }) {
			t.Errorf("%s is on and says nothing", id)
		}
	}
}

// TestMutations writes faults into a real tree and looks whether they are found.
func TestMutations(t *testing.T) {
	tree := corpus(t, "stefanprodan+podinfo")
	for _, m := range mutations {
		t.Run(m.rule, func(t *testing.T) {
			roots := m.roots
			if roots == nil {
				roots = []string{"production"}
			}
			file := path.Join("deploy/bases", m.file)
			is := func(f rules.Finding) bool { return f.Rule == m.rule && f.Path == file }
			before := edited(t, tree, m.first)
			if slices.ContainsFunc(roots, func(root string) bool { return before["deploy/overlays/"+root+"/kustomization.yaml"] != "" }) &&
				slices.ContainsFunc(foundIn(t, before, nil, roots...), is) {
				t.Fatalf("%s has the fault without the mutation", file)
			}
			changes := m.also
			if m.now != "" {
				changes = append(slices.Clone(changes), edit{m.file, m.old, m.now})
			}
			after := edited(t, before, changes)
			var base overlay.Files
			if m.first != nil {
				base = before
			}
			if !slices.ContainsFunc(foundIn(t, after, base, roots...), is) {
				t.Errorf("%s is not found in %s", m.rule, file)
			}
		})
	}
}

// edited is the tree with edits made.
func edited(t *testing.T, tree overlay.Files, edits []edit) overlay.Files {
	t.Helper()
	tree = maps.Clone(tree)
	for _, e := range edits {
		file := path.Join("deploy/bases", e.file)
		switch text := tree[file]; {
		case e.old == "" && text == "":
			tree[file] = strings.TrimPrefix(e.now, "---\n")
		case e.old == "":
			tree[file] = strings.TrimRight(text, "\n") + "\n" + e.now
		case strings.Contains(text, e.old):
			tree[file] = strings.Replace(text, e.old, e.now, 1)
		default:
			t.Fatalf("%s does not have %q", file, e.old)
		}
	}
	return tree
}

// foundIn is what all rules find in overlays of a tree, those that are off by
// default among them; base is the tree to compare with, nil for none.
func foundIn(t *testing.T, tree, base overlay.Files, roots ...string) []rules.Finding {
	t.Helper()
	comment := "contact example.com/owner\ncpu limits forbid\n"
	for _, root := range roots {
		if tree["deploy/overlays/"+root+"/kustomization.yaml"] != "" {
			comment += "build deploy/overlays/" + root + "\n"
		}
	}
	policy := policyOf(comment)
	snapshot := overlay.Open(tree, overlay.Options{})
	found, facts := check(t, snapshot, comment, policy)
	joined := rules.Facts{Head: facts, Overlays: overlays(t, snapshot), Compared: base != nil, Images: said}
	if base != nil {
		_, joined.Base = check(t, overlay.Open(base, overlay.Options{}), comment, policy)
	}
	together, err := rules.Join(joined, policy)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Concat(append(found, together, survey(t, snapshot, joined.Overlays, policy))...)
}
