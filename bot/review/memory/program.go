package memory

import (
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"io"
	"os"
	"sync"
)

// program tells this build of the program, and with it of the engine and the
// rules, from all others: by the id that Go's linker gives each, else by all of
// its bytes. It is "" where it cannot be read.
var program = sync.OnceValue(func() string {
	name, err := os.Executable()
	if err != nil {
		return ""
	}
	file, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer file.Close() //nolint:errcheck // it was only read
	if id := buildID(file); id != "" {
		return id
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return ""
	}
	return hex.EncodeToString(sum.Sum(nil))
})

// buildID is the id that a program carries, "" for none: a build can leave it out.
func buildID(file io.ReaderAt) string {
	program, err := elf.NewFile(file)
	if err != nil {
		return "" // of another system
	}
	section := program.Section(".note.go.buildid")
	if section == nil {
		return ""
	}
	note, err := section.Data()
	// The lengths of name and text, a type, the name "Go" to a word, and the text.
	const header = 16
	if err != nil || len(note) < header || !bytes.Equal(note[12:16], []byte("Go\x00\x00")) {
		return ""
	}
	return string(bytes.TrimRight(note[header:], "\x00"))
}
