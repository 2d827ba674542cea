package worker_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kustodian/kustodian/bot/review/worker"
	"github.com/kustodian/kustodian/rules/overlay"
)

func TestMain(m *testing.M) {
	worker.Main()
	os.Exit(m.Run())
}

const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n"

// folder makes a tree of files.
func folder(t *testing.T, files map[string]string) worker.TreeRef {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return worker.TreeRef{Folder: dir}
}

// alone is a pool of one worker for trees.
func alone(t *testing.T, trees ...worker.TreeRef) *worker.Pool {
	t.Helper()
	pool := worker.NewPool(worker.Limits{}, trees...)
	pool.Alone()
	t.Cleanup(pool.Close)
	return pool
}

// small is a tree with one overlay of one object.
func small(t *testing.T) worker.TreeRef {
	return folder(t, map[string]string{"kustomization.yaml": "resources: [settings.yaml]\n", "settings.yaml": configMap})
}

// endless is a tree whose overlay top takes minutes to build, though no file
// of it is large: each of its levels renames all objects.
func endless(t *testing.T) worker.TreeRef {
	var objects strings.Builder
	for i := range 8000 {
		fmt.Fprintf(&objects, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings-%d}\n", i)
	}
	files := map[string]string{"level-0/kustomization.yaml": "resources: [objects.yaml]\n", "level-0/objects.yaml": objects.String()}
	for i := range levels {
		files[fmt.Sprintf("level-%d/kustomization.yaml", i+1)] = fmt.Sprintf("resources: [../level-%d]\nnamePrefix: p-\n", i)
	}
	return folder(t, files)
}

const (
	levels = 40
	top    = "level-40"
)

// works makes sure that the pool still answers.
func works(t *testing.T, pool *worker.Pool, tree worker.TreeRef) {
	t.Helper()
	answer, err := pool.CheckOne(t.Context(), worker.Check{Tree: tree, Overlay: "."})
	if err != nil {
		t.Fatal(err)
	}
	if answer.Broken != nil || answer.Objects != 1 {
		t.Errorf("built %d objects, broken: %v", answer.Objects, answer.Broken)
	}
}

func TestEnvironmentIsEmpty(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux shows the environment of a process")
	}
	t.Setenv("WEBHOOK_SECRET", "hunter2")
	tree := small(t)
	pool := alone(t, tree)
	works(t, pool, tree)
	environment, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pool.Process()))
	if err != nil {
		t.Fatal(err)
	}
	if len(environment) > 0 {
		t.Errorf("the worker has an environment of %d bytes", len(environment))
	}
}

func TestNoNetwork(t *testing.T) {
	response, err := worker.Fetch(httptest.NewRequest("GET", "http://user:hunter2@127.0.0.1/base.yaml", nil))
	if err == nil {
		t.Fatalf("fetched: %s", response.Status)
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error tells the password: %v", err)
	}
}

// TestOtherFolder asks a worker for a tree that is not its own.
func TestOtherFolder(t *testing.T) {
	tree, other := small(t), small(t)
	pool := alone(t, tree)
	if _, err := pool.Configure(t.Context(), worker.Configure{Tree: tree}); err != nil {
		t.Fatal(err)
	}
	_, err := pool.Configure(t.Context(), worker.Configure{Tree: other})
	if err == nil && !landlocked() {
		t.Skip("the kernel has no Landlock")
	}
	if err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("scanning another tree: %v; want permission denied", err)
	}
	works(t, pool, tree)
}

// landlocked asks the kernel for the version of its Landlock.
func landlocked() bool {
	const createRuleset, version = 444, 1
	n, _, errno := syscall.Syscall(createRuleset, 0, 0, version)
	return runtime.GOOS == "linux" && errno == 0 && n >= 1
}

// TestDeath kills a worker between two calls: another takes the next.
func TestDeath(t *testing.T) {
	tree := small(t)
	pool := alone(t, tree)
	works(t, pool, tree)
	first := pool.Process()
	kill(t, first)
	works(t, pool, tree)
	if second := pool.Process(); second == first || second == 0 {
		t.Errorf("process %d goes on as %d", first, second)
	}
}

// TestSchema gives an overlay with a schema of its own a worker of its own.
func TestSchema(t *testing.T) {
	tree := small(t)
	own := folder(t, map[string]string{
		"kustomization.yaml": "resources: [settings.yaml]\nopenapi: {path: schema.json}\n", "settings.yaml": configMap,
		"schema.json": `{"definitions": {}}`,
	})
	pool := alone(t, tree, own)
	works(t, pool, tree)
	first := pool.Process()
	works(t, pool, tree)
	if second := pool.Process(); second != first {
		t.Errorf("process %d ends without a reason", first)
	}
	works(t, pool, own)
	fresh := pool.Process()
	if fresh == first {
		t.Errorf("process %d built without the schema, and then with it", first)
	}
	works(t, pool, tree)
	if second := pool.Process(); second == fresh {
		t.Errorf("process %d goes on after a schema", fresh)
	}
}

// TestMemory lets the watch find a worker too large while it works.
func TestMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux shows the size of a process")
	}
	tree, long := small(t), endless(t)
	pool := alone(t, tree, long)
	pool.Limit(0, 0, 100<<20)
	_, err := pool.CheckOne(t.Context(), worker.Check{Tree: long, Overlay: top})
	if !errors.Is(err, worker.ErrDied) || !strings.Contains(err.Error(), "memory") {
		t.Errorf("%v; want ErrDied that says it was the memory", err)
	}
	pool.Limit(0, 0, 1<<30)
	works(t, pool, tree)
}

func kill(t *testing.T, pid int) {
	t.Helper()
	process, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Kill(); err != nil {
		t.Fatal(err)
	}
}

func TestLimits(t *testing.T) {
	tree, long := small(t), endless(t)
	for _, c := range []struct {
		name         string
		time         time.Duration
		answer       int64
		tree         worker.TreeRef
		overlay, say string
	}{
		{"deadline", 300 * time.Millisecond, 0, long, top, "longer than 300ms"},
		{"answer", 0, 10, tree, ".", "larger than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			pool := alone(t, tree, long)
			pool.Limit(c.time, c.answer, 0)
			_, err := pool.CheckOne(t.Context(), worker.Check{Tree: c.tree, Overlay: c.overlay})
			if !errors.Is(err, worker.ErrDied) || !strings.Contains(err.Error(), c.say) {
				t.Errorf("%v; want ErrDied that says %q", err, c.say)
			}
			pool.Limit(time.Minute, 1<<20, 0)
			works(t, pool, tree)
		})
	}
}

func TestCancel(t *testing.T) {
	tree, long := small(t), endless(t)
	pool := alone(t, tree, long)
	works(t, pool, tree)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := pool.CheckOne(ctx, worker.Check{Tree: long, Overlay: top}); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, worker.ErrDied) {
		t.Errorf("%v; want the error of the context", err)
	}
	if pool.Process() != 0 {
		t.Error("the worker goes on with what nobody waits for")
	}
	works(t, pool, tree)
}

func TestClose(t *testing.T) {
	tree := small(t)
	pool := worker.NewPool(worker.Limits{}, tree)
	if _, err := pool.Configure(t.Context(), worker.Configure{Tree: tree}); err != nil {
		t.Fatal(err)
	}
	pool.Close()
	pool.Close()
	if _, err := pool.Configure(t.Context(), worker.Configure{Tree: tree}); err == nil {
		t.Error("a closed pool answers")
	}
}

// TestWarnings builds what the engine warns about while the answer is under way.
func TestWarnings(t *testing.T) {
	tree := folder(t, map[string]string{
		"base/kustomization.yaml": "resources: [settings.yaml]\ncommonLabels: {app: shop}\n", "base/settings.yaml": configMap,
		"prod/kustomization.yaml": "bases: [../base]\nvars:\n- {name: UNUSED, objref: {apiVersion: v1, kind: ConfigMap, name: settings}}\n",
	})
	pool := alone(t, tree)
	answer, err := pool.Explain(t.Context(), worker.Explain{Tree: tree, Overlay: "prod"})
	if err != nil {
		t.Fatal(err)
	}
	if answer.Broken != nil || len(answer.Lines) == 0 {
		t.Errorf("explained %d lines, broken: %v", len(answer.Lines), answer.Broken)
	}
}

// TestHostile gives a worker what would kill it, and asks the same one for
// something harmless afterwards.
func TestHostile(t *testing.T) {
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
	for i := range 9 {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 9), ", "))
	}
	tree := small(t)
	for name, text := range map[string]string{
		"alias bomb":  configMap + bomb,
		"alias cycle": configMap + "data: &a {x: *a}\n",
		"deep":        configMap + "data: " + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + "\n",
		"deeper":      configMap + "data: " + strings.Repeat("[", 1_000_000) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hostile := folder(t, map[string]string{"kustomization.yaml": "resources: [hostile.yaml]\n", "hostile.yaml": text})
			pool := alone(t, tree, hostile)
			answer, err := pool.CheckOne(t.Context(), worker.Check{Tree: hostile, Overlay: "."})
			if err == nil && answer.Broken == nil && name != "deep" {
				t.Error("it was built")
			}
			if answer.Broken != nil && answer.Broken.Reason == overlay.ReasonLimit && answer.Broken.Path != "hostile.yaml" {
				t.Errorf("told at %s", answer.Broken.Path)
			}
			works(t, pool, tree)
		})
	}
}

func TestLastWords(t *testing.T) {
	for said, want := range map[string]string{
		"": "",
		"# Warning: 'bases' is deprecated\nfatal error: stack overflow\n": "stack overflow",
		"panic: password hunter2\n":                                       "",
		"panic: runtime error: index out of range\n":                      "index out of range",
		"kustodian-worker: it used more than 2048 MB of memory\n":         "it used more than 2048 MB of memory",
	} {
		if got := worker.Last(said); got != want {
			t.Errorf("of %q the last words are %q, want %q", said, got, want)
		}
	}
}
