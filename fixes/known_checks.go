package fixes

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A knownImage is a program whose own documentation says how to check it.
type knownImage struct {
	repositories []string // last parts of the image's name
	// readiness and liveness are probes as YAML, "" where nothing is documented.
	// What asks about a database or about peers is no liveness probe.
	readiness, liveness string
	port                string // that is asked; the container has to declare it, or none where a command asks
	// unless is what in a container's command, arguments, variables and mounts
	// has the program answer elsewhere; nil for nothing known.
	unless *regexp.Regexp
	source string
}

// overTLS is how programs are told to answer by TLS only.
var overTLS = regexp.MustCompile(`(?i)tls|https|\bcerts?\b`)

var knownImages = []knownImage{
	{
		repositories: []string{"prom/prometheus", "prometheus/prometheus"}, port: "9090", unless: regexp.MustCompile(`--web\.(route-prefix|external-url|config\.file)`),
		readiness: "httpGet: {path: /-/ready, port: 9090}", liveness: "httpGet: {path: /-/healthy, port: 9090}",
		source: "https://prometheus.io/docs/prometheus/latest/management_api/",
	},
	{
		repositories: []string{"prom/alertmanager", "prometheus/alertmanager"}, port: "9093", unless: regexp.MustCompile(`--web\.(route-prefix|external-url|config\.file)`),
		readiness: "httpGet: {path: /-/ready, port: 9093}", liveness: "httpGet: {path: /-/healthy, port: 9093}",
		source: "https://prometheus.io/docs/alerting/latest/management_api/",
	},
	{
		// Without its database it is not healthy, so this is no liveness probe.
		repositories: []string{"grafana/grafana", "grafana/grafana-oss", "grafana/grafana-enterprise"}, port: "3000", unless: regexp.MustCompile(`GF_SERVER_(PROTOCOL|SERVE_FROM_SUB_PATH|HTTP_PORT)`),
		readiness: "httpGet: {path: /api/health, port: 3000}",
		source:    "https://grafana.com/docs/grafana/latest/developers/http_api/other/",
	},
	{
		repositories: []string{"grafana/loki"}, port: "3100", unless: overTLS,
		readiness: "httpGet: {path: /ready, port: 3100}",
		source:    "https://grafana.com/docs/loki/latest/reference/loki-http-api/",
	},
	{
		repositories: []string{"grafana/tempo"}, port: "3200", unless: overTLS,
		readiness: "httpGet: {path: /ready, port: 3200}",
		source:    "https://grafana.com/docs/tempo/latest/api_docs/",
	},
	{
		repositories: []string{"minio/minio"}, port: "9000", unless: overTLS,
		readiness: "httpGet: {path: /minio/health/live, port: 9000}", liveness: "httpGet: {path: /minio/health/live, port: 9000}",
		source: "https://docs.min.io/minio/baremetal/monitoring/healthcheck-probe.html",
	},
	{
		// The program that asks is slow to start, and asks for what a node can
		// say before its peers are there. 5672 is AMQP.
		repositories: []string{"rabbitmq", "library/rabbitmq"}, port: "5672",
		readiness: "exec: {command: [rabbitmq-diagnostics, -q, ping]}\nperiodSeconds: 60\ntimeoutSeconds: 10",
		liveness:  "exec: {command: [rabbitmq-diagnostics, -q, ping]}\ntimeoutSeconds: 10",
		source:    "https://www.rabbitmq.com/blog/2020/08/10/deploying-rabbitmq-to-kubernetes-whats-involved",
	},
	{
		// By TCP: while the image sets its database up, it answers on the socket.
		// Without a user's name the server logs that there is no such user.
		repositories: []string{"postgres", "library/postgres"}, port: "5432", unless: regexp.MustCompile(`(?i)listen_addresses|PGPORT`),
		readiness: `exec: {command: [sh, -c, 'exec pg_isready -h 127.0.0.1 -U "${POSTGRES_USER:-postgres}"']}`,
		source:    "https://github.com/docker-library/healthcheck/blob/master/postgres/docker-healthcheck",
	},
	{
		// It answers while access is denied too. By TCP: while the image sets its
		// database up, it answers on the socket.
		repositories: []string{"mysql", "library/mysql"}, port: "3306", unless: regexp.MustCompile(`(?i)bind-address|skip-networking`),
		readiness: "exec: {command: [mysqladmin, ping, -h, 127.0.0.1]}",
		source:    "https://dev.mysql.com/doc/refman/8.4/en/mysqladmin.html",
	},
	{
		repositories: []string{"redis", "library/redis"}, port: "6379", unless: overTLS,
		readiness: "exec: {command: [redis-cli, ping]}",
		source:    "https://redis.io/docs/latest/commands/ping/",
	},
	{
		repositories: []string{"stefanprodan/podinfo"}, port: "9898", unless: overTLS,
		readiness: "httpGet: {path: /readyz, port: 9898}", liveness: "httpGet: {path: /healthz, port: 9898}",
		source: "https://github.com/stefanprodan/podinfo",
	},
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
		is := func(name string) bool { return repository == name || strings.HasSuffix(repository, "/"+name) }
		if text == "" || !slices.ContainsFunc(known.repositories, is) {
			continue
		}
		if !declares(u.node, known.port) || known.unless != nil && known.unless.MatchString(startedWith(u.node)) {
			return nil, ""
		}
		roots, err := documents([]byte(text))
		if err != nil || len(roots) != 1 {
			return nil, ""
		}
		return renamed(roots[0], nil), "what " + known.source + " documents"
	}
	return nil, ""
}

// startedWith is what a container starts its program with: its command and arguments, its
// variables, and where files of its own are put.
func startedWith(container *yaml.Node) string {
	var b strings.Builder
	for _, key := range []string{"command", "args"} {
		for _, word := range items(container, key) {
			b.WriteString(word.Value + "\n")
		}
	}
	for _, variable := range items(container, "env") {
		b.WriteString(scalar(variable, "name") + "=" + scalar(variable, "value") + "\n")
	}
	for _, mount := range items(container, "volumeMounts") {
		b.WriteString(scalar(mount, "mountPath") + "\n")
	}
	return b.String()
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
