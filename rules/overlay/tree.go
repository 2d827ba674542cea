package overlay

import (
	"errors"
	"fmt"
)

// ErrTooLarge is wrapped by the error of [Tree].ReadFile for a file that has
// more bytes than the tree reads.
var ErrTooLarge = errors.New("too large to be read")

// A Tree is a read-only view of the files of one commit or folder.
//
// Paths are slash-separated from the root, without a leading slash; "." is
// the root. No method follows a link: who reads decides where a link may
// lead. A path that is not there is an error for which errors.Is(err,
// fs.ErrNotExist) holds. A Tree need not be safe for concurrent use.
type Tree interface {
	// ReadFile returns the bytes of the regular file at path.
	ReadFile(path string) ([]byte, error)
	// ReadDir lists the folder at path, sorted by name.
	ReadDir(path string) ([]Entry, error)
	// Readlink returns the target of the link at path as it is written.
	Readlink(path string) (string, error)
	// Hash identifies the content of the file, or the target of the link, at
	// path: git's object id of that blob.
	Hash(path string) (string, error)
}

// A Stamp is what a file system notes of a file: while it stays, so does what the
// file holds.
type Stamp struct {
	Size              int64
	Modified, Changed int64 // nanoseconds
	File              uint64
}

// A stamped tree knows the stamps of the files in the folders that were listed.
// A file that was written so lately that its next change might get the same
// stamp has none.
type stamped interface {
	Stamp(path string) (Stamp, bool)
}

// An Entry is one name in a folder of a [Tree].
type Entry struct {
	Name string
	Kind EntryKind
}

// An EntryKind says what an [Entry] is.
type EntryKind int

const (
	RegularFile EntryKind = iota
	ExecutableFile
	Folder
	Link
	Submodule // a commit of another repository: never read
)

func (k EntryKind) String() string {
	switch k {
	case RegularFile:
		return "file"
	case ExecutableFile:
		return "executable file"
	case Folder:
		return "folder"
	case Link:
		return "link"
	case Submodule:
		return "submodule"
	}
	return fmt.Sprintf("EntryKind(%d)", int(k))
}
