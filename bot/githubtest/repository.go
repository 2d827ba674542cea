package githubtest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Repository is a repository of the server: a bare git repository and what GitHub keeps beside it.
type Repository struct {
	ID            int64
	Owner, Name   string
	Private       bool
	DefaultBranch string
	// Parent is what this repository is a fork of; nil when it is none.
	Parent *Repository

	server        *Server
	folder        string
	pulls         []*PullRequest
	numbers       int
	checks        []*CheckRun
	labels        []string
	collaborators map[string]string
	diffs         map[string]*Diff
	signed        map[string]bool
	created       time.Time
	pushed        time.Time
}

// FullName is OWNER/NAME.
func (r *Repository) FullName() string { return r.Owner + "/" + r.Name }

// CloneURL is where git fetches it from.
func (r *Repository) CloneURL() string { return r.server.URL + "/" + r.FullName() + ".git" }

// isolation keeps the machine's git configuration out.
var isolation = []string{
	"GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_CONFIG_SYSTEM=" + os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0", "GIT_LITERAL_PATHSPECS=1", "LC_ALL=C",
}

// command is git in the repository's folder.
func (r *Repository) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(r.server.life, "git", append([]string{"-c", "core.quotePath=false"}, args...)...)
	cmd.Dir = r.folder
	cmd.Env = append(isolation, "PATH="+os.Getenv("PATH"), "HOME="+r.server.folder, "GIT_DIR="+r.folder)
	return cmd
}

// git runs a git command and gives what it printed, without the last newline.
func (r *Repository) git(input io.Reader, args ...string) (string, error) {
	cmd := r.command(args...)
	cmd.Stdin = input
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, bytes.TrimSpace(exit.Stderr))
		}
		return "", fmt.Errorf("git %s in %s: %w", args[0], r.FullName(), err)
	}
	return strings.TrimSuffix(string(out), "\n"), nil
}

func (r *Repository) init() error {
	if err := os.MkdirAll(r.folder, 0o700); err != nil {
		return fmt.Errorf("making the folder of %s: %w", r.FullName(), err)
	}
	if _, err := r.git(nil, "init", "-q", "--bare", "--initial-branch="+r.DefaultBranch, r.folder); err != nil {
		return err
	}
	for _, setting := range []string{"uploadpack.allowAnySHA1InWant", "uploadpack.allowFilter", "http.receivepack"} {
		if _, err := r.git(nil, "config", setting, "true"); err != nil {
			return err
		}
	}
	_, err := r.git(nil, "config", "gc.auto", "0")
	return err
}

// resolve gives the commit of a branch, tag or hash; "" when there is none.
func (r *Repository) resolve(name string) string {
	for _, candidate := range []string{"refs/heads/" + name, "refs/tags/" + name, name} {
		if sha, err := r.git(nil, "rev-parse", "--verify", "--quiet", "--end-of-options", candidate+"^{commit}"); err == nil {
			return sha
		}
	}
	return ""
}

// ref gives what a full reference points to; "" when there is none.
func (r *Repository) ref(name string) string {
	sha, err := r.git(nil, "rev-parse", "--verify", "--quiet", "--end-of-options", name)
	if err != nil {
		return ""
	}
	return sha
}

// Head is the commit of a branch; "" when there is no such branch.
func (r *Repository) Head(branch string) string { return r.ref("refs/heads/" + branch) }

// File is a file's content at a branch, tag or commit. It fails when there is none.
func (r *Repository) File(commit, path string) (string, error) {
	cmd := r.command("cat-file", "blob", commit+":"+path)
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("reading %s of %s at %s: %w", path, r.FullName(), commit, err)
	}
	return string(out), nil
}

// Paths lists the files of a commit, sorted.
func (r *Repository) Paths(commit string) ([]string, error) {
	out, err := r.git(nil, "ls-tree", "-r", "-z", "--name-only", "--end-of-options", commit)
	if err != nil {
		return nil, err
	}
	return strings.FieldsFunc(out, func(c rune) bool { return c == 0 }), nil
}

// Entry is a file as [Repository.Write] puts it into a commit.
type Entry struct {
	// Mode is git's: 100644, 100755, 120000 for a link with its target as content, 160000 for a submodule with its
	// commit as content; empty is 100644.
	Mode    string
	Content []byte
}

// Commit puts files on a branch, on top of what it has; a nil file deletes. A branch that is not there yet starts at the
// default branch. It sends the events of a push and gives the commit's hash.
func (r *Repository) Commit(branch, message string, files map[string]*string) (string, error) {
	entries := make(map[string]*Entry, len(files))
	for path, text := range files {
		entries[path] = nil
		if text != nil {
			entries[path] = &Entry{Content: []byte(*text)}
		}
	}
	return r.Write(branch, message, entries)
}

// Write is [Repository.Commit] with modes; a nil entry deletes.
func (r *Repository) Write(branch, message string, entries map[string]*Entry) (string, error) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	return r.write(branch, message, entries, false)
}

// CommitFolder makes a branch's tree that of a folder: its files, executable bits and links, without .git.
func (r *Repository) CommitFolder(branch, message, folder string) (string, error) {
	entries := map[string]*Entry{}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ".git":
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		entries[filepath.ToSlash(name)], err = readEntry(path, d)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("reading the folder %s: %w", folder, err)
	}
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	return r.write(branch, message, entries, true)
}

func readEntry(path string, d fs.DirEntry) (*Entry, error) {
	if d.Type()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(path)
		return &Entry{Mode: "120000", Content: []byte(target)}, err
	}
	info, err := d.Info()
	if err != nil {
		return nil, err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	entry := &Entry{Content: content}
	if info.Mode()&0o100 != 0 {
		entry.Mode = "100755"
	}
	return entry, nil
}

func (r *Repository) write(branch, message string, entries map[string]*Entry, whole bool) (string, error) {
	before := r.Head(branch)
	parent := before
	if parent == "" {
		parent = r.Head(r.DefaultBranch)
	}
	after, err := r.importCommit(parent, "Mona Lisa <mona@example.com>", message, entries, whole)
	if err != nil {
		return "", fmt.Errorf("committing to %s of %s: %w", branch, r.FullName(), err)
	}
	return after, r.move("refs/heads/"+branch, before, after, r.server.user("mona", "User"))
}

// scratch is where a commit is imported before a reference that counts moves to it.
const scratch = "refs/githubtest/import"

// importCommit writes a commit by one git fast-import, however many files it has.
func (r *Repository) importCommit(parent, author, message string, entries map[string]*Entry, whole bool) (string, error) {
	var in bytes.Buffer
	at := r.server.now().Unix()
	fmt.Fprintf(&in, "reset %s\n", scratch)
	if parent != "" {
		fmt.Fprintf(&in, "from %s\n\n", parent)
	}
	fmt.Fprintf(&in, "commit %s\nauthor %s %d +0000\ncommitter %s %d +0000\ndata %d\n%s\n", scratch, author, at, author, at, len(message), message)
	if whole {
		fmt.Fprintln(&in, "deleteall")
	}
	paths := make([]string, 0, len(entries))
	for path := range entries {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		entry := entries[path]
		switch {
		case entry == nil:
			fmt.Fprintf(&in, "D %s\n", quotePath(path))
		case entry.Mode == "160000":
			fmt.Fprintf(&in, "M 160000 %s %s\n", entry.Content, quotePath(path))
		default:
			fmt.Fprintf(&in, "M %s inline %s\ndata %d\n%s\n", cmp.Or(entry.Mode, "100644"), quotePath(path), len(entry.Content), entry.Content)
		}
	}
	fmt.Fprintln(&in, "done")
	if _, err := r.git(&in, "fast-import", "--quiet", "--force", "--done"); err != nil {
		return "", err
	}
	return r.git(nil, "rev-parse", scratch)
}

// quotePath writes a path as fast-import reads it.
func quotePath(path string) string {
	if strings.HasPrefix(path, `"`) || strings.Contains(path, "\n") {
		return strconv.Quote(path)
	}
	return path
}

// Import fetches branches of a git repository on this machine. Each refspec is git's, as in
// "+refs/heads/main:refs/heads/main". It sends no event.
func (r *Repository) Import(folder string, refspecs ...string) error {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	absolute, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	_, err = r.git(nil, append([]string{"fetch", "-q", "--no-tags", "--update-head-ok", "file://" + absolute}, refspecs...)...)
	return err
}

// Push moves a branch to a commit that is there, forced or not, as a person's push does; an empty commit deletes it.
func (r *Repository) Push(branch, sha string) error {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	return r.move("refs/heads/"+branch, r.Head(branch), sha, r.server.user("mona", "User"))
}

// move sets a reference and lets everything that hangs on it follow. An empty after deletes.
func (r *Repository) move(ref, before, after string, who *User) error {
	var err error
	if after == "" {
		_, err = r.git(nil, "update-ref", "-d", ref)
	} else {
		_, err = r.git(nil, "update-ref", ref, after)
	}
	if err != nil || before == after {
		return err
	}
	r.pushed = r.server.now()
	r.sendPush(ref, before, after, who)
	if branch, ok := strings.CutPrefix(ref, "refs/heads/"); ok {
		return r.server.follow(r, branch, after, who)
	}
	return nil
}

// Fork makes a fork of the repository at another account, with all its branches.
func (r *Repository) Fork(owner string) (*Repository, error) {
	fork, err := r.server.AddRepository(owner, r.Name, r.Private)
	if err != nil {
		return nil, err
	}
	if err := fork.Import(r.folder, "+refs/heads/*:refs/heads/*"); err != nil {
		return nil, err
	}
	fork.server.mu.Lock()
	defer fork.server.mu.Unlock()
	fork.Parent, fork.DefaultBranch = r, r.DefaultBranch
	return fork, nil
}

// SetPermission says what a person may do in the repository: none, read, triage, write, maintain or admin.
func (r *Repository) SetPermission(login, permission string) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	r.server.user(login, "User")
	r.collaborators[strings.ToLower(login)] = permission
}

// Commit is a commit as git has it.
type Commit struct {
	SHA, Tree     string
	Parents       []string
	Author, Email string
	Date          time.Time
	Message       string
	// Verified tells that GitHub itself signed it, as it does for what an App commits through its interfaces.
	Verified bool
}

// Commits lists the commits of a git revision range such as "main..feature", oldest first.
func (r *Repository) Commits(revisions string) ([]Commit, error) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	return r.log("--reverse", "--end-of-options", revisions)
}

func (r *Repository) log(args ...string) ([]Commit, error) {
	out, err := r.git(nil, append([]string{"log", "-z", "--format=%H%x01%T%x01%P%x01%an%x01%ae%x01%at%x01%B"}, args...)...)
	if err != nil || out == "" {
		return nil, err
	}
	var commits []Commit
	for record := range strings.SplitSeq(strings.TrimSuffix(out, "\x00"), "\x00") {
		f := strings.SplitN(record, "\x01", 7)
		if len(f) != 7 {
			return nil, fmt.Errorf("reading the log of %s: %q", r.FullName(), record)
		}
		at, err := strconv.ParseInt(f[5], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("reading the log of %s: %w", r.FullName(), err)
		}
		commits = append(commits, Commit{
			SHA: f[0], Tree: f[1], Parents: strings.Fields(f[2]), Author: f[3], Email: f[4], Date: time.Unix(at, 0).UTC(),
			Message: strings.TrimRight(f[6], "\n"), Verified: r.signed[f[0]],
		})
	}
	return commits, nil
}

func (r *Repository) commit(sha string) (Commit, error) {
	commits, err := r.log("-1", "--end-of-options", sha)
	if err != nil || len(commits) == 0 {
		return Commit{}, errors.Join(err, fmt.Errorf("no commit %s in %s", sha, r.FullName()))
	}
	return commits[0], nil
}
