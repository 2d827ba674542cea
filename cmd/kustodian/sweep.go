package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/sethvargo/go-envconfig"
	"github.com/spf13/cobra"

	"github.com/kustodian/kustodian/bot"
)

func sweepCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "sweep OWNER/REPO",
		Short: "Sweep one repository now, as the GitHub App",
		Long: `Reviews the whole default branch of a repository that the App is installed on, and
publishes as a scheduled sweep does. With NATS_URL the running Kustodian does it; without,
this command does, with a mirror of its own that it deletes. The settings are those of serve.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			owner, repo, ok := strings.Cut(args[0], "/")
			if !ok || owner == "" || repo == "" || strings.Contains(repo, "/") {
				return fmt.Errorf("%q names no repository; write OWNER/REPO", args[0])
			}
			return sweep(cmd.Context(), owner, repo)
		},
	}
}

func sweep(ctx context.Context, owner, repo string) (err error) {
	settings, err := bot.LoadSettings(ctx, envconfig.OsLookuper())
	if err != nil {
		return err
	}
	if settings.NATSURL == "" {
		// The folder of a server that runs is that server's alone.
		if settings.DataDir, err = os.MkdirTemp("", "kustodian-sweep-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(settings.DataDir)) }()
	}
	b, err := bot.Open(ctx, settings, bot.Overrides{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	installation, err := b.App.InstallationOf(ctx, owner, repo)
	if err != nil {
		return err
	}
	key := bot.Key{Installation: installation.ID, Owner: owner, Repo: repo, Kind: bot.Sweep}
	if settings.NATSURL != "" {
		return b.Queue.Add(ctx, key.String(), "")
	}
	return b.Worker.Work(ctx, key)
}
