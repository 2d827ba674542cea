// Command demo shows the whole of Kustodian on this machine: a simulated
// GitHub, a registry and the bot on loopback, and a pull request that is
// reviewed and fixed.
//
//	go run ./cmd/demo                                        # the example repository
//	go run ./cmd/demo --repo DIR --base main --head feature  # a repository of yours
//
// It prints the review and the fix pull request as GitHub's side holds them,
// and an address that shows them in a browser until Ctrl-C. With --once it ends
// by itself, with status 0 only if what was said on the example is what had to be.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/kustodian/kustodian/bot/review/worker"
)

func main() {
	worker.Main()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	default:
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// run shows the demonstration on w.
func run(ctx context.Context, args []string, w io.Writer) (err error) {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	once := flags.Bool("once", false, "end when the pull request is reviewed, with status 0 only if all was said")
	folder := flags.String("repo", "", "a git repository, or a folder of manifests, in place of the example")
	base := flags.String("base", "", "what the pull request of --repo is against (default: its default branch)")
	head := flags.String("head", "HEAD", "the commit of --repo to review")
	verbose := flags.Bool("v", false, "print the bot's log")
	if err := flags.Parse(args); err != nil {
		return err
	}
	log := slog.New(slog.DiscardHandler)
	if *verbose {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}

	s, err := openStage(ctx, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	var p *play
	if *folder != "" {
		p, err = s.load(*folder, *base, *head)
	} else {
		p, err = s.example()
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "A pull request is opened: %s\n", p.url())
	if err := p.wait(ctx, w); err != nil {
		return err
	}
	if err := p.print(w); err != nil {
		return err
	}
	if *once {
		if *folder != "" {
			return nil
		}
		return p.verify(ctx, w)
	}
	fmt.Fprintf(w, "\nLook at it in a browser: %s\nCtrl-C ends this.\n", p.url())
	<-ctx.Done()
	return nil
}
