package fixes

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// A knownImage is a program whose own documentation says how to check it.
type knownImage struct {
	repositories []string // last parts of the image's name
	// readiness and liveness are probes as YAML, "" where the program has none.
	readiness, liveness string
	port                string // that the check asks; the container has to declare it; "" for a command
	source              string
}

var knownImages = []knownImage{
	{
		repositories: []string{"prom/prometheus", "prometheus/prometheus", "prom/alertmanager", "prometheus/alertmanager"},
		readiness:    "httpGet: {path: /-/ready, port: PORT}", liveness: "httpGet: {path: /-/healthy, port: PORT}",
		source: "https://prometheus.io/docs/prometheus/latest/management_api/",
	},
	{
		repositories: []string{"grafana/grafana", "grafana/grafana-oss", "grafana/grafana-enterprise"}, port: "3000",
		readiness: "httpGet: {path: /api/health, port: PORT}", liveness: "httpGet: {path: /api/health, port: PORT}",
		source: "https://grafana.com/docs/grafana/latest/developers/http_api/other/",
	},
	{
		repositories: []string{"grafana/loki"}, port: "3100",
		readiness: "httpGet: {path: /ready, port: PORT}",
		source:    "https://grafana.com/docs/loki/latest/reference/loki-http-api/",
	},
	{
		repositories: []string{"minio/minio"}, port: "9000",
		readiness: "httpGet: {path: /minio/health/ready, port: PORT}", liveness: "httpGet: {path: /minio/health/live, port: PORT}",
		source: "https://min.io/docs/minio/linux/operations/monitoring/healthcheck-probe.html",
	},
	{
		repositories: []string{"rabbitmq", "library/rabbitmq"},
		readiness:    "exec: {command: [rabbitmq-diagnostics, -q, check_port_connectivity]}", liveness: "exec: {command: [rabbitmq-diagnostics, -q, ping]}",
		source: "https://www.rabbitmq.com/docs/monitoring",
	},
	{
		repositories: []string{"postgres", "library/postgres"},
		readiness:    "exec: {command: [pg_isready]}",
		source:       "https://www.postgresql.org/docs/current/app-pg-isready.html",
	},
	{
		repositories: []string{"stefanprodan/podinfo"}, port: "9898",
		readiness: "httpGet: {path: /readyz, port: PORT}", liveness: "httpGet: {path: /healthz, port: PORT}",
		source: "https://github.com/stefanprodan/podinfo",
	},
}

// knownPorts are the ports of images that share a row.
var knownPorts = map[string]string{
	"prom/prometheus": "9090", "prometheus/prometheus": "9090", "prom/alertmanager": "9093", "prometheus/alertmanager": "9093",
}

// knownCheck is the documented probe of a well-known image, nil where there is
// none or the container does not declare the port that it asks.
func knownCheck(u use, key string) (*yaml.Node, string) {
	repository, _ := splitTag(scalar(u.node, "image"))
	repository, _, _ = strings.Cut(repository, "@")
	for _, known := range knownImages {
		text := known.readiness
		if key == "livenessProbe" {
			text = known.liveness
		}
		for _, name := range known.repositories {
			if text == "" || repository != name && !strings.HasSuffix(repository, "/"+name) {
				continue
			}
			port := known.port
			if port == "" {
				port = knownPorts[name]
			}
			if port != "" && !declares(u.node, port) {
				return nil, ""
			}
			roots, err := documents([]byte(strings.ReplaceAll(text, "PORT", port)))
			if err != nil || len(roots) != 1 {
				return nil, ""
			}
			return renamed(roots[0], nil), "what " + known.source + " documents"
		}
	}
	return nil, ""
}

// declares reports whether a container declares the number of a port for TCP.
func declares(container *yaml.Node, port string) bool {
	for _, declared := range items(container, "ports") {
		if protocol := scalar(declared, "protocol"); scalar(declared, "containerPort") == port && (protocol == "" || protocol == "TCP") {
			return true
		}
	}
	return false
}
