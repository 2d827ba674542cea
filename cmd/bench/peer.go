package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// The peers, by the package that go install builds at a fixed version.
const kustomizeCLI = "sigs.k8s.io/kustomize/kustomize/v5@v5.8.2"

// peer is the path of a peer's command, built from its module the first time
// and kept in the user's cache folder.
func peer(ctx context.Context, pkg string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding a folder for %s: %w", pkg, err)
	}
	module, version, _ := strings.Cut(pkg, "@")
	bin := filepath.Join(cache, "kustodian-bench", version)
	name := path.Base(module)
	if major, ok := strings.CutPrefix(name, "v"); ok && strings.Trim(major, "0123456789") == "" {
		name = path.Base(path.Dir(module))
	}
	command := filepath.Join(bin, name)
	if _, err := os.Stat(command); err == nil {
		return command, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("looking for %s: %w", pkg, err)
	}
	install := exec.CommandContext(ctx, "go", "install", pkg)
	install.Env = append(os.Environ(), "GOBIN="+bin)
	if out, err := install.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", pkg, err, out)
	}
	return command, nil
}
