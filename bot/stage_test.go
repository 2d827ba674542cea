package bot_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	images "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"golang.org/x/tools/txtar"

	"github.com/kustodian/kustodian/bot"
	"github.com/kustodian/kustodian/bot/github"
	"github.com/kustodian/kustodian/bot/githubtest"
	"github.com/kustodian/kustodian/bot/mirror"
	"github.com/kustodian/kustodian/bot/queue"
	"github.com/kustodian/kustodian/bot/review/worker"
	"github.com/kustodian/kustodian/fixes/registry"
)

func TestMain(m *testing.M) {
	worker.Main()
	os.Exit(m.Run())
}

var (
	mayFix    = map[string]string{"metadata": "read", "contents": "write", "pull_requests": "write", "checks": "write"}
	mayReport = map[string]string{"metadata": "read", "contents": "read", "pull_requests": "write", "checks": "write"}
)

// A stage is the bot between a simulated GitHub and a registry, all of them on
// loopback. The registry answers for registry.example.com and ghcr.io.
type stage struct {
	*testing.T
	github   *githubtest.Server
	registry *httptest.Server
	// remotes are the authorities of the hosts that remote bases come from.
	remotes *x509.CertPool
	// broken answers in place of the registry; nil lets it answer.
	broken   atomic.Pointer[http.HandlerFunc]
	settings map[string]string
	log      journal
	bot      *bot.Bot
	webhook  string
	end      func()
}

// A journal is the bot's log, which a failed test shows.
type journal struct {
	sync.Mutex
	bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.Lock()
	defer j.Unlock()
	return j.Buffer.Write(p)
}

// newStage starts everything; the App is installed at acme. Settings are the
// bot's environment beside what the stage needs.
func newStage(t *testing.T, permissions map[string]string, settings map[string]string) *stage {
	t.Helper()
	s := &stage{T: t, end: func() {}, remotes: x509.NewCertPool()}
	var err error
	s.github, err = githubtest.Start(githubtest.Options{})
	s.must(err)
	answer := images.New(images.Logger(slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)))
	s.registry = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if broken := s.broken.Load(); broken != nil {
			(*broken)(w, r)
			return
		}
		answer.ServeHTTP(w, r)
	}))
	app := s.github.App()
	s.settings = map[string]string{
		"GITHUB_APP_ID": fmt.Sprint(app.ID), "GITHUB_PRIVATE_KEY": string(app.Key), "WEBHOOK_SECRETS": app.WebhookSecret,
		"ALLOWED_ACCOUNTS": "acme", "GITHUB_URL": s.github.URL, "DATA_DIR": t.TempDir(), "SWEEP": "off",
		"REGISTRIES": "registry.example.com,ghcr.io," + s.registryHost(),
	}
	maps.Copy(s.settings, settings)
	t.Cleanup(s.close)
	s.github.AddInstallation("acme", permissions)
	s.start()
	return s
}

func (s *stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *stage) registryHost() string { return strings.TrimPrefix(s.registry.URL, "http://") }

// start starts the bot on its folder, and lets GitHub know its address.
func (s *stage) start() {
	s.Helper()
	settings, err := bot.LoadSettings(context.Background(), lookup(s.settings))
	s.must(err)
	s.bot, err = bot.Open(context.Background(), settings, bot.Overrides{
		Log:     slog.New(slog.NewTextHandler(&s.log, nil)),
		GitHub:  func(o *github.Options) { o.WriteInterval = -1 },
		Remotes: func(r *mirror.Remotes) { r.Roots = s.remotes },
		Queue:   func(o *queue.Options) { o.FirstRetry, o.AckWait = 10*time.Millisecond, 2*time.Second },
		Registry: func(c *registry.Client) {
			c.PlainHTTP, c.Timeout = true, 500*time.Millisecond
			for _, host := range []string{"registry.example.com", "ghcr.io"} {
				c.Mirrors = append(c.Mirrors, registry.Mirror{Of: host, At: s.registryHost(), Trusted: true})
			}
		},
	})
	s.must(err)
	webhook, metrics := loopback(s.T), loopback(s.T)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.bot.Server.Run(ctx, webhook, metrics) }()
	s.end = func() {
		cancel()
		if err := <-ended; err != nil {
			s.Errorf("the bot ended: %v", err)
		}
		if err := s.bot.Close(); err != nil {
			s.Error(err)
		}
	}
	s.webhook = "http://" + webhook.Addr().String() + "/webhook"
	s.github.SetWebhook(s.webhook, "")
}

// restart ends the bot and starts it again on the same folder.
func (s *stage) restart() {
	s.Helper()
	s.end()
	s.start()
}

func (s *stage) close() {
	s.end()
	for _, b := range s.github.Breaches() {
		s.Errorf("off contract: %s", b)
	}
	if err := s.github.Close(); err != nil {
		s.Error(err)
	}
	s.registry.Close()
	if s.Failed() && testing.Verbose() {
		s.Logf("the bot's log:\n%s", s.log.String())
	}
}

func loopback(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// lookup is an environment.
type lookup map[string]string

func (l lookup) Lookup(key string) (string, bool) {
	value, ok := l[key]
	return value, ok
}

// patience is how long a stage may take to come to rest.
const patience = 2 * time.Minute

// settle returns when all events are delivered and no job waits or runs. What
// the bot does makes events of its own.
func (s *stage) settle() {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		s.must(s.github.Wait(ctx))
		delivered := len(s.github.Deliveries())
		depth, err := s.bot.Queue.Depth(ctx)
		s.must(err)
		if depth == 0 && len(s.github.Deliveries()) == delivered {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			s.Fatalf("%d jobs wait or run after %v", depth, patience)
		}
	}
}

// push puts images into the registry. Their digests are the same in every run.
func (s *stage) push(names ...string) {
	s.Helper()
	for _, image := range names {
		reference, err := name.ParseReference(s.registryHost()+"/"+image, name.Insecure)
		s.must(err)
		config, err := empty.Image.ConfigFile()
		s.must(err)
		config.Author = image
		built, err := mutate.ConfigFile(empty.Image, config)
		s.must(err)
		s.must(remote.Write(reference, built, remote.WithTransport(http.DefaultTransport)))
	}
}

// A play is a pull request on a stage.
type play struct {
	*stage
	repo   *githubtest.Repository
	number int
}

// repository adds a repository with files on its default branch. The bot
// hears nothing of it.
func (s *stage) repository(name string, start files) *githubtest.Repository {
	s.Helper()
	s.github.SetWebhook("", "")
	repo, err := s.github.AddRepository("acme", name, true)
	s.must(err)
	_, err = repo.Write("main", "Start", start)
	s.must(err)
	s.github.SetWebhook(s.webhook, "")
	return repo
}

// pull opens a pull request of a change to the default branch, and waits until
// the bot has said what it has to say.
func (s *stage) pull(repo *githubtest.Repository, change files) *play {
	s.Helper()
	s.must(repo.Push("change", repo.Head("main")))
	_, err := repo.Write("change", "Change", change)
	s.must(err)
	number, err := repo.OpenPullRequest(githubtest.NewPullRequest{Head: "change", Title: "Change", Author: "mona"})
	s.must(err)
	s.settle()
	return &play{s, repo, number}
}

// commit pushes to the pull request's branch, and waits for the bot.
func (p *play) commit(change files) {
	p.Helper()
	_, err := p.repo.Write("change", "Change more", change)
	p.must(err)
	p.settle()
}

// deliverAgain delivers the pull request's last event again, as a new delivery.
func (p *play) deliverAgain() {
	p.Helper()
	p.must(p.repo.Change(p.number, githubtest.PullRequestChange{State: "closed"}))
	p.must(p.repo.Change(p.number, githubtest.PullRequestChange{State: "open"}))
	p.settle()
}

func (p *play) state() *githubtest.PullRequest {
	p.Helper()
	pull, err := p.repo.PullRequest(p.number)
	p.must(err)
	return pull
}

var ruleLink = regexp.MustCompile(`<sub>.*\[([a-z-]+)\]\(http`)

// said is what stands on the pull request, sorted: "path:line rule", and
// "resolved" where its thread is.
func (p *play) said() []string {
	p.Helper()
	out := []string{}
	for _, t := range p.state().Threads {
		out = append(out, where(t))
	}
	slices.Sort(out)
	return out
}

func where(t *githubtest.Thread) string {
	said := t.Path
	if t.Line > 0 {
		said += fmt.Sprintf(":%d", t.Line)
	}
	if rule := ruleLink.FindStringSubmatch(t.Comments[0].Body); rule != nil {
		said += " " + rule[1]
	}
	if t.Resolved {
		said += " resolved"
	}
	return said
}

// wantTexts holds that each comment, named as in said, has its text.
func (p *play) wantTexts(texts map[string]string) {
	p.Helper()
	for _, t := range p.state().Threads {
		if body := t.Comments[0].Body; !strings.Contains(body, texts[where(t)]) {
			p.Errorf("%s does not say %q:\n%s", where(t), texts[where(t)], body)
		}
	}
}

func (p *play) wantSaid(want ...string) {
	p.Helper()
	slices.Sort(want)
	if diff := cmp.Diff(append([]string{}, want...), p.said()); diff != "" {
		p.Errorf("what is said (-want +got):\n%s", diff)
	}
}

// check is the newest check run of the pull request's head; nil where there is none.
func (p *play) check() *githubtest.CheckRun {
	p.Helper()
	runs := p.repo.CheckRuns(p.state().Head.SHA)
	if len(runs) == 0 {
		return nil
	}
	return runs[len(runs)-1]
}

func (p *play) wantCheck(conclusion string) {
	p.Helper()
	switch run := p.check(); {
	case run == nil && conclusion != "":
		p.Errorf("there is no check run; want %s", conclusion)
	case run != nil && run.Conclusion != conclusion:
		p.Errorf("the check run says %s: %s; want %q", run.Conclusion, run.Title, conclusion)
	}
}

// fixes are the open pull requests from the bot's own branches.
func (p *play) fixes() []*githubtest.PullRequest {
	return slices.DeleteFunc(p.repo.PullRequests(), func(pull *githubtest.PullRequest) bool {
		return pull.State != "open" || !strings.HasPrefix(pull.Head.Ref, "kustodian/")
	})
}

// writes are the requests that changed something, but for tokens.
func (s *stage) writes() []string {
	var out []string
	for _, r := range s.github.Requests() {
		reads := r.Method == http.MethodGet || r.Operation == "apps/create-installation-access-token" || r.Route == "git" ||
			r.Route == "/graphql" && !slices.Contains([]string{"resolveReviewThread", "unresolveReviewThread", "createCommitOnBranch"}, r.Operation)
		if !reads {
			out = append(out, r.Method+" "+r.Path+" "+r.Operation)
		}
	}
	return out
}

// wantQuiet holds that do makes the bot write nothing.
func (s *stage) wantQuiet(why string, do func()) {
	s.Helper()
	before := len(s.writes())
	do()
	if wrote := s.writes()[before:]; len(wrote) > 0 {
		s.Errorf("%s makes the bot write:\n%s", why, strings.Join(wrote, "\n"))
	}
}

// files are what a commit changes; nil deletes.
type files = map[string]*githubtest.Entry

// entries are the files of an archive below a folder, without the folder's
// name; "" is all of them.
func entries(archive *txtar.Archive, folder string) files {
	out := files{}
	for _, file := range archive.Files {
		if path, ok := strings.CutPrefix(file.Name, folder); ok {
			out[path] = &githubtest.Entry{Content: file.Data}
		}
	}
	return out
}

func text(content string) *githubtest.Entry { return &githubtest.Entry{Content: []byte(content)} }

// file is a file of the pull request's branch.
func (p *play) file(path string) string {
	p.Helper()
	content, err := p.repo.File("change", path)
	p.must(err)
	return content
}
