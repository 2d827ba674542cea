package githubtest

import (
	"cmp"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
)

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
		return 0, nil, cmp.Or(err, errNotFound)
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
