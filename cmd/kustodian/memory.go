package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/kustodian/kustodian/bot/publish"
	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/bot/review/memory"
)

// memorySize is how many bytes of answers are kept in the user's cache folder.
// A repository of a thousand overlays takes about 5 MB.
const memorySize = 256 << 20

// cacheFlag adds the flag that turns memory off.
func cacheFlag(cmd *cobra.Command) {
	cmd.Flags().Bool("cache", true, "keep what builds came to in the user's cache folder, so that only what changed is built again")
}

// remember lets a reviewer keep its answers in the user's cache folder, unless
// the flag says otherwise. A folder that cannot be written changes no report:
// stderr tells of it.
func remember(cmd *cobra.Command, reviewer *review.Reviewer) {
	if on, err := cmd.Flags().GetBool("cache"); err != nil || !on {
		return
	}
	reviewer.Fault = func(err error) {
		fmt.Fprintln(cmd.ErrOrStderr(), "kustodian: nothing is kept for the next time:", publish.Printable(err.Error()))
	}
	folder, err := os.UserCacheDir()
	if err != nil {
		return // nobody has set one, so nobody expects it
	}
	reviewer.Memory = &memory.Store{Dir: filepath.Join(folder, "kustodian"), Size: memorySize}
}
