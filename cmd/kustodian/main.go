// Command kustodian reviews Kubernetes manifests that are built with
// Kustomize: in a shell, in a workflow, and as a GitHub App.
//
//	kustodian check                         # findings of every overlay below here, at their sources
//	kustodian check --base origin/main      # only what is new since then
//	kustodian fix --write                   # puts right what has a proved fix
//	kustodian blame overlays/prod           # the build, each line with the file and line that says it
//	kustodian serve                         # the GitHub App
//
// Exit status: 0 nothing at or above --fail-on; 1 findings; 2 wrong usage, or
// nothing could be read.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/kustodian/kustodian/bot"
	"github.com/kustodian/kustodian/bot/publish"
	"github.com/kustodian/kustodian/bot/review/worker"
)

func main() {
	worker.Main()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx)
	stop()
	os.Exit(status)
}

// errFindings ends a command with status 1: it has said everything already.
var errFindings = errors.New("there are findings")

// run runs the command line and returns the exit status.
func run(ctx context.Context) int {
	err := root().ExecuteContext(ctx)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errFindings):
		return 1
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintln(os.Stderr, "kustodian:", publish.Printable(strings.TrimSuffix(line, "\n")))
	}
	return 2
}

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "kustodian",
		Short:         "Reviews Kustomize overlays at the line that causes a fault, and fixes them with proof",
		Version:       bot.Version(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	cmd.AddCommand(checkCommand(), fixCommand(), blameCommand(), rulesCommand(), configCommand(), serveCommand(), sweepCommand())
	return cmd
}
