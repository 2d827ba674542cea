package mirror

import (
	"cmp"
	"context"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kustodian/kustodian/rules/overlay"
)

// Remotes fetches the remote bases that an operator allows: each commit into a
// mirror of its own, once, and without its history.
type Remotes struct {
	// Dir holds a folder for each tenant, with the mirrors in it.
	Dir string
	// Allowed are the places that may be fetched from: a host with the first
	// names of a path, such as "github.com/acme".
	Allowed []string
	// Inside are the hosts among them, with their port where it is not 443, that
	// may lead to an address inside the operator's own network.
	Inside []string
	// Logins are used for their tenant and place alone.
	Logins []Login
	// Roots are the authorities that certificates are held to; nil is the system's.
	Roots *x509.CertPool
	// Timeout bounds one fetch, Size its bytes, Kept the mirrors of one tenant.
	// Zero is DefaultRemoteTimeout, DefaultRemoteSize and DefaultRemotesKept.
	Timeout time.Duration
	Size    int64
	Kept    int
}

// The repositories of manifests that others build on have a few MB; one
// commit of the largest seen, with a whole product's source, has 60.
const (
	DefaultRemoteTimeout = time.Minute
	DefaultRemoteSize    = 100 << 20
	DefaultRemotesKept   = 256
)

// A Login is how one tenant's remote bases are read at a place, as in
// [Remotes].Allowed.
type Login struct {
	Tenant, Place      string
	Username, Password string
}

// An Asker is for whom a remote base is fetched.
type Asker struct {
	Tenant string
	// Anonymous is set for a stranger's change, which no login is used for.
	Anonymous bool
}

// Folder is where a tenant's mirrors are, each under [overlay.RemoteBase.Folder].
func (r *Remotes) Folder(tenant string) string { return filepath.Join(r.Dir, "of-"+tenant) }

// Open makes a tenant's folder where there is none, and returns its one name.
func (r *Remotes) Open(tenant string) (string, error) {
	if err := os.MkdirAll(r.Folder(tenant), 0o700); err != nil {
		return "", fmt.Errorf("making a folder for remote bases: %w", err)
	}
	folder, err := Absolute(r.Folder(tenant))
	if err != nil {
		return "", fmt.Errorf("opening the folder of remote bases: %w", err)
	}
	return folder, nil
}

// Answer says whether a reference to a remote base is followed. Its tree is
// then in the tenant's folder; else the answer says why not.
func (r *Remotes) Answer(ctx context.Context, asker Asker, base overlay.RemoteBase) overlay.RemoteAnswer {
	answer := overlay.RemoteAnswer{URL: base.URL, Ref: base.Ref}
	if answer.Refused = r.refuses(base); answer.Refused != "" {
		return answer
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(r.Timeout, DefaultRemoteTimeout))
	defer cancel()
	if !base.Pinned() {
		answer.Refused = r.unpinned(ctx, asker, base)
		return answer
	}
	if err := r.fetch(ctx, asker, base); err != nil {
		answer.Refused = fmt.Sprintf("could not be fetched: %s", inOneLine(err))
	}
	return answer
}

var (
	// hostName is a host with or without a port, in lower case.
	hostName = regexp.MustCompile(`^([a-z0-9-]+\.)*[a-z0-9-]+(:[0-9]{1,5})?$`)
	// pathName is a name in the path of a repository. What could be read as
	// another name, by an escape for one, is none.
	pathName = regexp.MustCompile(`^[A-Za-z0-9_~+.-]+$`)
	// refName is a branch or tag: never what a program would take for an option.
	refName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_./+-]*$`)
)

// IsPlace reports whether a text is a place as in [Remotes].Allowed.
func IsPlace(text string) bool {
	host, path, deeper := strings.Cut(text, "/")
	odd := func(name string) bool { return !pathName.MatchString(name) || name == "." || name == ".." }
	return hostName.MatchString(strings.ToLower(host)) && !(deeper && slices.ContainsFunc(strings.Split(path, "/"), odd))
}

// refuses says why nobody may fetch a base, "" where one may.
func (r *Remotes) refuses(base overlay.RemoteBase) string {
	if strings.HasPrefix(base.URL, "file://") {
		return "is a folder of the machine that builds; copy it into this repository and refer to its path"
	}
	rest, secure := strings.CutPrefix(base.URL, "https://")
	if !secure {
		return "is not fetched: only https is, so write " + overHTTPS(base)
	}
	host, path, _ := strings.Cut(rest, "/")
	if strings.Contains(host, "@") {
		return "names who asks; write it without, and let the operator bind a login to it"
	}
	host = strings.ToLower(host)
	if !IsPlace(host + "/" + path) {
		return "is not fetched: its address has letters that no repository's has"
	}
	if base.Ref != "" && (!refName.MatchString(base.Ref) || strings.Contains(base.Ref, "..")) {
		return "is not fetched: its ref is none that a branch, tag or commit can have"
	}
	at := host + "/" + strings.TrimSuffix(path, ".git")
	if !slices.ContainsFunc(r.Allowed, func(place string) bool { return within(at, place) }) {
		return fmt.Sprintf("would be fetched, and the operator does not allow %s; copy it into this repository and refer to its path", at)
	}
	return ""
}

// overHTTPS is a base as it would be written to be fetched by https.
func overHTTPS(base overlay.RemoteBase) string {
	rest := base.URL
	for _, scheme := range []string{"ssh://", "http://"} {
		rest = strings.TrimPrefix(rest, scheme)
	}
	if _, after, ok := strings.Cut(rest, "@"); ok {
		rest = after
	}
	if host, path, ok := strings.Cut(rest, ":"); ok && !strings.Contains(host, "/") {
		rest = host + "/" + strings.TrimLeft(path, "0123456789/")
	}
	base.URL = "https://" + rest
	return base.String()
}

// within reports whether a repository is at or below a place.
func within(at, place string) bool {
	host, path, _ := strings.Cut(strings.Trim(place, "/"), "/")
	place = strings.TrimSuffix(strings.ToLower(host)+"/"+strings.TrimSuffix(path, ".git"), "/")
	return at == place || strings.HasPrefix(at, place+"/")
}

// login is how the asker reads a base; nil for as anybody does.
func (r *Remotes) login(asker Asker, base overlay.RemoteBase) *Login {
	host, path, _ := strings.Cut(strings.TrimPrefix(base.URL, "https://"), "/")
	at := strings.ToLower(host) + "/" + strings.TrimSuffix(path, ".git")
	for i, l := range r.Logins {
		if !asker.Anonymous && l.Tenant == asker.Tenant && within(at, l.Place) {
			return &r.Logins[i]
		}
	}
	return nil
}

// unpinned says which commit a base should be pinned to.
func (r *Remotes) unpinned(ctx context.Context, asker Asker, base overlay.RemoteBase) string {
	name := base.Ref
	if name == "" {
		name = "the default branch"
	}
	commit, err := r.resolve(ctx, asker, base)
	if err != nil {
		return fmt.Sprintf("is not pinned: %s can be moved, so write a full commit behind ?ref= (which it names now could not be asked: %s)", name, inOneLine(err))
	}
	base.Ref = commit
	return fmt.Sprintf("is not pinned: %s can be moved, so write the commit that it names now: %s", name, base)
}

// fetch brings the commit of a base into its mirror, unless it is there.
func (r *Remotes) fetch(ctx context.Context, asker Asker, base overlay.RemoteBase) error {
	folder := filepath.Join(r.Folder(asker.Tenant), base.Folder())
	lock := writer(folder)
	select {
	case lock <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-lock }()
	if _, err := OpenCommit(folder, base.Ref); err == nil {
		return touch(folder)
	}
	if err := r.makeRoom(asker.Tenant); err != nil {
		return err
	}
	fresh, err := os.MkdirTemp(r.Folder(asker.Tenant), unfinished)
	if err != nil {
		return fmt.Errorf("making a mirror: %w", err)
	}
	defer os.RemoveAll(fresh)
	if err := r.download(ctx, asker, base, fresh); err != nil {
		return err
	}
	if _, err := OpenCommit(fresh, base.Ref); err != nil {
		return err
	}
	if err := touch(fresh); err != nil {
		return err
	}
	if err := os.RemoveAll(folder); err != nil { // what could not be opened
		return fmt.Errorf("deleting a damaged mirror: %w", err)
	}
	return os.Rename(fresh, folder)
}

// unfinished begins the name of a mirror that is being fetched.
const unfinished = ".new-"

// makeRoom makes the folder of a tenant and refuses to fill it beyond measure.
func (r *Remotes) makeRoom(tenant string) error {
	folder := r.Folder(tenant)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("making a folder for remote bases: %w", err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("counting remote bases: %w", err)
	}
	kept := 0
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), unfinished) {
			kept++
			continue
		}
		// Of a process that was killed, where no fetch may take so long.
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > 2*cmp.Or(r.Timeout, DefaultRemoteTimeout) {
			if err := os.RemoveAll(filepath.Join(folder, entry.Name())); err != nil {
				return fmt.Errorf("deleting half a mirror: %w", err)
			}
		}
	}
	if kept >= cmp.Or(r.Kept, DefaultRemotesKept) {
		return fmt.Errorf("%d commits of remote bases are kept already; one that nobody used for a month goes by itself", kept)
	}
	return nil
}

// inOneLine is an error as the end of a sentence.
func inOneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
