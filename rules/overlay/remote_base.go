package overlay

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

// RemoteFolder is the folder at the root of a tree below which the commits of
// other repositories are seen, each under [RemoteBase.Folder]. A tree shows
// what is there to who asks for it; it is in no listing.
const RemoteFolder = ".kustodian-remote"

// A RemoteBase is a folder of another repository, as a kustomization refers to it.
type RemoteBase struct {
	// URL is what git would fetch from, such as "https://github.com/acme/base".
	URL string `json:"url"`
	// Ref is the commit, tag or branch; "" is the default branch.
	Ref string `json:"ref,omitempty"`
	// Path is the folder, "." for the root of the repository.
	Path string `json:"path"`
}

// A RemoteAnswer says what becomes of references to one ref of a repository.
type RemoteAnswer struct {
	URL string `json:"url"`
	Ref string `json:"ref,omitempty"`
	// Refused is why it is not followed, as the end of a sentence that begins
	// with the reference; "" where its tree is in [RemoteFolder].
	Refused string `json:"refused,omitempty"`
}

// commitID is a commit by its full object id.
var commitID = regexp.MustCompile(`^[0-9a-f]{40}$`)

// Pinned reports whether the ref is a full commit, which nobody can move.
func (r RemoteBase) Pinned() bool { return commitID.MatchString(r.Ref) }

// String is the reference in the form in which it should be written.
func (r RemoteBase) String() string {
	text := r.URL
	if r.Path != "." {
		text += "//" + r.Path
	}
	if r.Ref != "" {
		text += "?ref=" + r.Ref
	}
	return text
}

// Folder is where a tree shows the commit of a pinned base: one name, which
// ends in the commit.
func (r RemoteBase) Folder() string {
	sum := sha256.Sum256([]byte(r.URL))
	return hex.EncodeToString(sum[:8]) + "-" + r.Ref
}

// Holds reports whether a path is in the commit of a pinned base.
func (r RemoteBase) Holds(name string) bool { return below(name, path.Join(RemoteFolder, r.Folder())) }

// ParseRemote takes a reference apart as kustomize does. It is false for what
// kustomize does not fetch by git.
func ParseRemote(text string) (RemoteBase, bool) {
	if path.IsAbs(text) {
		return RemoteBase{}, false
	}
	text, query, _ := strings.Cut(text, "?")
	host, rest, ok := hostOf(text)
	if !ok {
		return RemoteBase{}, false
	}
	repository, folder, ok := partsOf(rest, strings.HasPrefix(host, "file://"))
	folder = path.Clean(strings.TrimPrefix(folder, "/"))
	if !ok || repository == "" || folder == ".." || strings.HasPrefix(folder, "../") || path.IsAbs(folder) {
		return RemoteBase{}, false
	}
	base := RemoteBase{URL: host + repository, Path: folder}
	if values, err := url.ParseQuery(query); err == nil {
		if base.Ref = values.Get("ref"); base.Ref == "" {
			base.Ref = values.Get("version")
		}
	}
	return base, true
}

// isFile reports whether the base is a file by its name: the engine fetches
// that by HTTP, without a commit to pin it to.
func (r RemoteBase) isFile() bool {
	return slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(path.Ext(r.Path)))
}

// userName is a login before the host, as the engine reads it.
var userName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9-]*@`)

// hostOf cuts the host off a URL, with what stands before it and the slash, or
// the colon of git's short form, behind it.
func hostOf(text string) (host, rest string, ok bool) {
	text, _ = cutFolded(text, "git::")
	scheme := ""
	for _, known := range []string{"ssh://", "https://", "http://", "file://"} {
		if after, is := cutFolded(text, known); is {
			scheme, text = known, after
			break
		}
	}
	user := userName.FindString(text)
	after := text[len(user):]
	lower := strings.ToLower(after)
	github := strings.HasPrefix(lower, "github.com/") || strings.HasPrefix(lower, "github.com:")
	short := scheme == "" && (user != "" || github)
	switch {
	case scheme == "" && !short:
		return "", "", false
	case scheme == "file://":
		return scheme, text, true
	}
	end := strings.Index(after, "/")
	if colon := strings.Index(after, ":"); short && (end < 0 || colon > 0 && colon < end) {
		end = colon
	}
	host = after
	if end >= 0 {
		host, rest = after[:end+1], after[end+1:]
	}
	switch {
	case host == "":
		return "", "", false
	case github && (scheme == "ssh://" || user != ""):
		return user + "github.com:", rest, true
	case github:
		return "https://github.com/", rest, true
	}
	return scheme + user + host, rest, true
}

// partsOf parts the path of a URL into that of the repository and that of a
// folder in it: at "_git/", "//" or ".git", else behind the second name.
func partsOf(text string, whole bool) (repository, folder string, ok bool) {
	if i := strings.Index(text, "_git/"); i >= 0 {
		name, folder, _ := strings.Cut(text[i+len("_git/"):], "/")
		return text[:i+len("_git/")] + name, folder, true
	}
	if repository, folder, ok = strings.Cut(text, "//"); ok {
		return repository, folder, true
	}
	if i := strings.Index(text, ".git"); i >= 0 {
		return text[:i+len(".git")], text[i+len(".git"):], true
	}
	if whole {
		return text, "", true
	}
	names := strings.SplitN(text, "/", 3)
	if len(names) < 2 {
		return "", "", false
	}
	if len(names) == 3 {
		folder = names[2]
	}
	return names[0] + "/" + names[1], folder, true
}

// cutFolded is strings.CutPrefix without regard to upper and lower case.
func cutFolded(text, prefix string) (string, bool) {
	if len(text) < len(prefix) || !strings.EqualFold(text[:len(prefix)], prefix) {
		return text, false
	}
	return text[len(prefix):], true
}

// answerTo is the answer to a reference, if there is one yet.
func (o Options) answerTo(base RemoteBase) (RemoteAnswer, bool) {
	i := slices.IndexFunc(o.Remotes, func(a RemoteAnswer) bool { return a.URL == base.URL && a.Ref == base.Ref })
	if i < 0 {
		return RemoteAnswer{}, false
	}
	return o.Remotes[i], true
}

// mounted is the path at which the tree shows what a reference names; false
// for a path, and for what is not followed.
func (o Options) mounted(text string) (string, bool) {
	if len(o.Remotes) == 0 || !remote(text) {
		return "", false
	}
	base, ok := ParseRemote(text)
	answer, answered := o.answerTo(base)
	if !ok || !answered || answer.Refused != "" || !base.Pinned() {
		return "", false
	}
	return path.Join(RemoteFolder, base.Folder(), base.Path), true
}

// At is the path of what an entry of a kustomization in a folder names; of
// something remote that is not followed, no path of the tree.
func (s *Snapshot) At(dir, entry string) string {
	if at, ok := s.options.mounted(entry); ok {
		return at
	}
	return path.Join(dir, entry)
}

// InRemote reports whether a path is of a remote base.
func InRemote(name string) bool { return below(name, RemoteFolder) }

// remoteRoot is the root of the remote base that a path is in, "" for the
// tree's own files.
func remoteRoot(name string) string {
	rest, ok := strings.CutPrefix(name, RemoteFolder+"/")
	if !ok {
		return ""
	}
	id, _, _ := strings.Cut(rest, "/")
	return path.Join(RemoteFolder, id)
}

// remoteName is the reference to a path in a remote base.
func (o Options) remoteName(name string) string {
	root := remoteRoot(name)
	for _, a := range o.Remotes {
		base := RemoteBase{URL: a.URL, Ref: a.Ref, Path: "."}
		if path.Join(RemoteFolder, base.Folder()) == root {
			base.Path = path.Clean(strings.TrimPrefix(strings.TrimPrefix(name, root), "/"))
			return base.String()
		}
	}
	return name
}

// remoteRoots are the folders in [RemoteFolder].
func (o Options) remoteRoots() map[string]EntryKind {
	roots := map[string]EntryKind{}
	for _, a := range o.Remotes {
		if base := (RemoteBase{URL: a.URL, Ref: a.Ref}); a.Refused == "" && base.Pinned() {
			roots[base.Folder()] = Folder
		}
	}
	return roots
}
