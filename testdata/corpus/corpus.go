// Package corpus reads the real public repositories that tests and benchmarks
// are tried on. They stand packed beside the project, in ../shared/corpus, and
// are no part of it: who uses them says that they are absent and goes on.
package corpus

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A Tree is one repository, by slash-separated paths from its root.
type Tree struct {
	Files map[string]string // path to content
	Links map[string]string // path to a symbolic link's target
}

// Names lists the repositories that are there, sorted: "stefanprodan+podinfo".
// None, and no error, where the corpus is absent.
func Names() ([]string, error) {
	dir, err := folder()
	if err != nil {
		return nil, err
	}
	packs, err := filepath.Glob(filepath.Join(dir, "*.tar.gz"))
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", dir, err)
	}
	var names []string
	for _, pack := range packs {
		names = append(names, strings.TrimSuffix(filepath.Base(pack), ".tar.gz"))
	}
	slices.Sort(names)
	return names, nil
}

// Read reads one repository. The error is [fs.ErrNotExist] where it is absent.
func Read(name string) (*Tree, error) {
	dir, err := folder()
	if err != nil {
		return nil, err
	}
	file, err := os.Open(filepath.Join(dir, name+".tar.gz"))
	if err != nil {
		return nil, fmt.Errorf("opening a repository of the corpus: %w", err)
	}
	defer file.Close() //nolint:errcheck // it was only read
	tree, err := unpack(file)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file.Name(), err)
	}
	return tree, nil
}

// Write writes the repository below an existing folder.
func (t *Tree) Write(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("opening %s: %w", dir, err)
	}
	defer root.Close() //nolint:errcheck // the files are closed
	for name, content := range t.Files {
		if err := errors.Join(root.MkdirAll(path.Dir(name), 0o755), root.WriteFile(name, []byte(content), 0o644)); err != nil {
			return fmt.Errorf("writing %s below %s: %w", name, dir, err)
		}
	}
	for name, target := range t.Links {
		if err := errors.Join(root.MkdirAll(path.Dir(name), 0o755), root.Symlink(target, name)); err != nil {
			return fmt.Errorf("linking %s below %s: %w", name, dir, err)
		}
	}
	return nil
}

// unpack reads a gzipped tar whose entries stand below one folder.
func unpack(packed io.Reader) (*Tree, error) {
	unzipped, err := gzip.NewReader(packed)
	if err != nil {
		return nil, err
	}
	tree := &Tree{Files: map[string]string{}, Links: map[string]string{}}
	for reader := tar.NewReader(unzipped); ; {
		header, err := reader.Next()
		if err == io.EOF {
			return tree, nil
		}
		if err != nil {
			return nil, err
		}
		_, name, _ := strings.Cut(path.Clean(header.Name), "/")
		switch header.Typeflag {
		case tar.TypeReg:
			data, err := io.ReadAll(reader)
			if err != nil {
				return nil, err
			}
			tree.Files[name] = string(data)
		case tar.TypeSymlink:
			tree.Links[name] = header.Linkname
		}
	}
}

// folder is ../shared/corpus beside the module that the working folder is in.
func folder() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("looking for the corpus: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(filepath.Dir(dir), "shared", "corpus"), nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("looking for the corpus: %w", err)
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("looking for the corpus: the working folder is in no module")
		}
		dir = filepath.Dir(dir)
	}
}
