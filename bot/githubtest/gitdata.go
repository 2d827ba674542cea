package githubtest

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"net/http"
	"path"
	"slices"
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
	index := "GIT_INDEX_FILE=" + path.Join(r.server.folder, "index-"+randomHex(6))
	run := func(args ...string) (string, error) {
		cmd := r.command(args...)
		cmd.Env = append(cmd.Env, index)
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

// at is the commit that a query's ref names, else the default branch's.
func (c *call) at(ref string) (string, error) {
	sha := c.repo.resolve(cmp.Or(ref, c.repo.DefaultBranch))
	if sha == "" {
		return "", refuse(http.StatusNotFound, "No commit found for the ref "+ref)
	}
	return sha, nil
}

// getContent answers a file with its content, or a folder as a list.
func getContent(c *call) (int, any, error) {
	commit, err := c.at(c.query("ref"))
	if err != nil {
		return 0, nil, err
	}
	name := strings.Trim(c.params["path"], "/")
	line, err := c.repo.git(nil, "ls-tree", "-l", "-z", commit, "--", name)
	if err != nil || line == "" {
		return 0, nil, cmpErr(err, errNotFound)
	}
	meta, _, _ := strings.Cut(line, "\t")
	f := strings.Fields(meta)
	if f[1] == "tree" {
		return c.listContent(commit, name)
	}
	facts := c.contentFacts(f, name, commit)
	if f[1] == "commit" {
		facts["type"], facts["submodule_git_url"] = "submodule", c.URL
		return http.StatusOK, facts, nil
	}
	text, err := c.repo.File(commit, name)
	if err != nil {
		return 0, nil, err
	}
	if f[0] == "120000" {
		facts["type"], facts["target"] = "symlink", text
		return http.StatusOK, facts, nil
	}
	// Above 1 MB GitHub sends the file without its content.
	facts["encoding"], facts["content"] = "base64", encode64([]byte(text))
	if len(text) > 1<<20 {
		facts["encoding"], facts["content"] = "none", ""
	}
	return http.StatusOK, facts, nil
}

func (c *call) contentFacts(f []string, name, commit string) map[string]any {
	size, _ := strconv.Atoi(f[3]) // a folder has none
	url, html := c.repo.api("/contents/%s?ref=%s", name, commit), c.repo.page("/blob/%s/%s", commit, name)
	git := c.repo.api("/git/blobs/%s", f[2])
	return map[string]any{
		"type": map[string]string{"blob": "file", "tree": "dir", "commit": "submodule"}[f[1]], "name": path.Base(name), "path": name, "sha": f[2], "size": size,
		"url": url, "html_url": html, "git_url": git, "download_url": c.repo.page("/raw/%s/%s", commit, name),
		"_links": map[string]any{"self": url, "html": html, "git": git},
	}
}

// maxFolder is how many entries of a folder GitHub lists.
const maxFolder = 1000

func (c *call) listContent(commit, folder string) (int, any, error) {
	listed, err := c.repo.git(nil, "ls-tree", "-l", "-z", commit, "--", folder+"/")
	if err != nil {
		return 0, nil, err
	}
	list := unpaged{}
	for line := range strings.SplitSeq(strings.TrimSuffix(listed, "\x00"), "\x00") {
		meta, name, _ := strings.Cut(line, "\t")
		if f := strings.Fields(meta); len(f) == 4 && len(list) < maxFolder {
			list = append(list, c.contentFacts(f, name, commit))
		}
	}
	return http.StatusOK, list, nil
}

// compareCommits lists at most 250 commits and 300 files, the files on the first page only.
func compareCommits(c *call) (int, any, error) {
	baseName, headName, ok := strings.Cut(c.params["basehead"], "...")
	if !ok {
		return 0, nil, errNotFound
	}
	base, head := c.side(baseName), c.side(headName)
	if base == "" || head == "" {
		return 0, nil, errNotFound
	}
	d, err := c.repo.compare(base, head)
	if err != nil {
		return 0, nil, refuse(http.StatusNotFound, "No common ancestor between "+baseName+" and "+headName+".")
	}
	ahead, err := c.repo.log("--reverse", "--end-of-options", base+".."+head)
	if err != nil {
		return 0, nil, err
	}
	behind, err := c.repo.log("--end-of-options", head+".."+base)
	if err != nil {
		return 0, nil, err
	}
	baseCommit, err := c.repo.commit(base)
	if err != nil {
		return 0, nil, err
	}
	mergeBase, err := c.repo.commit(d.Base)
	if err != nil {
		return 0, nil, err
	}
	files := []any{}
	if positive(c.query("page"), 1) == 1 {
		for i := range min(len(d.Files), 300) {
			files = append(files, c.repo.fileFacts(d, &d.Files[i]))
		}
	}
	url := c.repo.api("/compare/%s", c.params["basehead"])
	return http.StatusOK, map[string]any{
		"url": url, "html_url": c.repo.page("/compare/%s", c.params["basehead"]), "permalink_url": url, "diff_url": url + ".diff", "patch_url": url + ".patch",
		"base_commit": c.repo.commitFacts(baseCommit), "merge_base_commit": c.repo.commitFacts(mergeBase), "files": files,
		"status": status(len(ahead), len(behind)), "ahead_by": len(ahead), "behind_by": len(behind), "total_commits": len(ahead),
		"commits": c.repo.commitsFacts(ahead[:min(len(ahead), 250)]),
	}, nil
}

// side resolves one side of a comparison, which may name a fork's owner.
func (c *call) side(name string) string {
	owner, branch, ok := strings.Cut(name, ":")
	if !ok {
		return c.repo.resolve(name)
	}
	fork := c.repository(owner, c.repo.Name)
	if fork == nil {
		return ""
	}
	sha := fork.resolve(branch)
	if sha == "" || c.repo.bring(fork, sha) != nil {
		return ""
	}
	return sha
}

func status(ahead, behind int) string {
	switch {
	case ahead > 0 && behind > 0:
		return "diverged"
	case ahead > 0:
		return "ahead"
	case behind > 0:
		return "behind"
	}
	return "identical"
}

func getCommit(c *call) (int, any, error) {
	sha := c.repo.resolve(c.params["ref"])
	if sha == "" {
		return 0, nil, refuse(http.StatusUnprocessableEntity, "No commit found for SHA: "+c.params["ref"])
	}
	commit, err := c.repo.commit(sha)
	if err != nil {
		return 0, nil, err
	}
	if strings.Contains(c.request.Header.Get("Accept"), ".sha") {
		return http.StatusOK, raw{"application/vnd.github.v3.sha; charset=utf-8", []byte(sha)}, nil
	}
	facts := c.repo.commitFacts(commit)
	if len(commit.Parents) > 0 {
		d, err := c.repo.diff(commit.Parents[0], sha)
		if err != nil {
			return 0, nil, err
		}
		files := []any{}
		for i := range min(len(d.Files), 300) {
			files = append(files, c.repo.fileFacts(d, &d.Files[i]))
		}
		facts["files"] = files
	}
	return http.StatusOK, facts, nil
}

func listCommits(c *call) (int, any, error) {
	sha, err := c.at(c.query("sha"))
	if err != nil {
		return 0, nil, err
	}
	args := []string{"--end-of-options", sha}
	if name := c.query("path"); name != "" {
		args = append(args, "--", name)
	}
	commits, err := c.repo.log(args...)
	return http.StatusOK, c.repo.commitsFacts(commits), err
}

func getBranch(c *call) (int, any, error) {
	name := c.params["branch"]
	sha := c.repo.Head(name)
	if sha == "" {
		return 0, nil, refuse(http.StatusNotFound, "Branch not found")
	}
	commit, err := c.repo.commit(sha)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, map[string]any{
		"name": name, "commit": c.repo.commitFacts(commit), "protected": false, "protection": map[string]any{}, "protection_url": c.repo.api("/branches/%s/protection", name),
		"_links": map[string]any{"html": c.repo.page("/tree/%s", name), "self": c.repo.api("/branches/%s", name)},
	}, nil
}

// Branches are the names of the branches, sorted.
func (r *Repository) Branches() ([]string, error) {
	out, err := r.git(nil, "for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads")
	return slices.Sorted(strings.FieldsSeq(out)), err
}

func listBranches(c *call) (int, any, error) {
	names, err := c.repo.Branches()
	list := []any{}
	for _, name := range names {
		sha := c.repo.Head(name)
		list = append(list, map[string]any{"name": name, "commit": map[string]any{"sha": sha, "url": c.repo.api("/commits/%s", sha)}, "protected": false})
	}
	return http.StatusOK, list, err
}
