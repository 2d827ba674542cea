package overlay

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
)

// YAMLFiles lists the YAML files of the tree, sorted. Links are not followed.
// The error is of ctx, or of reading the tree.
func (s *Snapshot) YAMLFiles(ctx context.Context) ([]string, error) {
	var files []string
	var walk func(dir string) error
	walk = func(dir string) error {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("listing files: %w", err)
		}
		kinds, err := s.folder(dir)
		if err != nil {
			return err
		}
		for name, kind := range kinds {
			switch {
			case kind == Folder && name != ".git" && name != RemoteFolder:
				if err := walk(path.Join(dir, name)); err != nil {
					return err
				}
			case kind == RegularFile && (strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")):
				files = append(files, path.Join(dir, name))
			}
		}
		return nil
	}
	err := walk(".")
	slices.Sort(files)
	return files, err
}
