package worker

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/kustodian/kustodian/bot/review/memory"
)

// Limits are what one call may cost. Zero fields mean those of [DefaultLimits].
type Limits struct {
	Time   time.Duration
	Memory int64 // bytes that the worker may hold
	Answer int64 // bytes
}

// DefaultLimits are generous: the slowest build of 3,959 real ones took 2 s with
// all of its shadow builds, the largest is 1.3 MB of YAML, and the largest real
// repository needs 400 MB.
var DefaultLimits = Limits{Time: 60 * time.Second, Memory: 2 << 30, Answer: 64 << 20}

func (l Limits) orDefault() Limits {
	return Limits{
		Time:   cmp.Or(l.Time, DefaultLimits.Time),
		Memory: cmp.Or(l.Memory, DefaultLimits.Memory),
		Answer: cmp.Or(l.Answer, DefaultLimits.Answer),
	}
}

// stderrLimit is how many bytes of what a worker says during one call are kept.
const stderrLimit = 16 << 10

// ErrDied is wrapped by the error of a call whose worker ended before it
// answered, or went past its deadline or its memory.
var ErrDied = errors.New("the worker ended before it answered")

// errTooMuch is ErrDied of a worker that was ended for what the call asked of
// it: another would do no better.
var errTooMuch = fmt.Errorf("%w", ErrDied)

// A Pool is the workers of one job, one per core. Its workers start when they
// are first needed. Close it.
type Pool struct {
	paths   []string
	remote  string // the folder of remote bases
	size    int
	limits  Limits
	binary  string        // what is started: this program
	free    chan struct{} // one for each worker that has nothing to do, or has yet to start
	once    sync.Once
	resting sync.Mutex
	idle    []*process // those that run and have nothing to do, the last that worked at the end

	memory  *memory.Repository // nil where nothing is remembered
	looking sync.Mutex
	looks   map[TreeRef]*look
	saying  sync.Mutex
	said    map[string]said // by call
}

// NewPool returns a pool for the trees of one job. Its workers may read those
// trees and nothing else.
func NewPool(limits Limits, trees ...TreeRef) *Pool {
	p := &Pool{size: runtime.GOMAXPROCS(0), limits: limits.orDefault()}
	for _, tree := range trees {
		if path := tree.Place(); path != "" {
			p.paths = append(p.paths, path)
		}
	}
	p.free = make(chan struct{}, p.size)
	for range p.size {
		p.free <- struct{}{}
	}
	return p
}

// Remotes lets the workers read the remote bases in a folder that is there, as
// [mirror.Beside] shows them. Call it before all others.
func (p *Pool) Remotes(folder string) {
	p.remote, p.paths = folder, append(p.paths, folder)
}

// Size is how many calls the pool works on at once.
func (p *Pool) Size() int { return p.size }

// Close ends the workers, waiting for calls under way. It may be called twice.
func (p *Pool) Close() {
	p.once.Do(func() {
		for range p.size {
			<-p.free
		}
		p.resting.Lock()
		defer p.resting.Unlock()
		for _, w := range p.idle {
			w.end()
		}
		p.idle = nil
		close(p.free)
	})
}

// Configure asks for the configuration of a tree.
func (p *Pool) Configure(ctx context.Context, r Configure) (ConfigureAnswer, error) {
	question, err := p.question("configure", "", Configure{Defaults: r.Defaults, Caps: r.Caps})
	if err != nil {
		return ConfigureAnswer{}, err
	}
	a, _, err := recall[ConfigureAnswer](ctx, p, asking{r.Tree, question, request{Configure: &r}})
	return a, err
}

// Find asks what is known of overlays before any build. found is told each
// answer with the index of its request, from several goroutines. The error is
// of ctx, or of a tree that cannot be opened.
func (p *Pool) Find(ctx context.Context, requests []Find, found func(i int, a FindAnswer, err error)) error {
	all := make([]asking, len(requests))
	for i := range requests {
		r := &requests[i]
		question, err := p.question("find", r.Overlay, r.Options)
		if err != nil {
			return err
		}
		all[i] = asking{r.Tree, question, request{Find: r}}
	}
	return askAll(ctx, p, all, func(i int, a FindAnswer, reads []string, err error) {
		a.Overlay.Reads = reads
		found(i, a, err)
	})
}

// Check asks for the findings of overlays. checked is told each answer with the
// index of its request, from several goroutines. The error is of ctx, or of a
// tree that cannot be opened.
func (p *Pool) Check(ctx context.Context, requests []Check, checked func(i int, a CheckAnswer, err error)) error {
	all := make([]asking, len(requests))
	for i := range requests {
		r := &requests[i]
		rest := *r
		rest.Tree, rest.Overlay, rest.Part = TreeRef{}, "", false
		question, err := p.question("check", fmt.Sprintf("%s part=%t", r.Overlay, r.Part), rest)
		if err != nil {
			return err
		}
		all[i] = asking{r.Tree, question, request{Check: r}}
	}
	return askAll(ctx, p, all, func(i int, a CheckAnswer, _ []string, err error) { checked(i, a, err) })
}

// Survey asks for the findings of rules that look at a tree before any build.
func (p *Pool) Survey(ctx context.Context, r Survey) (SurveyAnswer, error) {
	question, err := p.question("survey", "", Survey{Seen: r.Seen, Policy: r.Policy})
	if err != nil {
		return SurveyAnswer{}, err
	}
	a, _, err := recall[SurveyAnswer](ctx, p, asking{r.Tree, question, request{Survey: &r}})
	return a, err
}

// Join asks for the findings of rules over several builds.
func (p *Pool) Join(ctx context.Context, r Join) (JoinAnswer, error) {
	rest := r
	rest.Tree = TreeRef{}
	var reads string
	rest.Facts.Overlays, reads = apart(r.Facts.Overlays)
	question, err := p.question("join", reads, rest)
	if err != nil {
		return JoinAnswer{}, err
	}
	a, _, err := recall[JoinAnswer](ctx, p, asking{r.Tree, question, request{Join: &r}})
	return a, err
}

// Explain asks for the source of every scalar and line of an overlay's build.
func (p *Pool) Explain(ctx context.Context, r Explain) (ExplainAnswer, error) {
	a, err := call[ExplainAnswer](ctx, p, request{Explain: &r})
	return a.Answer, err
}

// Plan asks for fixes of findings.
func (p *Pool) Plan(ctx context.Context, r Plan) (PlanAnswer, error) {
	a, err := call[PlanAnswer](ctx, p, request{Plan: &r})
	return a.Answer, err
}

// Prove asks what fixes change in one overlay.
func (p *Pool) Prove(ctx context.Context, r Prove) (ProveAnswer, error) {
	a, err := call[ProveAnswer](ctx, p, request{Prove: &r})
	return a.Answer, err
}

var errClosed = errors.New("the pool of workers is closed")

// take is a worker that is free: the one that worked last, which has parsed most
// of what the next call is about, else nil for one that has yet to start. It is
// given back with put.
func (p *Pool) take(ctx context.Context) (*process, error) {
	select {
	case _, open := <-p.free:
		if !open {
			return nil, errClosed
		}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.resting.Lock()
	defer p.resting.Unlock()
	last := len(p.idle) - 1
	if last < 0 {
		return nil, nil
	}
	w := p.idle[last]
	p.idle = p.idle[:last]
	return w, nil
}

func (p *Pool) put(w *process) {
	if w != nil {
		p.resting.Lock()
		p.idle = append(p.idle, w)
		p.resting.Unlock()
	}
	p.free <- struct{}{}
}

// call gives a request to a free worker.
func call[T any](ctx context.Context, p *Pool, r request) (answer[T], error) {
	w, err := p.take(ctx)
	if err != nil {
		return answer[T]{}, err
	}
	w, a, err := callOn[T](ctx, p, w, r)
	p.put(w)
	return a, err
}

// callOn lets a worker, a new one for nil, answer a request, and returns the
// one that can take the next. Where a worker dies that has answered calls
// before, it may be for what those left in its memory: a new worker takes the
// call once more.
func callOn[T any](ctx context.Context, p *Pool, w *process, r request) (*process, answer[T], error) {
	used := w != nil
	w, a, err := ask[T](ctx, p, w, r)
	if used && errors.Is(err, ErrDied) && !errors.Is(err, errTooMuch) {
		w, a, err = ask[T](ctx, p, w, r)
	}
	if err == nil && a.Fresh {
		w.end()
		w, a, err = ask[T](ctx, p, nil, r)
	}
	if err == nil && a.Error != "" {
		err = errors.New(a.Error)
	}
	return w, a, err
}

// ask lets a worker, a new one for nil, answer a request. It returns the worker
// that can take the next, nil where it is of no more use.
func ask[T any](ctx context.Context, p *Pool, w *process, r request) (*process, answer[T], error) {
	var a answer[T]
	w, line, err := p.exchange(ctx, w, r)
	if err != nil {
		return w, a, err
	}
	if err := json.Unmarshal(line, &a); err != nil {
		return w, a, fmt.Errorf("reading a worker's answer: %w", err)
	}
	return w, a, nil
}

// exchange lets a worker, a new one for nil, work on a request. It returns the
// worker that can take the next, nil where it is of no more use.
func (p *Pool) exchange(ctx context.Context, w *process, r request) (*process, json.RawMessage, error) {
	if w == nil {
		var err error
		if w, err = p.start(); err != nil {
			return nil, nil, fmt.Errorf("starting a worker: %w", err)
		}
	}
	line, err := w.exchange(ctx, r)
	if err != nil {
		w.end()
		return nil, nil, err
	}
	return w, line, nil
}

// A process is one running worker.
type process struct {
	cmd    *exec.Cmd
	limits Limits
	stdin  io.WriteCloser
	lines  *json.Decoder
	unread *io.LimitedReader // what the worker may still answer
	stderr *words
	stop   chan struct{} // closed when the process is to end
	watch  sync.WaitGroup
}

// start starts a worker without environment. The worker ends itself when its
// stdin does, so it outlives no parent; a signal on the parent's death would
// come when the thread that started it ends, which Go decides.
func (p *Pool) start() (*process, error) {
	executable := p.binary
	if executable == "" {
		var err error
		if executable, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	w, err := p.startIn(executable, namespaces())
	if err != nil && namespaces() != nil {
		// The kernel has them and does not let this process make any.
		if w, err = p.startIn(executable, nil); err == nil {
			withoutNamespaces.Store(true)
		}
	}
	return w, err
}

// startIn starts a worker in namespaces of its own, nil for those of this process.
func (p *Pool) startIn(executable string, apart *syscall.SysProcAttr) (*process, error) {
	w := &process{limits: p.limits, stderr: &words{}, stop: make(chan struct{})}
	w.cmd = &exec.Cmd{
		Path: executable, Args: append([]string{processName, strconv.FormatInt(p.limits.Memory, 10), p.remote}, p.paths...),
		Env: []string{}, Stderr: w.stderr, SysProcAttr: apart,
	}
	var err error
	if w.stdin, err = w.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	w.unread = &io.LimitedReader{R: stdout}
	w.lines = json.NewDecoder(w.unread)
	if err := w.cmd.Start(); err != nil {
		return nil, err
	}
	w.watch.Go(w.watchMemory)
	return w, nil
}

// exchange sends a request and waits for its answer. The worker is of no use
// after an error.
func (w *process) exchange(parent context.Context, r request) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(parent, w.limits.Time)
	defer cancel()
	w.unread.N = w.limits.Answer
	w.stderr.forget()
	unless := context.AfterFunc(ctx, func() { w.cmd.Process.Kill() })
	var line json.RawMessage
	err := json.NewEncoder(w.stdin).Encode(r)
	if err == nil {
		err = w.lines.Decode(&line)
	}
	if killed := !unless(); err == nil && !killed {
		return line, nil
	}
	switch {
	case parent.Err() != nil:
		return nil, parent.Err()
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%w: it took longer than %s", errTooMuch, w.limits.Time)
	case w.unread.N <= 0:
		return nil, fmt.Errorf("%w: its answer is larger than %d MB", errTooMuch, w.limits.Answer>>20)
	}
	w.end() // and with it, all of its last words are there
	last := w.stderr.last()
	if slices.ContainsFunc(outOfMemory, func(words string) bool { return strings.Contains(last, words) }) {
		return nil, fmt.Errorf("%w: it used more than %d MB of memory", errTooMuch, w.limits.Memory>>20)
	}
	if last != "" {
		return nil, fmt.Errorf("%w: %s", ErrDied, last)
	}
	return nil, fmt.Errorf("%w: %w", ErrDied, err)
}

// outOfMemory are the ways in which Go's runtime says that the kernel gives it
// no more, and in which the parent's watch does. A signal without a panic before
// it is the runtime's own.
var outOfMemory = []string{"out of memory", "cannot allocate memory", "pthread_create failed", "segmentation violation", "MB of memory"}

// end kills the process and waits for it. It may be called twice.
func (w *process) end() {
	select {
	case <-w.stop:
		return
	default:
		close(w.stop)
	}
	w.stdin.Close()
	w.cmd.Process.Kill()
	w.cmd.Wait() // its status is that of the kill
	w.watch.Wait()
}

// words keeps the first stderrLimit bytes that a worker says during a call.
type words struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (w *words) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.buf.Write(p[:min(len(p), stderrLimit-w.buf.Len())])
	return len(p), nil
}

func (w *words) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.buf.Reset()
}

// last is the line that says why the worker ended, "" where there is none. The
// engine's warnings, and panics with a stranger's text, are none.
func (w *words) last() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for line := range strings.Lines(w.buf.String()) {
		for _, own := range []string{processName + ": ", "fatal error: ", "runtime/cgo: ", "SIGSEGV: ", "panic: runtime error: "} {
			if text, ok := strings.CutPrefix(line, own); ok {
				return strings.TrimSpace(text)
			}
		}
	}
	return ""
}
