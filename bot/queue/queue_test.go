package queue_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"

	"github.com/kustodian/kustodian/bot/queue"
)

// ackWait is short: some tests wait for it to pass.
const ackWait = 500 * time.Millisecond

// open opens a queue on folder that is closed when the test ends.
func open(t *testing.T, folder string, workers int) *queue.Queue {
	t.Helper()
	q, err := queue.Open(context.Background(), queue.Options{
		Folder: folder, Workers: workers, AckWait: ackWait, FirstRetry: time.Millisecond, Grace: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := q.Close(); err != nil {
			t.Error(err)
		}
	})
	return q
}

func add(t *testing.T, q *queue.Queue, key, delivery string) {
	t.Helper()
	if err := q.Add(context.Background(), key, delivery); err != nil {
		t.Fatal(err)
	}
}

// work works on the queue until the test ends or stop is called, which waits for it.
func work(t *testing.T, q *queue.Queue, do func(ctx context.Context, key string) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- q.Work(ctx, do) }()
	stopped := false
	stop = func() {
		cancel()
		if stopped {
			return
		}
		stopped = true
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return stop
}

// receive takes n values from c, or fails.
func receive[T any](t *testing.T, c <-chan T, n int) []T {
	t.Helper()
	var out []T
	for range n {
		select {
		case v := <-c:
			out = append(out, v)
		case <-time.After(20 * time.Second):
			t.Fatalf("got %v; want %d of them", out, n)
		}
	}
	return out
}

// checkEmpty checks that the queue has nothing left, by running one more job after all others.
func checkEmpty(t *testing.T, q *queue.Queue, ran <-chan string) {
	t.Helper()
	add(t, q, "the last one", "")
	if got := receive(t, ran, 1); got[0] != "the last one" {
		t.Errorf("%s ran once more", got[0])
	}
}

func TestCoalesceAndDedupe(t *testing.T) {
	q := open(t, t.TempDir(), 1)
	for i := range 10 {
		add(t, q, "1/acme/shop#7", fmt.Sprint("delivery-", i))
	}
	add(t, q, "1/acme/shop#8", "")
	add(t, q, "1/acme/shop#8", "")
	add(t, q, "1/acme/web#1", "delivery-3") // a delivery that was there already
	if depth, err := q.Depth(context.Background()); err != nil || depth != 2 {
		t.Errorf("depth %d, %v; want 2", depth, err)
	}
	ran := make(chan string, 100)
	work(t, q, func(ctx context.Context, key string) error {
		if key == "1/acme/shop#7" && queue.Delivery(ctx) != "delivery-9" {
			t.Errorf("the delivery of %s is %q; want the last one", key, queue.Delivery(ctx))
		}
		ran <- key
		return nil
	})
	if diff := cmp.Diff([]string{"1/acme/shop#7", "1/acme/shop#8"}, receive(t, ran, 2)); diff != "" {
		t.Errorf("ran (-want +got):\n%s", diff)
	}
	checkEmpty(t, q, ran)
}

// A key that is added while its job runs is run again afterwards, once, and
// never at once.
func TestAddedWhileRunning(t *testing.T) {
	q := open(t, t.TempDir(), 4)
	ran := make(chan string, 100)
	began, goOn := make(chan struct{}), make(chan struct{})
	running := make(chan struct{}, 1) // full while the key runs
	work(t, q, func(_ context.Context, key string) error {
		if key != "a" {
			ran <- key
			return nil
		}
		select {
		case running <- struct{}{}:
		default:
			t.Error("two jobs of one key at once")
		}
		began <- struct{}{}
		<-goOn
		<-running
		ran <- key
		return nil
	})
	add(t, q, "a", "")
	receive(t, began, 1)
	for range 3 {
		add(t, q, "a", "")
	}
	for i := range 8 { // by then each worker that is free has met the lease
		add(t, q, fmt.Sprint("b", i), "")
	}
	receive(t, ran, 8)
	goOn <- struct{}{}
	receive(t, began, 1)
	goOn <- struct{}{}
	if got := receive(t, ran, 2); !slices.Equal(got, []string{"a", "a"}) {
		t.Errorf("ran %v; want a twice", got)
	}
	checkEmpty(t, q, ran)
}

// What runs longer than AckWait is not given to a second worker.
func TestLongJob(t *testing.T) {
	q := open(t, t.TempDir(), 2)
	ran := make(chan string, 100)
	work(t, q, func(ctx context.Context, key string) error {
		defer func() { ran <- key }()
		if key != "long" {
			return nil
		}
		select {
		case <-time.After(3 * ackWait):
			return nil
		case <-ctx.Done():
			t.Errorf("cancelled: %v", context.Cause(ctx))
			return ctx.Err()
		}
	})
	add(t, q, "long", "")
	receive(t, ran, 1)
	checkEmpty(t, q, ran)
}

func TestFaultsAndDead(t *testing.T) {
	q := open(t, t.TempDir(), 1)
	ran := make(chan string, 100)
	work(t, q, func(_ context.Context, key string) error {
		ran <- key
		switch key {
		case "faulty":
			return errors.New("no such luck")
		case "panics":
			panic("oh")
		}
		return nil
	})
	add(t, q, "faulty", "")
	receive(t, ran, 10)
	add(t, q, "panics", "")
	receive(t, ran, 10)
	checkEmpty(t, q, ran)
	dead, err := q.Dead(context.Background())
	if err != nil || len(dead) != 2 {
		t.Fatalf("dead: %v, %v; want 2", dead, err)
	}
	if dead[0].Key != "faulty" || dead[0].Error != "no such luck" || dead[0].At.IsZero() {
		t.Errorf("dead: %+v", dead[0])
	}
	if dead[1].Key != "panics" || !strings.HasPrefix(dead[1].Error, "panic: oh") {
		t.Errorf("dead: %+v", dead[1])
	}
	add(t, q, "faulty", "") // is another ten tries, and one dead still
	receive(t, ran, 10)
	checkEmpty(t, q, ran)
	if dead, err := q.Dead(context.Background()); err != nil || len(dead) != 2 || dead[1].Key != "faulty" {
		t.Errorf("dead: %v, %v", dead, err)
	}
}

// A job that parks comes back after its time, as often as it likes, and is
// overtaken by others.
func TestPark(t *testing.T) {
	q := open(t, t.TempDir(), 1)
	ran := make(chan string, 100)
	parks := 0
	work(t, q, func(_ context.Context, key string) error {
		ran <- key
		if key == "parks" && parks < 15 {
			parks++
			return fmt.Errorf("asking: %w", &queue.Park{Until: time.Now().Add(20 * time.Millisecond), Why: "rate limit"})
		}
		return nil
	})
	add(t, q, "parks", "")
	receive(t, ran, 16)
	checkEmpty(t, q, ran)
	if dead, err := q.Dead(context.Background()); err != nil || len(dead) != 0 {
		t.Errorf("dead: %v, %v; want none", dead, err)
	}
}

// A parked job does not wait any longer when it is added again.
func TestAddedWhileParked(t *testing.T) {
	q := open(t, t.TempDir(), 1)
	ran := make(chan string, 100)
	runs := 0
	work(t, q, func(_ context.Context, key string) error {
		defer func() { ran <- key }()
		if runs++; runs == 1 {
			return &queue.Park{Until: time.Now().Add(time.Hour)}
		}
		return nil
	})
	add(t, q, "a", "")
	receive(t, ran, 1)
	add(t, q, "a", "")
	receive(t, ran, 1)
	checkEmpty(t, q, ran)
}

// A process that dies loses nothing, and neither does one that ends.
func TestRestart(t *testing.T) {
	folder := t.TempDir()
	ctx := context.Background()
	q := open(t, folder, 2)
	if err := q.Store(ctx, "acme/shop", []byte("state"), 0); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		add(t, q, fmt.Sprint("job ", i), fmt.Sprint("delivery ", i))
	}
	began := make(chan string, 100)
	hang := func(ctx context.Context, key string) error {
		began <- key
		<-ctx.Done()
		return context.Cause(ctx)
	}
	stop := work(t, q, hang)
	receive(t, began, 2)
	if err := q.Close(); err != nil { // under the running jobs' feet
		t.Fatal(err)
	}
	stop()

	q = open(t, folder, 2)
	add(t, q, "job 3", "delivery 3") // was there already, before the restart
	if depth, err := q.Depth(ctx); err != nil || depth != 5 {
		t.Errorf("depth %d, %v; want 5", depth, err)
	}
	stop = work(t, q, hang)
	receive(t, began, 2)
	stop() // gives the two back, uncounted
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}

	q = open(t, folder, 2)
	ran := make(chan string, 100)
	work(t, q, func(_ context.Context, key string) error {
		ran <- key
		return nil
	})
	got := receive(t, ran, 5)
	slices.Sort(got)
	if diff := cmp.Diff([]string{"job 0", "job 1", "job 2", "job 3", "job 4"}, got); diff != "" {
		t.Errorf("ran (-want +got):\n%s", diff)
	}
	checkEmpty(t, q, ran)
	if state, revision, err := q.Load(ctx, "acme/shop"); err != nil || string(state) != "state" || revision == 0 {
		t.Errorf("state %q, %d, %v", state, revision, err)
	}
	checkPrivate(t, folder)
}

func checkPrivate(t *testing.T, folder string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if path != folder && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestState(t *testing.T) {
	q := open(t, t.TempDir(), 1)
	ctx := context.Background()
	store := func(key, value string, revision uint64) error { return q.Store(ctx, key, []byte(value), revision) }
	load := func(key string) (string, uint64) {
		t.Helper()
		value, revision, err := q.Load(ctx, key)
		if err != nil {
			t.Fatal(err)
		}
		return string(value), revision
	}
	if value, revision := load("1/acme/shop"); value != "" || revision != 0 {
		t.Errorf("before anything: %q, %d", value, revision)
	}
	if err := store("1/acme/shop", "one", 0); err != nil {
		t.Fatal(err)
	}
	if err := store("1/acme/shop", "two", 0); !errors.Is(err, queue.ErrStale) {
		t.Errorf("a second first one: %v; want ErrStale", err)
	}
	_, revision := load("1/acme/shop")
	if err := store("1/acme/shop", "two", revision); err != nil {
		t.Error(err)
	}
	if err := store("1/acme/shop", "three", revision); !errors.Is(err, queue.ErrStale) {
		t.Errorf("an old revision: %v; want ErrStale", err)
	}
	for _, key := range []string{"1/acme/shop/x y", "1/acme/web.site", "11/acme/shop"} {
		if err := store(key, key, 0); err != nil {
			t.Error(err)
		}
	}
	if err := q.Delete(ctx, "1/acme/"); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"1/acme/shop": "", "1/acme/shop/x y": "", "1/acme/web.site": "", "11/acme/shop": "11/acme/shop"} {
		if value, _ := load(key); value != want {
			t.Errorf("after Delete, %s is %q; want %q", key, value, want)
		}
	}
	if err := store("1/acme/shop", "anew", 0); err != nil {
		t.Errorf("storing what was deleted: %v", err)
	}
	if err := q.Delete(ctx, "nothing"); err != nil {
		t.Errorf("deleting nothing: %v", err)
	}
}

// Two processes on one NATS server share the work, and no key runs in both at once.
func TestShared(t *testing.T) {
	nats, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	nats.Start()
	t.Cleanup(func() {
		nats.Shutdown()
		nats.WaitForShutdown()
	})
	if !nats.ReadyForConnections(20 * time.Second) {
		t.Fatal("the server does not start")
	}
	var queues [2]*queue.Queue
	for i := range queues {
		queues[i], err = queue.Open(context.Background(), queue.Options{URL: nats.ClientURL(), AckWait: ackWait, FirstRetry: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := queues[i].Close(); err != nil {
				t.Error(err)
			}
		})
	}
	began, goOn, ran := make(chan string), make(chan struct{}), make(chan string, 100)
	running := make(chan struct{}, 1)
	for i, q := range queues {
		work(t, q, func(_ context.Context, key string) error {
			if key == "shared" {
				select {
				case running <- struct{}{}:
				default:
					t.Error("two jobs of one key at once")
				}
				began <- fmt.Sprint("process ", i)
				<-goOn
				<-running
			}
			ran <- key
			return nil
		})
	}
	add(t, queues[0], "shared", "")
	receive(t, began, 1)
	add(t, queues[1], "shared", "")
	for i := range 8 {
		add(t, queues[i%2], fmt.Sprint("other ", i), "")
	}
	receive(t, ran, 8)
	goOn <- struct{}{}
	receive(t, began, 1)
	goOn <- struct{}{}
	if got := receive(t, ran, 2); !slices.Equal(got, []string{"shared", "shared"}) {
		t.Errorf("ran %v", got)
	}
	checkEmpty(t, queues[0], ran)
}

func TestFolderInUse(t *testing.T) {
	folder := t.TempDir()
	open(t, folder, 1)
	if _, err := queue.Open(context.Background(), queue.Options{Folder: folder}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second process: %v; want in use", err)
	}
}

func TestAway(t *testing.T) {
	q := open(t, t.TempDir(), 1)
	if err := q.Ready(context.Background()); err != nil {
		t.Errorf("ready: %v", err)
	}
	for range 2 {
		if err := q.Close(); err != nil {
			t.Error(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := q.Add(ctx, "a", ""); err == nil {
		t.Error("Add after Close: no error")
	}
	if err := q.Ready(ctx); err == nil {
		t.Error("Ready after Close: no error")
	}
	if _, err := queue.Open(ctx, queue.Options{}); err == nil {
		t.Error("Open of nothing: no error")
	}
	if _, err := queue.Open(ctx, queue.Options{URL: "nats://127.0.0.1:1"}); err == nil {
		t.Error("Open of a server that is not there: no error")
	}
}
