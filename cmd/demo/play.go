package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/kustodian/kustodian/bot/githubtest"
	"github.com/kustodian/kustodian/testdata/demo"
)

// exampleRegistry is where the example's images are; the stage's registry
// answers for it.
const exampleRegistry = "registry.example.com"

// A play is a pull request on the stage.
type play struct {
	*stage
	repo   *githubtest.Repository
	number int
}

func (p *play) url() string {
	return fmt.Sprintf("%s/%s/pull/%d", p.github.URL, p.repo.FullName(), p.number)
}

// addRepository adds a repository that the App may write to.
func (s *stage) addRepository(owner, name string) (*githubtest.Repository, error) {
	s.github.AddInstallation(owner, map[string]string{"metadata": "read", "contents": "write", "pull_requests": "write", "checks": "write"})
	return s.github.AddRepository(owner, name, true)
}

// example opens the pull request of the example repository.
func (s *stage) example() (*play, error) {
	err := s.push("shop/web:2.4.1", "shop/web:stable", "shop/api:1.9.0", "shop/worker:1.0.3")
	if err != nil {
		return nil, err
	}
	repo, err := s.addRepository("shop", "manifests")
	if err != nil {
		return nil, err
	}
	main, pull := txtar.Parse(demo.Main), txtar.Parse(demo.Pull)
	if _, err := repo.Commit("main", "Add the shop", files(main)); err != nil {
		return nil, err
	}
	if err := repo.Push("worker", repo.Head("main")); err != nil {
		return nil, err
	}
	title, body, _ := strings.Cut(string(pull.Comment), "\n")
	if _, err := repo.Commit("worker", title, files(pull)); err != nil {
		return nil, err
	}
	return s.open(repo, "main", "worker", title, strings.TrimSpace(body))
}

func files(archive *txtar.Archive) map[string]*string {
	out := map[string]*string{}
	for _, file := range archive.Files {
		out[file.Name] = new(string(file.Data))
	}
	return out
}

// open opens the pull request; it is the first thing that the bot hears of.
func (s *stage) open(repo *githubtest.Repository, base, head, title, body string) (*play, error) {
	s.github.SetWebhook(s.webhook, s.github.App().WebhookSecret)
	number, err := repo.OpenPullRequest(githubtest.NewPullRequest{Head: head, Base: base, Title: title, Body: body, Author: "mona"})
	if err != nil {
		return nil, err
	}
	return &play{stage: s, repo: repo, number: number}, nil
}

// load opens a pull request of what differs between two commits of a git
// repository, or of a whole folder.
func (s *stage) load(folder, base, head string) (*play, error) {
	absolute, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	repo, err := s.addRepository("local", safeName(filepath.Base(absolute)))
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(absolute, ".git")); errors.Is(err, os.ErrNotExist) {
		if _, err := repo.Commit("main", "Start", map[string]*string{"README.md": new("# " + filepath.Base(absolute) + "\n")}); err != nil {
			return nil, err
		}
		if err := repo.Push("review", repo.Head("main")); err != nil {
			return nil, err
		}
		if _, err := repo.CommitFolder("review", "Add the manifests", absolute); err != nil {
			return nil, err
		}
		return s.open(repo, "main", "review", "Add the manifests", "")
	}
	if base == "" {
		if base, err = defaultBranch(absolute); err != nil {
			return nil, err
		}
	}
	at := map[string]string{}
	for branch, revision := range map[string]string{"main": base, "review": head} {
		if at[branch], err = git(absolute, "rev-parse", "--verify", "--end-of-options", revision+"^{commit}"); err != nil {
			return nil, fmt.Errorf("%s has no commit %s: %w", folder, revision, err)
		}
	}
	if at["main"] == at["review"] {
		return nil, fmt.Errorf("%s and %s are the same commit of %s; name others with --base and --head", base, head, folder)
	}
	if err := repo.Import(absolute, "+"+at["main"]+":refs/heads/main", "+"+at["review"]+":refs/heads/review"); err != nil {
		return nil, err
	}
	return s.open(repo, "main", "review", fmt.Sprintf("%s into %s", head, base), "")
}

// defaultBranch is what a clone calls the default branch, or main or master.
func defaultBranch(folder string) (string, error) {
	for _, branch := range []string{"origin/HEAD", "main", "master"} {
		if _, err := git(folder, "rev-parse", "--verify", "--quiet", branch); err == nil {
			return branch, nil
		}
	}
	return "", fmt.Errorf("%s has no branch main or master; name one with --base", folder)
}

var unsafe = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

func safeName(name string) string { return unsafe.ReplaceAllString(name, "-") }

func git(folder string, args ...string) (string, error) {
	cmd := exec.Command("git", append([]string{"-C", folder}, args...)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(said.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

// patience is how long a review may take: a thousand overlays take a minute.
const patience = 10 * time.Minute

// wait waits until every event is delivered and no job waits or runs, and shows
// how long it took. What the bot does makes events of its own.
func (p *play) wait(ctx context.Context, w io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	start := time.Now()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if err := p.github.Wait(ctx); err != nil {
			return fmt.Errorf("waiting for deliveries: %w", err)
		}
		delivered := len(p.github.Deliveries())
		waiting, err := p.bot.Queue.Depth(ctx)
		if err != nil {
			return err
		}
		if waiting == 0 && len(p.github.Deliveries()) == delivered {
			break
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waiting for the review: %w", ctx.Err())
		case err := <-p.ended:
			p.ended <- nil
			return fmt.Errorf("the bot ended: %w", err)
		}
	}
	pull, err := p.repo.PullRequest(p.number)
	if err != nil {
		return err
	}
	if len(p.repo.CheckRuns(pull.Head.SHA)) == 0 {
		return errors.New("nothing was said: neither side has a kustomization")
	}
	fmt.Fprintf(w, "Reviewed in %.1f s.\n", time.Since(start).Seconds())
	return nil
}
