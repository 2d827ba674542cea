package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/kustodian/kustodian/bot/mirror"
)

// remoteFlags adds the flags that let a command follow references to other
// repositories, which it otherwise never does.
func remoteFlags(cmd *cobra.Command) {
	cmd.Flags().StringSlice("remote-base", nil, "fetch bases of other repositories that are at this `HOST/PATH` and pinned to a commit; may be repeated")
	cmd.Flags().StringSlice("remote-base-inside", nil, "`HOST` among them that may be inside your own network")
}

// remotes is what the flags allow to be fetched; nil for nothing.
func remotes(cmd *cobra.Command) (*mirror.Remotes, error) {
	allowed, err := cmd.Flags().GetStringSlice("remote-base")
	if err != nil || len(allowed) == 0 {
		return nil, err
	}
	inside, err := cmd.Flags().GetStringSlice("remote-base-inside")
	if err != nil {
		return nil, err
	}
	folder, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("--remote-base: finding a folder for what is fetched: %w", err)
	}
	return &mirror.Remotes{Dir: filepath.Join(folder, "kustodian", "remotes"), Allowed: allowed, Inside: inside}, nil
}
