package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/sethvargo/go-envconfig"
	"github.com/spf13/cobra"

	"github.com/kustodian/kustodian/bot"
)

func serveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run the GitHub App: review pull requests, sweep repositories",
		Long:  "Runs the GitHub App until it is told to stop. Its settings come from the environment:\n\n" + variables(),
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return serve(cmd.Context()) },
	}
}

// variables lists the settings, each with its default.
func variables() string {
	var b strings.Builder
	for _, v := range bot.SettingsHelp() {
		fmt.Fprintf(&b, "  %-24s %s", v.Name, v.Help)
		if v.Default != "" {
			fmt.Fprintf(&b, " (default %s)", v.Default)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func serve(ctx context.Context) (err error) {
	settings, err := bot.LoadSettings(ctx, envconfig.OsLookuper())
	if err != nil {
		return err
	}
	// Before the queue: an address that is taken is known at once.
	var listening net.ListenConfig
	webhook, err := listening.Listen(ctx, "tcp", settings.Listen)
	if err != nil {
		return fmt.Errorf("LISTEN: %w", err)
	}
	metrics, err := listening.Listen(ctx, "tcp", settings.MetricsListen)
	if err != nil {
		return errors.Join(fmt.Errorf("METRICS_LISTEN: %w", err), webhook.Close())
	}
	b, err := bot.Open(ctx, settings, bot.Overrides{})
	if err != nil {
		return errors.Join(err, webhook.Close(), metrics.Close())
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	return b.Server.Run(ctx, webhook, metrics)
}
