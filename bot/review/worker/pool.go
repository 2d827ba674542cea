package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"
)

const (
	// callTimeout is what one call may take. The slowest build of 3,959 real
	// ones took 2 s with all of its shadow builds.
	callTimeout = 60 * time.Second
	// answerLimit is how many bytes a worker may answer: the largest real build
	// is 1.3 MB of YAML.
	answerLimit = 64 << 20
	// stderrLimit is how much of a dying worker's last words is kept.
	stderrLimit = 16 << 10
)

// ErrDied is wrapped by the error of a call whose worker ended before it
// answered, or went past its deadline or its memory.
var ErrDied = errors.New("the worker ended before it answered")

// A Pool is the workers of one job, one per core. Its workers start when they
// are first needed. Close it.
type Pool struct {
	paths []string
	size  int
	free  chan *process // nil entries stand for a worker that has yet to start
	once  sync.Once
}

// NewPool returns a pool for the trees of one job. Its workers may read those
// trees and nothing else.
func NewPool(trees ...TreeRef) *Pool {
	p := &Pool{size: runtime.GOMAXPROCS(0)}
	for _, tree := range trees {
		if path := tree.path(); path != "" {
			p.paths = append(p.paths, path)
		}
	}
	p.free = make(chan *process, p.size)
	for range p.size {
		p.free <- nil
	}
	return p
}

// Size is how many calls the pool works on at once.
func (p *Pool) Size() int { return p.size }

// Close ends the workers, waiting for calls under way. It may be called twice.
func (p *Pool) Close() {
	p.once.Do(func() {
		for range p.size {
			if w := <-p.free; w != nil {
				w.end()
			}
		}
		close(p.free)
	})
}

// Scan asks what is in a tree.
func (p *Pool) Scan(ctx context.Context, r Scan) (ScanAnswer, error) {
	return call[ScanAnswer](ctx, p, request{Scan: &r})
}

// Check asks for the findings of one overlay.
func (p *Pool) Check(ctx context.Context, r Check) (CheckAnswer, error) {
	return call[CheckAnswer](ctx, p, request{Check: &r})
}

// Explain asks for the source of every scalar and line of an overlay's build.
func (p *Pool) Explain(ctx context.Context, r Explain) (ExplainAnswer, error) {
	return call[ExplainAnswer](ctx, p, request{Explain: &r})
}

// Plan asks for fixes of findings.
func (p *Pool) Plan(ctx context.Context, r Plan) (PlanAnswer, error) {
	return call[PlanAnswer](ctx, p, request{Plan: &r})
}

// Prove asks what fixes change in one overlay.
func (p *Pool) Prove(ctx context.Context, r Prove) (ProveAnswer, error) {
	return call[ProveAnswer](ctx, p, request{Prove: &r})
}

// call gives a request to a free worker.
func call[T any](ctx context.Context, p *Pool, r request) (T, error) {
	var a answer[T]
	var w *process
	select {
	case w = <-p.free:
	case <-ctx.Done():
		return a.Answer, ctx.Err()
	}
	alive := false
	defer func() {
		if !alive && w != nil {
			w.end()
			w = nil
		}
		p.free <- w
	}()
	if w == nil {
		var err error
		if w, err = start(p.paths); err != nil {
			return a.Answer, fmt.Errorf("starting a worker: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	line, err := w.exchange(ctx, r)
	if err != nil {
		return a.Answer, err
	}
	if err := json.Unmarshal(line, &a); err != nil {
		return a.Answer, fmt.Errorf("reading a worker's answer: %w", err)
	}
	alive = true
	if a.Error != "" {
		return a.Answer, errors.New(a.Error)
	}
	return a.Answer, nil
}

// A process is one running worker.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout io.ReadCloser
	lines  *json.Decoder
	limit  *io.LimitedReader
	stderr *tail
	stop   chan struct{} // closed when the process is to end
	watch  sync.WaitGroup
}

// start starts a worker without environment.
func start(paths []string) (*process, error) {
	executable, err := os.Executable()
	if err != nil {
		return nil, err
	}
	w := &process{stderr: &tail{}, stop: make(chan struct{})}
	w.cmd = &exec.Cmd{
		Path: executable, Args: append([]string{processName}, paths...), Env: []string{},
		Stderr: w.stderr, SysProcAttr: processAttributes(),
	}
	if w.stdin, err = w.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if w.stdout, err = w.cmd.StdoutPipe(); err != nil {
		return nil, err
	}
	w.limit = &io.LimitedReader{R: w.stdout}
	w.lines = json.NewDecoder(w.limit)
	if err := w.cmd.Start(); err != nil {
		return nil, err
	}
	w.watch.Go(w.watchMemory)
	return w, nil
}

// exchange sends a request and waits for its answer. The worker is of no use
// after an error.
func (w *process) exchange(ctx context.Context, r request) (json.RawMessage, error) {
	w.limit.N = answerLimit
	done := context.AfterFunc(ctx, func() { w.cmd.Process.Kill() })
	defer done()
	if err := json.NewEncoder(w.stdin).Encode(r); err != nil {
		return nil, w.died(ctx, err)
	}
	var line json.RawMessage
	if err := w.lines.Decode(&line); err != nil {
		return nil, w.died(ctx, err)
	}
	return line, nil
}

// died says why a worker gave no answer.
func (w *process) died(ctx context.Context, err error) error {
	if cause := ctx.Err(); errors.Is(cause, context.DeadlineExceeded) {
		return fmt.Errorf("%w: it took longer than %s", ErrDied, callTimeout)
	} else if cause != nil {
		return cause
	}
	if w.limit.N <= 0 {
		return fmt.Errorf("%w: its answer is larger than %d MB", ErrDied, answerLimit>>20)
	}
	w.end()
	if words := w.stderr.firstLine(); words != "" {
		return fmt.Errorf("%w: %s", ErrDied, words)
	}
	return fmt.Errorf("%w: %w", ErrDied, err)
}

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

// tail keeps the first stderrLimit bytes written to it.
type tail struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf.Write(p[:min(len(p), stderrLimit-t.buf.Len())])
	return len(p), nil
}

func (t *tail) firstLine() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	line, _, _ := bytes.Cut(t.buf.Bytes(), []byte("\n"))
	return string(line)
}
