package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A check is one of another tool, by the name that people write to silence it.
type check struct {
	name  string
	rules []string // that look for the same
}

// The checks of other tools that a rule here repeats: what a team has decided
// there counts here. The names are those of each tool's list of checks:
// docs.kubelinter.io/#/generated/checks, kube-score's README_CHECKS.md,
// polaris.docs.fairwinds.com/checks and checkov's policy index.
var (
	kubeLinter = []check{
		{"latest-tag", []string{"image-untagged", "image-floating"}},
		{"unset-cpu-requirements", []string{"missing-requests", "best-effort"}},
		{"unset-memory-requirements", []string{"missing-requests", "best-effort"}},
		{"no-liveness-probe", []string{"missing-liveness"}},
		{"no-readiness-probe", []string{"missing-readiness"}},
		{"liveness-port", []string{"probe-port"}},
		{"readiness-port", []string{"probe-port"}},
		{"startup-port", []string{"probe-port"}},
		{"minimum-three-replicas", []string{"single-replica"}},
		{"no-anti-affinity", []string{"missing-spread"}},
		{"no-rolling-update-strategy", []string{"rollout-strategy"}},
		{"pdb-max-unavailable", []string{"pdb-blocks"}},
		{"pdb-min-available", []string{"pdb-blocks"}},
		{"hpa-minimum-three-replicas", []string{"single-replica", "hpa-range"}},
		{"dangling-service", []string{"service-selects-nothing"}},
		{"dangling-ingress", []string{"dangling-target"}},
		{"dangling-horizontalpodautoscaler", []string{"dangling-target"}},
		{"dangling-networkpolicy", []string{"dangling-target"}},
		{"non-existent-service-account", []string{"missing-reference"}},
		{"mismatching-selector", []string{"selector-mismatch"}},
		{"invalid-target-ports", []string{"service-port-unserved"}},
		{"duplicate-env-var", []string{"env-duplicate"}},
		{"env-var-secret", []string{"secret-literal"}},
		{"read-secret-from-env-var", []string{"secret-as-env"}},
		{"run-as-non-root", []string{"run-as-root"}},
		{"no-read-only-root-fs", []string{"writable-root"}},
		{"privilege-escalation-container", []string{"privilege-unset"}},
		{"privileged-container", []string{"privilege"}},
		{"docker-sock", []string{"privilege"}},
		{"host-pid", []string{"privilege"}},
		{"host-ipc", []string{"privilege"}},
		{"sensitive-host-mounts", []string{"privilege"}},
		{"host-network", []string{"host-port"}},
		{"exposed-services", []string{"node-port"}},
		{"use-namespace", []string{"namespace-open"}},
	}
	kubeScore = []check{
		{"container-image-tag", []string{"image-untagged", "image-floating"}},
		{"container-image-pull-policy", []string{"pull-policy"}},
		{"container-resources", []string{"missing-requests", "best-effort"}},
		{"pod-probes", []string{"missing-readiness", "missing-liveness", "probes-identical"}},
		{"pod-probes-identical", []string{"probes-identical"}},
		{"deployment-has-poddisruptionbudget", []string{"missing-pdb"}},
		{"statefulset-has-poddisruptionbudget", []string{"missing-pdb"}},
		{"deployment-has-host-podantiaffinity", []string{"missing-spread"}},
		{"statefulset-has-host-podantiaffinity", []string{"missing-spread"}},
		{"pod-topology-spread-constraints", []string{"missing-spread"}},
		{"deployment-replicas", []string{"single-replica"}},
		{"deployment-targeted-by-hpa-does-not-have-a-static-replica-count", []string{"hpa-owns-replicas"}},
		{"horizontalpodautoscaler-has-target", []string{"dangling-target"}},
		{"horizontalpodautoscaler-replicas", []string{"hpa-range", "single-replica"}},
		{"service-targets-pod", []string{"service-selects-nothing"}},
		{"service-type", []string{"node-port"}},
		{"networkpolicy-targets-pod", []string{"dangling-target"}},
		{"ingress-targets-service", []string{"dangling-target"}},
		{"pod-networkpolicy", []string{"namespace-open"}},
		{"statefulset-has-servicename", []string{"missing-reference"}},
		{"environment-variable-key-duplication", []string{"env-duplicate"}},
		{"container-security-context-privileged", []string{"privilege"}},
		{"container-security-context-readonlyrootfilesystem", []string{"writable-root"}},
		{"container-security-context-user-group-id", []string{"run-as-root"}},
	}
	polaris = []check{
		{"tagNotSpecified", []string{"image-untagged", "image-floating"}},
		{"pullPolicyNotAlways", []string{"pull-policy"}},
		{"cpuRequestsMissing", []string{"missing-requests", "best-effort"}},
		{"memoryRequestsMissing", []string{"missing-requests", "best-effort"}},
		{"memoryLimitsMissing", []string{"missing-requests"}},
		{"cpuLimitsMissing", []string{"cpu-limit"}},
		{"livenessProbeMissing", []string{"missing-liveness"}},
		{"readinessProbeMissing", []string{"missing-readiness"}},
		{"deploymentMissingReplicas", []string{"single-replica"}},
		{"missingPodDisruptionBudget", []string{"missing-pdb"}},
		{"pdbDisruptionsIsZero", []string{"pdb-blocks"}},
		{"topologySpreadConstraint", []string{"missing-spread"}},
		{"sensitiveContainerEnvVar", []string{"secret-literal"}},
		{"sensitiveConfigmapContent", []string{"secret-literal"}},
		{"runAsRootAllowed", []string{"run-as-root"}},
		{"notReadOnlyRootFilesystem", []string{"writable-root"}},
		{"privilegeEscalationAllowed", []string{"privilege-unset"}},
		{"runAsPrivileged", []string{"privilege"}},
		{"dangerousCapabilities", []string{"privilege"}},
		{"insecureCapabilities", []string{"privilege-unset"}},
		{"hostIPCSet", []string{"privilege"}},
		{"hostPIDSet", []string{"privilege"}},
		{"hostNetworkSet", []string{"host-port"}},
		{"hostPortSet", []string{"host-port"}},
		{"missingNetworkPolicy", []string{"namespace-open"}},
	}
	checkov = []check{
		{"CKV_K8S_8", []string{"missing-liveness"}},
		{"CKV_K8S_9", []string{"missing-readiness"}},
		{"CKV_K8S_10", []string{"missing-requests", "best-effort"}},
		{"CKV_K8S_11", []string{"cpu-limit"}},
		{"CKV_K8S_12", []string{"missing-requests", "best-effort"}},
		{"CKV_K8S_13", []string{"missing-requests", "best-effort"}},
		{"CKV_K8S_14", []string{"image-untagged", "image-floating"}},
		{"CKV_K8S_15", []string{"pull-policy"}},
		{"CKV_K8S_16", []string{"privilege"}},
		{"CKV_K8S_17", []string{"privilege"}},
		{"CKV_K8S_18", []string{"privilege"}},
		{"CKV_K8S_19", []string{"host-port"}},
		{"CKV_K8S_20", []string{"privilege-unset"}},
		{"CKV_K8S_21", []string{"namespace-open"}},
		{"CKV_K8S_22", []string{"writable-root"}},
		{"CKV_K8S_23", []string{"run-as-root"}},
		{"CKV_K8S_25", []string{"privilege"}},
		{"CKV_K8S_26", []string{"host-port"}},
		{"CKV_K8S_27", []string{"privilege"}},
		{"CKV_K8S_28", []string{"privilege-unset"}},
		{"CKV_K8S_31", []string{"privilege-unset"}},
		{"CKV_K8S_35", []string{"secret-as-env"}},
		{"CKV_K8S_37", []string{"privilege-unset"}},
		{"CKV_K8S_40", []string{"run-as-root"}},
		{"CKV_K8S_43", []string{"image-unpinned"}},
		{"CKV2_K8S_6", []string{"namespace-open"}},
	}
)

// A peer is another tool whose annotations silence a rule here too.
type peer struct {
	tool string
	// reason says why an annotation silences the rule. ok is false where it does not.
	reason func(rule, key, value string) (reason string, ok bool)
}

// checkovSkip is how checkov itself looks for its annotations.
var checkovSkip = regexp.MustCompile(`(?:checkov|bridgecrew)\.io/skip`)

var peers = []peer{
	{"kube-linter", func(rule, key, value string) (string, bool) {
		if key == "kube-linter.io/ignore-all" {
			return value, true
		}
		name, ok := strings.CutPrefix(key, "ignore-check.kube-linter.io/")
		return value, ok && covers(kubeLinter, name, rule)
	}},
	{"kube-score", func(rule, key, value string) (string, bool) {
		if key != "kube-score/ignore" {
			return "", false
		}
		return "", slices.ContainsFunc(strings.Split(value, ","), func(name string) bool { return covers(kubeScore, strings.TrimSpace(name), rule) })
	}},
	{"polaris", func(rule, key, value string) (string, bool) {
		name, ok := strings.CutPrefix(key, "polaris.fairwinds.com/")
		if !ok || value != "true" {
			return "", false
		}
		name, one := strings.CutSuffix(name, "-exempt")
		return "", name == "exempt" || one && covers(polaris, name, rule)
	}},
	{"checkov", func(rule, key, value string) (string, bool) {
		name, reason, _ := strings.Cut(value, "=")
		return reason, checkovSkip.MatchString(key) && covers(checkov, strings.TrimSpace(name), rule)
	}},
}

// OtherNames are how other tools are told not to look for what a rule finds:
// the annotation or comment of each that [Suppress] and [Run] honour.
func OtherNames(rule string) []string {
	var out []string
	for _, tool := range []struct {
		form   string
		checks []check
	}{
		{"ignore-check.kube-linter.io/%s", kubeLinter},
		{"kube-score/ignore: %s", kubeScore},
		{"polaris.fairwinds.com/%s-exempt", polaris},
		{"checkov:skip=%s", checkov},
	} {
		for _, c := range tool.checks {
			if slices.Contains(c.rules, rule) {
				out = append(out, fmt.Sprintf(tool.form, c.name))
			}
		}
	}
	return out
}

// covers reports whether a check of another tool looks for what a rule does.
func covers(checks []check, name, rule string) bool {
	return slices.ContainsFunc(checks, func(c check) bool { return strings.EqualFold(c.name, name) && slices.Contains(c.rules, rule) })
}
