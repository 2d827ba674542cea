// Command bench prints the figures of Kustodian: each benchmark a subcommand,
// over the real repositories beside the project, against peers in the same run.
//
//	go run ./cmd/bench parity    # builds, against the kustomize command's
//	go run ./cmd/bench build     # time and memory, against kustomize
//	go run ./cmd/bench sources   # how many fields have a source, and whether it is right
//	go run ./cmd/bench rules     # what every rule finds and costs, against kube-score
//	go run ./cmd/bench edits     # edits of YAML, against the libraries
//	go run ./cmd/bench fixes     # fixes planned, proved, and refused by reason
//
// Each takes the names of repositories, and measures all of them without one;
// where there is none beside the project it says so, with status 0. Times are
// ratios: machines differ, and nothing passes or fails on one.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	"github.com/spf13/cobra"

	"github.com/kustodian/kustodian/bot/review/worker"
)

func main() {
	worker.Main()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := root().ExecuteContext(ctx)
	stop()
	if errors.Is(err, errNoCorpus) {
		fmt.Println(err)
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "bench",
		Short:         "Print the figures of Kustodian, over real repositories and against its peers",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	cmd.AddCommand(
		buildCommand(),
		editsCommand(),
		fixesCommand(),
		parityCommand(),
		rulesCommand(),
		sourcesCommand(),
	)
	cmd.AddCommand(roleCommands()...)
	return cmd
}
