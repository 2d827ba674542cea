package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

var _ = add(Rule{
	ID:         "missing-prestop",
	Title:      "a served container that stops before its endpoint does",
	Why:        "The pod is told to stop while proxies still send to it; what arrives after the program has closed its port fails.",
	Write:      "a preStop that sleeps 5 s, as long as the endpoint needs to be gone everywhere",
	Severity:   Info,
	Production: true,
	Presence:   true,
	Practices:  []int{26, 27},
	Check: func(pass *Pass) {
		for w := range pass.Workloads() {
			if !w.Lasts() || text(w.Spec, "hostNetwork") == "true" || meshed(pass, w) {
				continue
			}
			if _, _, counted := replicas(w.Object); counted && pass.leastReplicas(w.Object) == 0 && !isScaled(pass, w) {
				continue
			}
			for _, c := range w.Containers {
				if _, stops := c.hook("preStop"); stops || c.Init || drains(c) || !pass.takesRequests(c) {
					continue
				}
				pass.Report(c.Object, c.At("lifecycle", "preStop"), fmt.Sprintf(
					"container %s stops while the Service still sends to it, so each rollout fails some requests; write lifecycle.preStop with %s", c.Name, pauseFor(pass.Policy)))
			}
		}
	},
})

// pauseFor is a preStop that the cluster knows: sleep is on from Kubernetes
// 1.30, and an image need not have a program of that name.
func pauseFor(policy Policy) string {
	if policy.ClusterAtLeast(30) {
		return "sleep: {seconds: 5}"
	}
	return "sleep: {seconds: 5} from Kubernetes 1.30 on, exec: {command: [sleep, \"5\"]} before"
}

// isScaled reports whether an autoscaler sets the replicas, if only sometimes to none.
func isScaled(pass *Pass, w *Workload) bool {
	count, _, ok := replicas(w.Object)
	return ok && count > 0 && len(pass.autoscalers(w.Object)) > 0
}

// meshed reports whether a mesh puts a proxy into the pods, which drains by itself.
func meshed(pass *Pass, w *Workload) bool {
	namespace := pass.named("Namespace", "", w.Object.Ref.Namespace)
	if slices.ContainsFunc(w.Containers, func(c Container) bool { return c.Name == "istio-proxy" || c.Name == "linkerd-proxy" }) {
		return true
	}
	for _, n := range [][2]string{{"sidecar.istio.io/inject", "true"}, {"linkerd.io/inject", "enabled"}} {
		if text(w.Annotations, n[0]) == n[1] || text(w.Labels, n[0]) == n[1] {
			return true
		}
		if namespace != nil && text(namespace.Node, "metadata", "annotations", n[0]) == n[1] {
			return true
		}
	}
	return namespace != nil && text(namespace.Node, "metadata", "labels", "istio-injection") == "enabled"
}

// drainers are images of proxies that go on answering for a while after SIGTERM.
var drainers = []string{"traefik", "envoy", "haproxy", "haproxy-ingress", "nginx-ingress-controller", "contour", "proxyv2", "kong", "oauth2-proxy", "cloudflared", "skipper"}

func drains(c Container) bool {
	i, ok := parseImage(c.Value("image"))
	return ok && (slices.Contains(drainers, path.Base(i.name)) || strings.HasSuffix(i.name, "ingress-nginx/controller"))
}
