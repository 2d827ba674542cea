package mirror

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"golang.org/x/sys/unix"

	"github.com/kustodian/kustodian/rules/overlay"
)

// A beneathTree is a working folder in which the kernel itself looks a path
// up: in one call, that follows no link and never leaves the folder. It takes
// a fifth of what os.Root does, which opens every folder on the way.
type beneathTree struct {
	root   *os.File
	stamps map[string]overlay.Stamp // by path
	listed []byte                   // what the kernel lists a folder in
}

// settled is how old a change of a file must be for its stamp to count: file
// systems tell times apart by up to two seconds.
const settled = 2 * time.Second

// openBeneath opens a folder, where the kernel can look up so.
func openBeneath(dir string) (overlay.Tree, bool) {
	root, err := os.Open(dir)
	if err != nil {
		return nil, false
	}
	t := &beneathTree{root, map[string]overlay.Stamp{}, make([]byte, 16<<10)}
	fd, err := t.open("open", ".", unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		root.Close() //nolint:errcheck // it was only read
		return nil, false
	}
	unix.Close(fd) //nolint:errcheck // it was only looked at
	return t, true
}

// open opens name, to which no link leads and which is none itself; with
// O_PATH it may be one. The caller closes the descriptor.
func (t *beneathTree) open(op, name string, flags uint64) (int, error) {
	fault := func(err error) (int, error) { return -1, &fs.PathError{Op: op, Path: name, Err: err} }
	if !fs.ValidPath(name) || slices.Contains(strings.Split(name, "/"), ".git") {
		return fault(fs.ErrNotExist)
	}
	defer runtime.KeepAlive(t)
	how := unix.OpenHow{
		// What is no file must not be waited for.
		Flags:   flags | unix.O_CLOEXEC | unix.O_NOFOLLOW | unix.O_NONBLOCK,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS,
	}
	if flags&unix.O_PATH != 0 {
		how.Flags &^= unix.O_NONBLOCK
	}
	for {
		fd, err := unix.Openat2(int(t.root.Fd()), name, &how)
		switch {
		case err == nil:
			return fd, nil
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.EAGAIN): // a folder was renamed meanwhile
			continue
		case flags&unix.O_PATH == 0 && (errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENXIO) || errors.Is(err, unix.ENOTDIR)):
			return -1, t.otherwise(op, name, flags)
		case errors.Is(err, unix.ELOOP), errors.Is(err, unix.ENOTDIR):
			return fault(fs.ErrNotExist) // a link or a file is on the way
		}
		return fault(err)
	}
}

// otherwise says what stands at a name that is not what was to be opened.
func (t *beneathTree) otherwise(op, name string, flags uint64) error {
	fd, stat, err := t.look(op, name)
	if err != nil {
		return err
	}
	unix.Close(fd) //nolint:errcheck // it was only looked at
	if flags&unix.O_DIRECTORY != 0 {
		return &fs.PathError{Op: op, Path: name, Err: errNotFolder}
	}
	return &fs.PathError{Op: op, Path: name, Err: fmt.Errorf("is a %s", kindOfStat(stat.Mode))}
}

// look opens name itself without reading it, a link too.
func (t *beneathTree) look(op, name string) (int, unix.Stat_t, error) {
	var stat unix.Stat_t
	fd, err := t.open(op, name, unix.O_PATH)
	if err != nil {
		return -1, stat, err
	}
	if err := unix.Fstat(fd, &stat); err != nil {
		unix.Close(fd) //nolint:errcheck // it was only looked at
		return -1, stat, &fs.PathError{Op: op, Path: name, Err: err}
	}
	return fd, stat, nil
}

// openFile opens the regular file at name and says how large it is.
func (t *beneathTree) openFile(op, name string) (descriptor, int64, error) {
	fd, err := t.open(op, name, unix.O_RDONLY)
	if err != nil {
		return -1, 0, err
	}
	var stat unix.Stat_t
	err = unix.Fstat(fd, &stat)
	if err == nil && stat.Mode&unix.S_IFMT != unix.S_IFREG {
		err = fmt.Errorf("is a %s", kindOfStat(stat.Mode))
	}
	if err != nil {
		unix.Close(fd) //nolint:errcheck // it was only looked at
		return -1, 0, &fs.PathError{Op: op, Path: name, Err: err}
	}
	return descriptor(fd), stat.Size, nil
}

// A descriptor is an open file, without what os.File does for those that block.
type descriptor int

func (d descriptor) Read(p []byte) (int, error) {
	for {
		n, err := unix.Read(int(d), p)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return 0, err
		case n == 0 && len(p) > 0:
			return 0, io.EOF
		}
		return n, nil
	}
}

func (t *beneathTree) ReadFile(name string) ([]byte, error) {
	file, size, err := t.openFile("read", name)
	if err != nil {
		return nil, err
	}
	defer unix.Close(int(file))
	if size > LargestFile {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errTooLarge}
	}
	return readAll("read", name, file)
}

func (t *beneathTree) ReadDir(name string) ([]overlay.Entry, error) {
	fd, err := t.open("readdir", name, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var out []overlay.Entry
	before := time.Now().Add(-settled)
	stamp := func(file string, stat unix.Stat_t) {
		s := overlay.Stamp{Size: stat.Size, Modified: stat.Mtim.Nano(), Changed: stat.Ctim.Nano(), File: stat.Ino}
		if max(s.Modified, s.Changed) < before.UnixNano() {
			t.stamps[path.Join(name, file)] = s
		}
	}
	for {
		n, err := unix.Getdents(fd, t.listed)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
		}
		if n <= 0 {
			break
		}
		if out, err = appendEntries(out, fd, t.listed[:n], stamp); err != nil {
			return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
		}
	}
	slices.SortFunc(out, func(a, b overlay.Entry) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// appendEntries adds the files, folders and links that a folder's records
// name, and tells what files are stamped with. What goes away meanwhile is left out.
func appendEntries(out []overlay.Entry, folder int, records []byte, stamp func(file string, stat unix.Stat_t)) ([]overlay.Entry, error) {
	for len(records) > 0 {
		// The kernel's linux_dirent64: two words, the record's length, a type, and the name to a zero.
		record := records[:binary.NativeEndian.Uint16(records[16:])]
		records = records[len(record):]
		name, _, _ := strings.Cut(string(record[19:]), "\x00")
		if name == "." || name == ".." || name == ".git" {
			continue
		}
		mode := uint32(record[18]) << 12 // DT_REG is S_IFREG, and so on
		if mode == 0 || mode == unix.S_IFREG {
			// Whether a file is executable, and on some file systems what it is at all, its folder does not say.
			var stat unix.Stat_t
			err := unix.Fstatat(folder, name, &stat, unix.AT_SYMLINK_NOFOLLOW)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, err
			}
			if mode = stat.Mode; mode&unix.S_IFMT == unix.S_IFREG {
				stamp(name, stat)
			}
		}
		switch mode & unix.S_IFMT {
		case unix.S_IFREG, unix.S_IFDIR, unix.S_IFLNK:
			out = append(out, overlay.Entry{Name: name, Kind: kindOfStat(mode)})
		}
	}
	return out, nil
}

// Stamp is what the file at a path was stamped with when its folder was listed.
func (t *beneathTree) Stamp(name string) (overlay.Stamp, bool) {
	stamp, ok := t.stamps[name]
	return stamp, ok
}

func (t *beneathTree) Readlink(name string) (string, error) {
	fd, stat, err := t.look("readlink", name)
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	if stat.Mode&unix.S_IFMT != unix.S_IFLNK {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: errNotLink}
	}
	target := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(fd, "", target)
	if err != nil {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: err}
	}
	return string(target[:n]), nil
}

func (t *beneathTree) Hash(name string) (string, error) {
	file, size, err := t.openFile("hash", name)
	if err != nil {
		target, linkErr := t.Readlink(name)
		if linkErr != nil {
			return "", err
		}
		return plumbing.ComputeHash(plumbing.BlobObject, []byte(target)).String(), nil
	}
	defer unix.Close(int(file))
	return hashAll(name, size, file)
}

func kindOfStat(mode uint32) overlay.EntryKind {
	switch {
	case mode&unix.S_IFMT == unix.S_IFDIR:
		return overlay.Folder
	case mode&unix.S_IFMT == unix.S_IFLNK:
		return overlay.Link
	case mode&0o111 != 0:
		return overlay.ExecutableFile
	}
	return overlay.RegularFile
}
