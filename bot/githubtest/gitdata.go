package githubtest

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

func (r *Repository) commitTree(tree, message, author string, parents ...string) (string, error) {
	var in bytes.Buffer
	at := r.server.now().Unix()
	fmt.Fprintf(&in, "tree %s\n", tree)
	for _, parent := range parents {
		fmt.Fprintf(&in, "parent %s\n", parent)
	}
	fmt.Fprintf(&in, "author %s %d +0000\ncommitter %s %d +0000\n\n%s\n", author, at, author, at, message)
	return r.git(&in, "hash-object", "-t", "commit", "-w", "--stdin")
}

// botAuthor is who GitHub writes into the commits of an App.
func (s *Server) botAuthor() string {
	bot := s.user(s.app.Slug+"[bot]", "Bot")
	return fmt.Sprintf("%s <%d+%s@users.noreply.github.com>", bot.Login, bot.ID, bot.Login)
}

func createBlob(c *call) (int, any, error) {
	var ask struct{ Content, Encoding string }
	if err := c.read(&ask); err != nil {
		return 0, nil, err
	}
	data := []byte(ask.Content)
	if ask.Encoding == "base64" {
		var err error
		if data, err = base64.StdEncoding.DecodeString(strings.ReplaceAll(ask.Content, "\n", "")); err != nil {
			return 0, nil, refuse(http.StatusUnprocessableEntity, "content is not valid Base64")
		}
	}
	sha, err := c.repo.git(bytes.NewReader(data), "hash-object", "-w", "--stdin")
	return http.StatusCreated, map[string]any{"sha": sha, "url": c.repo.api("/git/blobs/%s", sha)}, err
}

// kind is what git says an object is; "" when there is none.
func (r *Repository) kind(object string) string {
	kind, err := r.git(nil, "cat-file", "-t", object)
	if err != nil {
		return ""
	}
	return kind
}

func getBlob(c *call) (int, any, error) {
	sha := c.params["file_sha"]
	if strings.HasPrefix(sha, "-") || c.repo.kind(sha) != "blob" {
		return 0, nil, errNotFound
	}
	data, err := c.repo.command("cat-file", "blob", sha).Output()
	return http.StatusOK, map[string]any{"sha": sha, "size": len(data), "content": encode64(data), "encoding": "base64", "url": c.repo.api("/git/blobs/%s", sha), "node_id": "B_" + sha}, err
}

// createTree writes a tree on top of another: an entry with content or a hash sets a path, a null hash deletes it.
func createTree(c *call) (int, any, error) {
	var ask struct {
		BaseTree string `json:"base_tree"`
		Tree     []struct {
			Path, Mode, Type string
			SHA, Content     *string
		}
	}
	if err := c.read(&ask); err != nil {
		return 0, nil, err
	}
	entries := map[string]string{}
	if ask.BaseTree != "" {
		if c.repo.kind(ask.BaseTree+"^{tree}") != "tree" {
			return 0, nil, refuse(http.StatusNotFound, "Not Found")
		}
		listed, err := c.repo.git(nil, "ls-tree", "-r", "-z", ask.BaseTree)
		if err != nil {
			return 0, nil, err
		}
		for line := range strings.SplitSeq(strings.TrimSuffix(listed, "\x00"), "\x00") {
			meta, name, _ := strings.Cut(line, "\t")
			if f := strings.Fields(meta); len(f) == 3 {
				entries[name] = f[0] + " " + f[2]
			}
		}
	}
	for _, e := range ask.Tree {
		switch {
		case e.Content != nil:
			sha, err := c.repo.git(strings.NewReader(*e.Content), "hash-object", "-w", "--stdin")
			if err != nil {
				return 0, nil, err
			}
			entries[e.Path] = cmp.Or(e.Mode, "100644") + " " + sha
		case e.SHA == nil:
			delete(entries, e.Path)
		case e.Mode != "160000" && c.repo.kind(*e.SHA) == "":
			return 0, nil, refuse(http.StatusUnprocessableEntity, "tree.sha "+*e.SHA+" is not a valid blob")
		default:
			entries[e.Path] = cmp.Or(e.Mode, "100644") + " " + *e.SHA
		}
	}
	sha, err := c.repo.writeTree(entries)
	if err != nil {
		return 0, nil, err
	}
	facts, err := c.repo.treeFacts(sha, false)
	return http.StatusCreated, facts, err
}

// writeTree writes a tree of "mode hash" by path, through an index of its own.
func (r *Repository) writeTree(entries map[string]string) (string, error) {
	var in bytes.Buffer
	for name, entry := range entries {
		mode, sha, _ := strings.Cut(entry, " ")
		fmt.Fprintf(&in, "%s %s 0\t%s\x00", mode, sha, name)
	}
	index := filepath.Join(r.server.folder, "index-"+randomHex(6))
	defer os.Remove(index) // it is not there when the first command failed
	run := func(args ...string) (string, error) {
		cmd := r.command(args...)
		cmd.Env = append(cmd.Env, "GIT_INDEX_FILE="+index)
		cmd.Stdin = &in
		out, err := cmd.Output()
		if err != nil {
			return "", fmt.Errorf("git %s in %s: %w", args[0], r.FullName(), err)
		}
		return strings.TrimSpace(string(out)), nil
	}
	if _, err := run("update-index", "--add", "-z", "--index-info"); err != nil {
		return "", err
	}
	return run("write-tree")
}

// maxTree is how many entries GitHub lists of a tree read with its folders.
const maxTree = 100_000

func (r *Repository) treeFacts(tree string, recursive bool) (map[string]any, error) {
	args := []string{"ls-tree", "-l", "-z"}
	if recursive {
		args = append(args, "-r", "-t")
	}
	listed, err := r.git(nil, append(args, tree)...)
	if err != nil {
		return nil, err
	}
	sha, err := r.git(nil, "rev-parse", tree+"^{tree}")
	if err != nil {
		return nil, err
	}
	list := []any{}
	truncated := false
	for line := range strings.SplitSeq(strings.TrimSuffix(listed, "\x00"), "\x00") {
		meta, name, _ := strings.Cut(line, "\t")
		f := strings.Fields(meta)
		if len(f) != 4 {
			continue
		}
		if truncated = len(list) == maxTree; truncated {
			break
		}
		entry := map[string]any{"path": name, "mode": f[0], "type": f[1], "sha": f[2]}
		if size, err := strconv.Atoi(f[3]); err == nil {
			entry["size"] = size
		}
		list = append(list, entry)
	}
	return map[string]any{"sha": sha, "url": r.api("/git/trees/%s", sha), "tree": list, "truncated": truncated}, nil
}

func getTree(c *call) (int, any, error) {
	tree := c.params["tree_sha"]
	if c.repo.kind(tree+"^{tree}") == "" {
		return 0, nil, errNotFound
	}
	facts, err := c.repo.treeFacts(tree, c.query("recursive") != "")
	return http.StatusOK, facts, err
}

// createCommit signs what an App commits, unless it gives an author or committer of its own.
func createCommit(c *call) (int, any, error) {
	type person struct{ Name, Email string }
	var ask struct {
		Message, Tree     string
		Parents           []string
		Author, Committer *person
	}
	if err := c.read(&ask); err != nil {
		return 0, nil, err
	}
	if c.repo.kind(ask.Tree) != "tree" {
		return 0, nil, refuse(http.StatusUnprocessableEntity, "Tree SHA does not exist")
	}
	for _, parent := range ask.Parents {
		if c.repo.kind(parent) != "commit" {
			return 0, nil, refuse(http.StatusUnprocessableEntity, "Parent SHA does not exist or is not a commit object")
		}
	}
	author := c.botAuthor()
	if ask.Author != nil {
		author = fmt.Sprintf("%s <%s>", ask.Author.Name, ask.Author.Email)
	}
	sha, err := c.repo.commitTree(ask.Tree, ask.Message, author, ask.Parents...)
	if err != nil {
		return 0, nil, err
	}
	c.repo.signed[sha] = ask.Author == nil && ask.Committer == nil
	return c.gitCommit(http.StatusCreated, sha)
}

func getGitCommit(c *call) (int, any, error) {
	if c.repo.kind(c.params["commit_sha"]) != "commit" {
		return 0, nil, errNotFound
	}
	return c.gitCommit(http.StatusOK, c.params["commit_sha"])
}

func (c *call) gitCommit(status int, sha string) (int, any, error) {
	commit, err := c.repo.commit(sha)
	if err != nil {
		return 0, nil, err
	}
	facts := c.repo.commitFacts(commit)
	inner := facts["commit"].(map[string]any)
	for _, name := range []string{"message", "author", "committer", "tree", "verification"} {
		facts[name] = inner[name]
	}
	facts["url"] = c.repo.api("/git/commits/%s", commit.SHA)
	delete(facts, "commit")
	delete(facts, "comments_url")
	return status, facts, nil
}

func (r *Repository) refFacts(name, sha string) map[string]any {
	kind := cmp.Or(r.kind(sha), "commit")
	return map[string]any{
		"ref": name, "node_id": "REF_" + name, "url": r.api("/git/%s", name),
		"object": map[string]any{"type": kind, "sha": sha, "url": r.api("/git/%ss/%s", kind, sha)},
	}
}

func getRef(c *call) (int, any, error) {
	name := "refs/" + c.params["ref"]
	sha := c.repo.ref(name)
	if sha == "" {
		return 0, nil, errNotFound
	}
	return http.StatusOK, c.repo.refFacts(name, sha), nil
}

func matchingRefs(c *call) (int, any, error) {
	names, err := c.repo.git(nil, "for-each-ref", "--format=%(refname) %(objectname)")
	if err != nil {
		return 0, nil, err
	}
	list := []any{}
	for line := range strings.SplitSeq(names, "\n") {
		name, sha, _ := strings.Cut(line, " ")
		if strings.HasPrefix(name, "refs/"+c.params["ref"]) && name != scratch {
			list = append(list, c.repo.refFacts(name, sha))
		}
	}
	return http.StatusOK, list, nil
}

// writable are the references that an App may write; refs/pull is GitHub's own.
func writable(name string) bool {
	return strings.HasPrefix(name, "refs/heads/") || strings.HasPrefix(name, "refs/tags/")
}

func createRef(c *call) (int, any, error) {
	var ask struct{ Ref, SHA string }
	if err := c.read(&ask); err != nil {
		return 0, nil, err
	}
	if _, err := c.repo.git(nil, "check-ref-format", ask.Ref); err != nil || !writable(ask.Ref) {
		return 0, nil, refuse(http.StatusUnprocessableEntity, "Reference name is not valid")
	}
	if c.repo.ref(ask.Ref) != "" {
		return 0, nil, refuse(http.StatusUnprocessableEntity, "Reference already exists")
	}
	if c.repo.kind(ask.SHA) != "commit" {
		return 0, nil, refuse(http.StatusUnprocessableEntity, "Object does not exist")
	}
	err := c.repo.move(ask.Ref, "", ask.SHA, c.actor())
	return http.StatusCreated, c.repo.refFacts(ask.Ref, ask.SHA), err
}

// updateRef moves a reference forward, or anywhere by force.
func updateRef(c *call) (int, any, error) {
	var ask struct {
		SHA   string
		Force bool
	}
	if err := c.read(&ask); err != nil {
		return 0, nil, err
	}
	name := "refs/" + c.params["ref"]
	before := c.repo.ref(name)
	switch {
	case before == "" || !writable(name):
		return 0, nil, refuse(http.StatusUnprocessableEntity, "Reference does not exist")
	case c.repo.kind(ask.SHA) != "commit":
		return 0, nil, refuse(http.StatusUnprocessableEntity, "Object does not exist")
	}
	if _, err := c.repo.git(nil, "merge-base", "--is-ancestor", before, ask.SHA); err != nil && !ask.Force {
		return 0, nil, refuse(http.StatusUnprocessableEntity, "Update is not a fast forward")
	}
	err := c.repo.move(name, before, ask.SHA, c.actor())
	return http.StatusOK, c.repo.refFacts(name, ask.SHA), err
}

func deleteRef(c *call) (int, any, error) {
	name := "refs/" + c.params["ref"]
	before := c.repo.ref(name)
	if before == "" || !writable(name) {
		return 0, nil, refuse(http.StatusUnprocessableEntity, "Reference does not exist")
	}
	return http.StatusNoContent, nil, c.repo.move(name, before, "", c.actor())
}
