package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:    "start-order-wait",
	Title: "a container that waits for another to start",
	Why: "What is waited for may go away at any later time, and then nothing waits. The program has to bear that anyway; " +
		"once it does, the wait only makes each start slower, and a cluster that comes up anew may wait in a circle.",
	Write:     "a program that tries again, and a readinessProbe that fails until it has what it needs",
	Severity:  Warning,
	Practices: []int{7, 8},
	Check: func(pass *Pass) {
		for c := range pass.Containers() {
			if !c.Workload.Lasts() || migrates(c) {
				continue
			}
			if how := waits(c); how != "" {
				pass.Report(c.Object, c.commandField(), fmt.Sprintf(
					"container %s waits with %s before %s starts; let the program try again by itself, and its readinessProbe say when it is there", c.Name, how, c.Object.Ref.Name))
			}
		}
	},
})

// commandField is where the container says what it runs: the field that holds
// the script where one does.
func (c Container) commandField() overlay.Field {
	if len(items(c.Node, "args")) > 0 {
		if _, ok := scriptOf(literals(items(c.Node, "command"))); !ok {
			return c.At("args")
		}
	}
	if child(c.Node, "command") == nil {
		return c.At("image")
	}
	return c.At("command")
}

// migrates reports whether a container brings a database up to date: work that
// has to be done first, once, and that does wait for the database.
func migrates(c Container) bool {
	said := strings.ToLower(c.Name + " " + strings.Join(commandOf(c), " "))
	return slices.ContainsFunc([]string{"migrat", "alembic", "flyway", "liquibase", "db:setup", "initdb", "db-init", "init-db", "schema"}, func(word string) bool { return strings.Contains(said, word) })
}

// waiters are programs and images that do nothing but wait.
var waiters = []string{"wait-for-it", "wait-for-it.sh", "wait-for", "wait-for.sh", "wait4x", "k8s-wait-for", "wait-for-dep"}

// askers are programs that ask whether something else is there.
var askers = []string{
	"nc", "ncat", "netcat", "telnet", "curl", "wget", "ping", "nslookup", "dig", "host", "getent", "grpcurl", "grpc_health_probe", "grpc-health-probe",
	"pg_isready", "psql", "mysqladmin", "mysql", "mariadb", "mariadb-admin", "redis-cli", "mongo", "mongosh", "rabbitmqctl", "rabbitmq-diagnostics",
	"kafka-topics.sh", "kafka-topics", "cqlsh", "kubectl", "oc",
}

// waits says what a container waits with, "" where it does not wait.
func waits(c Container) string {
	argv := commandOf(c)
	if len(argv) > 0 {
		if how := waiter(append([]string{path.Base(argv[0])}, argv[1:]...)); how != "" {
			return how
		}
	}
	if i, ok := parseImage(c.Value("image")); ok && c.Init && child(c.Node, "command") == nil && slices.Contains(waiters, path.Base(i.name)) {
		return path.Base(i.name)
	}
	s, ok := scriptOf(argv)
	if !ok {
		return ""
	}
	if how := delays(s.file.Stmts); how != "" {
		return how
	}
	how := ""
	syntax.Walk(s.file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CallExpr:
			if len(n.Args) > 0 && how == "" {
				how = waiter(wordsOf(n))
			}
		case *syntax.WhileClause:
			if how == "" {
				how = polls(n)
			}
		case *syntax.ForClause:
			if asker := askerOf(callsOf(n.Do, true)); how == "" && asker != "" && leaves(n.Do) {
				how = "a loop around " + asker
			}
		}
		return how == ""
	})
	return how
}

// waiter says how a single command waits for something else.
func waiter(argv []string) string {
	switch {
	case slices.Contains(waiters, argv[0]):
		return argv[0]
	case argv[0] == "dockerize" && slices.Contains(argv, "-wait"):
		return "dockerize -wait"
	case (argv[0] == "kubectl" || argv[0] == "oc") && slices.Contains(argv, "wait"):
		return argv[0] + " wait"
	case (argv[0] == "kubectl" || argv[0] == "oc") && slices.Contains(argv, "rollout") && slices.Contains(argv, "status"):
		return argv[0] + " rollout status"
	}
	return ""
}

// polls says how a loop waits: by asking in its condition, or by asking in an
// endless one that it leaves when there is an answer.
func polls(loop *syntax.WhileClause) string {
	if asker := askerOf(callsOf(loop.Cond, true)); asker != "" {
		return "a loop around " + asker
	}
	if asker := askerOf(callsOf(loop.Do, true)); asker != "" && leaves(loop.Do) {
		return "a loop around " + asker
	}
	if dials(loop.Cond) || dials(loop.Do) && leaves(loop.Do) {
		return "a loop around /dev/tcp"
	}
	return ""
}

// dials reports whether statements open a connection to elsewhere by the path
// that bash has for it.
func dials(list []*syntax.Stmt) bool {
	found := false
	for _, s := range list {
		syntax.Walk(s, func(n syntax.Node) bool {
			if word, ok := n.(*syntax.Word); ok {
				_, to, is := strings.Cut(literal(word.Parts), "/dev/tcp/")
				found = found || is && !strings.HasPrefix(to, "localhost/") && !strings.HasPrefix(to, "127.0.0.1/")
			}
			return !found
		})
	}
	return found
}

// leaves reports whether the body of a loop sleeps and leaves the loop.
func leaves(body []*syntax.Stmt) bool {
	breaks, slept := false, false
	for _, argv := range callsOf(body, true) {
		breaks = breaks || argv[0] == "break" || argv[0] == "exit"
		slept = slept || argv[0] == "sleep"
	}
	return breaks && slept
}

// askerOf is the first of the commands that asks whether another is there. One
// that asks its own pod, or that fetches a file, does not.
func askerOf(commands [][]string) string {
	for _, argv := range commands {
		if slices.Contains(askers, argv[0]) && !asksItself(argv) && !fetches(argv) {
			return argv[0]
		}
	}
	return ""
}

// asksItself reports whether a command asks in its own pod.
func asksItself(argv []string) bool {
	for _, word := range argv[1:] {
		if strings.Contains(word, "localhost") || strings.Contains(word, "127.0.0.1") || strings.Contains(word, "[::1]") {
			return true
		}
	}
	return argv[0] == "pg_isready" && !slices.ContainsFunc(argv[1:], func(word string) bool {
		return strings.HasPrefix(word, "-h") || strings.HasPrefix(word, "--host") || strings.HasPrefix(word, "-d")
	})
}

// fetches reports whether a command brings a file: that is tried again, and waits for nothing.
func fetches(argv []string) bool {
	for i, word := range argv {
		switch argv[0] {
		case "curl":
			if word == "-O" || (word == "-o" || word == "--output") && i+1 < len(argv) && argv[i+1] != "/dev/null" {
				return true
			}
		case "wget":
			if word == "-O" && i+1 < len(argv) && argv[i+1] != "/dev/null" && argv[i+1] != "-" || word == "-P" {
				return true
			}
		}
	}
	return false
}

// startDelaySeconds is from when a sleep before the program is a wait and no
// pause for something small.
const startDelaySeconds = 5

// delays says that a script sleeps before it goes on. A sleep that nothing
// follows is all that the script does, and one after a command in the
// background waits for that.
func delays(list []*syntax.Stmt) string {
	for i, s := range list {
		if s.Background {
			return ""
		}
		if argv := simple(s); sleeps(argv) >= startDelaySeconds && i+1 < len(list) {
			return "sleep " + argv[1]
		}
		if and, ok := s.Cmd.(*syntax.BinaryCmd); ok && and.Op == syntax.AndStmt {
			for ; ok && and.Op == syntax.AndStmt; and, ok = and.X.Cmd.(*syntax.BinaryCmd) {
				if argv := simple(and.X); sleeps(argv) >= startDelaySeconds {
					return "sleep " + argv[1]
				}
			}
		}
	}
	return ""
}

// simple are the words of a statement that is one command, else nil.
func simple(s *syntax.Stmt) []string {
	call, ok := s.Cmd.(*syntax.CallExpr)
	if !ok || len(call.Args) == 0 {
		return nil
	}
	return wordsOf(call)
}
