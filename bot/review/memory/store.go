// Package memory keeps what workers answered, so that what did not change is
// not built again: not for the next pull request, and not for a sweep.
//
// An answer is kept with the read set that it came from: every file that was
// read, every look-up that failed, every link on the way. It holds for any
// tree in which all of those are as they were, whichever commit that is.
//
//	store := &memory.Store{Dir: dir, Size: 1 << 30}
//	repository := store.Open("installation-17", "/var/lib/kustodian/shop.git")
//	…
//	tree := repository.Beside(snapshot)
//	text, reads, ok := tree.Recall(question)
//	…
//	repository.Keep(question, memory.Answer{Text: text, Reads: reads})
//	…
//	err := store.Save(repository)
//
// A store is a folder with a file for each repository of each tenant, and for
// each build of this program, since another may answer otherwise. Each file is
// sealed with a key of its tenant's own: one tenant cannot be shown what
// another's builds came to, what stands in them is not readable beside the
// folder's key, and a file that is damaged is noticed and dropped. The folder
// can be deleted at any time.
package memory

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Store is a folder of answers. It is safe for concurrent use, also by
// several processes. A nil Store keeps nothing.
type Store struct {
	// Dir is the folder; it is made when it is first needed.
	Dir string
	// Size is how many bytes the folder may have; what was not used for longest
	// goes first.
	Size int64

	saving sync.Mutex
}

// keySize is that of AES-256, for the folder and for each tenant.
const keySize = 32

// extension is that of the files that hold answers.
const extension = ".answers"

// seal is what encrypts a tenant's files.
func (s *Store) seal(tenant string) (cipher.AEAD, error) {
	key, err := s.key()
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(keyed(key, "tenant", tenant))
	if err != nil {
		return nil, fmt.Errorf("making the key of a tenant: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// key reads the folder's key, which the first to need it makes.
func (s *Store) key() ([]byte, error) {
	file := filepath.Join(s.Dir, "key")
	key, err := os.ReadFile(file)
	if err == nil && len(key) == keySize {
		return key, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the key of kept answers: %w", err)
	}
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("making a folder for answers: %w", err)
	}
	key = make([]byte, keySize)
	rand.Read(key) //nolint:errcheck // it never fails
	return key, write(file, key)
}

// keyed is the hash of texts under a key.
func keyed(key []byte, texts ...string) []byte {
	h := hmac.New(sha256.New, key)
	for _, text := range texts {
		fmt.Fprintf(h, "%d:%s", len(text), text)
	}
	return h.Sum(nil)
}

// name is the file of a repository for this program, which does not tell whose
// it is: all of a tenant's begin alike, and all of a repository's.
func (s *Store) name(tenant, place string) (string, error) {
	key, err := s.key()
	if err != nil {
		return "", err
	}
	return filepath.Join(s.Dir, placePrefix(key, tenant, place)+hex.EncodeToString(keyed(key, "program", program())[:8])+extension), nil
}

// ownPrefix is how the names of a tenant's files begin.
func ownPrefix(key []byte, tenant string) string {
	return hex.EncodeToString(keyed(key, "tenant's files", tenant)[:8]) + "-"
}

// placePrefix is how the names of a repository's files begin.
func placePrefix(key []byte, tenant, place string) string {
	return ownPrefix(key, tenant) + hex.EncodeToString(keyed(key, "file", tenant, place)[:16]) + "-"
}

// Forget deletes what is kept of the repository at a place for a tenant.
func (s *Store) Forget(tenant, place string) error {
	return s.forget(func(key []byte) string { return placePrefix(key, tenant, place) })
}

// ForgetAll deletes all that is kept for a tenant.
func (s *Store) ForgetAll(tenant string) error {
	return s.forget(func(key []byte) string { return ownPrefix(key, tenant) })
}

// forget deletes the files whose names begin so.
func (s *Store) forget(prefix func(key []byte) string) error {
	if s == nil {
		return nil
	}
	s.saving.Lock()
	defer s.saving.Unlock()
	key, err := s.key()
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(s.Dir)
	faults := []error{err}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), prefix(key)) {
			faults = append(faults, remove(filepath.Join(s.Dir, entry.Name())))
		}
	}
	return errors.Join(faults...)
}

// load reads what is kept of a repository, and says which file it read, nil for
// none. What cannot be read, was damaged or is another tenant's is dropped.
func (s *Store) load(tenant, place string) (kept, fs.FileInfo, error) {
	name, err := s.name(tenant, place)
	if err != nil {
		return kept{}, nil, err
	}
	info, sealed, err := read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return kept{}, nil, nil
	}
	if err != nil {
		return kept{}, nil, fmt.Errorf("reading kept answers: %w", err)
	}
	aead, err := s.seal(tenant)
	if err != nil {
		return kept{}, nil, err
	}
	var k kept
	text, err := aead.Open(nil, nil, sealed, []byte(filepath.Base(name)))
	if err == nil {
		err = gob.NewDecoder(bytes.NewReader(text)).Decode(&k)
	}
	if err != nil || !k.sound() {
		return kept{}, nil, os.Remove(name)
	}
	return k, info, nil
}

// read reads a file, and says which one that is.
func read(name string) (fs.FileInfo, []byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close() //nolint:errcheck // it was only read
	info, err := file.Stat()
	if err != nil {
		return nil, nil, err
	}
	text := make([]byte, info.Size()) // a file is only ever written whole
	_, err = io.ReadFull(file, text)
	return info, text, err
}

// Save writes what is new in a repository's answers, beside what others have
// saved meanwhile, and makes room. It does nothing where nothing is new.
func (s *Store) Save(r *Repository) error {
	if s == nil || program() == "" {
		return nil
	}
	s.saving.Lock()
	defer s.saving.Unlock()
	fresh, trees, used := r.taken()
	name, err := s.name(r.tenant, r.place)
	if err != nil {
		return err
	}
	now := time.Now()
	if len(fresh) == 0 {
		if used {
			if err := os.Chtimes(name, now, now); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("noting that answers were used: %w", err)
			}
		}
		return nil
	}
	others := r.kept
	if now, err := os.Stat(name); err != nil || r.file == nil || !os.SameFile(now, r.file) || !now.ModTime().Equal(r.file.ModTime()) {
		if others, _, err = s.load(r.tenant, r.place); err != nil {
			return err
		}
	}
	var text bytes.Buffer
	all := others.with(fresh)
	all.stamp(trees)
	if err := gob.NewEncoder(&text).Encode(all); err != nil {
		return fmt.Errorf("encoding answers: %w", err)
	}
	aead, err := s.seal(r.tenant)
	if err != nil {
		return err
	}
	if err := write(name, aead.Seal(nil, nil, text.Bytes(), []byte(filepath.Base(name)))); err != nil {
		return err
	}
	return s.trim()
}

// write puts a file in place at once, so that nobody reads half of it.
func write(name string, text []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(name), ".new-")
	if err != nil {
		return fmt.Errorf("keeping answers: %w", err)
	}
	_, err = temporary.Write(text)
	if err = errors.Join(err, temporary.Close()); err == nil {
		err = os.Rename(temporary.Name(), name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("keeping answers: %w", err), os.Remove(temporary.Name()))
	}
	return nil
}

// abandoned is how old a file is that its writer has left half written.
const abandoned = time.Hour

// trim removes the files that were not used for longest until the rest fits.
func (s *Store) trim() error {
	entries, err := os.ReadDir(s.Dir)
	if err != nil {
		return fmt.Errorf("making room for answers: %w", err)
	}
	var files []fs.FileInfo
	var total int64
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			continue // another process has removed it
		}
		switch {
		case strings.HasSuffix(entry.Name(), extension):
			files = append(files, info)
			total += info.Size()
		case strings.HasPrefix(entry.Name(), ".new-") && time.Since(info.ModTime()) > abandoned:
			if err := remove(filepath.Join(s.Dir, entry.Name())); err != nil {
				return err
			}
		}
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, file := range files {
		if total <= s.Size {
			return nil
		}
		if err := remove(filepath.Join(s.Dir, file.Name())); err != nil {
			return err
		}
		total -= file.Size()
	}
	return nil
}

func remove(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("deleting answers: %w", err)
	}
	return nil
}
