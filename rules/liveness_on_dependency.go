package rules

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "liveness-on-dependency",
	Title:     "a livenessProbe that asks about something else",
	Why:       "When the database goes away, every container that asks about it is restarted, again and again, and comes back to the same database.",
	Write:     "a livenessProbe that asks only whether the process still works; the dependency belongs into the readinessProbe",
	Severity:  Warning,
	Practices: []int{8, 21},
	Implies:   []string{"probes-identical"},
	Check: func(pass *Pass) {
		for c := range pass.Containers() {
			liveness, ok := c.probe("livenessProbe")
			if !ok {
				continue
			}
			if handler, about := liveness.dependsOn(pass); about != "" {
				pass.Report(c.Object, liveness.at(handler...), fmt.Sprintf(
					"container %s is restarted when %s; ask only whether the process itself still answers", c.Name, about))
			}
		}
	},
})

// AsksAboutOthers reports whether a container that is restarted by a probe is
// restarted because of something else than itself.
func (p *Pass) AsksAboutOthers(c Container, liveness *yaml.Node) bool {
	_, about := probe{container: c, node: liveness}.dependsOn(p)
	return about != ""
}

// dependsOn is the field of the handler that asks about something else than
// the container, and what it asks about in words; "" where it does not.
func (p probe) dependsOn(pass *Pass) (field []string, about string) {
	if path := text(p.node, "httpGet", "path"); path != "" {
		if word := dependencyIn(path, p.container); word != "" {
			return []string{"httpGet", "path"}, fmt.Sprintf("%s says that %s", path, word)
		}
	}
	if service := text(p.node, "grpc", "service"); service != "" {
		if word := dependencyIn(service, p.container); word != "" {
			return []string{"grpc", "service"}, fmt.Sprintf("%s says that %s", service, word)
		}
	}
	for _, handler := range []string{"httpGet", "tcpSocket"} {
		if host := text(p.node, handler, "host"); away(pass, p.container, host) {
			return []string{handler, "host"}, host + " does not answer"
		}
	}
	command := literals(items(p.node, "exec", "command"))
	for _, word := range commandWords(command) {
		if path := urlPath(word); path != "" {
			if about := dependencyIn(path, p.container); about != "" {
				return []string{"exec", "command"}, fmt.Sprintf("%s says that %s", path, about)
			}
		}
		if host := hostOf(word); otherService(pass, p.container, host) {
			return []string{"exec", "command"}, fmt.Sprintf("Service %s does not answer", host)
		}
	}
	for _, argv := range commandCalls(command) {
		if host := askedHost(argv); away(pass, p.container, host) && !isOf(argv[0], p.container) {
			return []string{"exec", "command"}, host + " does not answer"
		}
	}
	return nil, ""
}

// away reports whether a host that is named in full is another than the
// container's own pod.
func away(pass *Pass, c Container, host string) bool {
	name, _, _ := strings.Cut(host, ".")
	own := name == c.Object.Ref.Name || slices.ContainsFunc(pass.Services(c.Workload), func(o *overlay.Object) bool { return o.Ref.Name == name })
	return host != "" && !own && !strings.ContainsAny(host, "${}%") && host != "localhost" && host != "0.0.0.0" &&
		!strings.HasPrefix(host, "127.") && !strings.HasPrefix(host, "::") && !strings.HasPrefix(host, "/")
}

// clients are programs that ask a database whether it is there, by the names
// that images of the database have.
var clients = map[string][]string{
	"pg_isready": {"postgres", "pg", "timescale"}, "psql": {"postgres", "pg", "timescale"}, "redis-cli": {"redis", "valkey", "keydb", "sentinel"},
	"mysqladmin": {"mysql", "maria", "percona"}, "mysql": {"mysql", "maria", "percona"}, "mariadb-admin": {"maria", "mysql"}, "mariadb": {"maria", "mysql"},
	"mongo": {"mongo"}, "mongosh": {"mongo"}, "rabbitmqctl": {"rabbit"}, "rabbitmq-diagnostics": {"rabbit"}, "cqlsh": {"cassandra", "scylla"},
}

// isOf reports whether a client asks about what the container itself is: then
// the host that it names is the pod by some name.
func isOf(client string, c Container) bool {
	said := strings.ToLower(c.Name + " " + c.Value("image"))
	return slices.ContainsFunc(clients[client], func(name string) bool { return strings.Contains(said, name) })
}

// askedHost is the host that a command asks whether it answers, "" where the
// command names none.
func askedHost(argv []string) string {
	for i, word := range argv[1:] {
		next := ""
		if i+2 < len(argv) {
			next = argv[i+2]
		}
		switch argv[0] {
		case "nc", "ncat", "netcat", "telnet":
			if port, err := strconv.Atoi(next); err == nil && port > 0 && !strings.HasPrefix(word, "-") && word[0] > '9' {
				return word
			}
		case "curl", "wget":
			if strings.HasPrefix(word, "http://") || strings.HasPrefix(word, "https://") {
				return hostOf(word)
			}
		default:
			switch {
			case len(clients[argv[0]]) == 0:
			case word == "-h" || word == "--host":
				return next
			case strings.HasPrefix(word, "--host="):
				return strings.TrimPrefix(word, "--host=")
			case strings.HasPrefix(word, "-h") && !strings.HasPrefix(word, "--"):
				return word[2:]
			}
		}
	}
	return ""
}

// dependencies are words of a path that name what a process needs, not what it is.
var dependencies = []string{
	"db", "database", "redis", "postgres", "postgresql", "mysql", "mariadb", "mongo", "mongodb", "kafka", "rabbitmq", "amqp",
	"elasticsearch", "dependencies", "dependency", "deps", "upstream", "downstream",
}

var letterWords = regexp.MustCompile(`[a-z]+`)

// excluded is what a path asks to leave out, such as ?exclude=etcd.
var excluded = regexp.MustCompile(`exclude=[^&]*`)

// dependencyIn says in words which dependency a path asks about.
func dependencyIn(path string, c Container) string {
	for _, word := range letterWords.FindAllString(excluded.ReplaceAllString(strings.ToLower(path), ""), -1) {
		switch {
		case word == "ready" || word == "readyz" || word == "readiness":
			return "it is not ready"
		case slices.Contains(dependencies, word) && !strings.Contains(strings.ToLower(c.Name+" "+c.Value("image")), word):
			return word + " is away"
		}
	}
	return ""
}

// otherService reports whether a host is a Service of the namespace that does
// not lead to the container's own pods.
func otherService(pass *Pass, c Container, host string) bool {
	name, _, _ := strings.Cut(host, ".")
	service := pass.named("Service", c.Object.Ref.Namespace, name)
	return name != "" && service != nil && !slices.Contains(pass.Services(c.Workload), service)
}

// address is host:port/path, as probes of programs' own clients write it.
var address = regexp.MustCompile(`^[a-z0-9.-]+:[0-9]+(/\S*)$`)

// urlPath is the path of a word that is an HTTP address, "" of any other word.
func urlPath(word string) string {
	if m := address.FindStringSubmatch(word); m != nil {
		return m[1]
	}
	if !strings.HasPrefix(word, "http://") && !strings.HasPrefix(word, "https://") {
		return ""
	}
	parsed, err := url.Parse(word)
	if err != nil {
		return ""
	}
	return parsed.Path
}

// hostOf is the host that a word of a command names: of an address, of
// host:port, of --host=host, or the word itself.
func hostOf(word string) string {
	if _, value, ok := strings.Cut(word, "="); ok {
		word = value
	}
	if _, rest, ok := strings.Cut(word, "://"); ok {
		word = rest
	}
	if end := strings.IndexAny(word, ":/?"); end >= 0 {
		word = word[:end]
	}
	return word
}
