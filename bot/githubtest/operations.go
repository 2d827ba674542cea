package githubtest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// operation is what the simulator does for one operation of the contract.
type operation struct {
	// needs is the permission: "app" the App's own token, "" none, else as in "contents:read" with alternatives after "|".
	needs  string
	answer func(*call) (int, any, error)
}

// pullOrIssue is what speaking on a pull request needs: either will do.
const pullOrIssue = "issues:write|pull_requests:write"

// operations are keyed by the contract's names. What is not here is answered with 500 and counts as a breach.
var operations = map[string]operation{
	"apps/get-authenticated":                           {"app", getApp},
	"apps/list-installations":                          {"app", listInstallations},
	"apps/get-installation":                            {"app", getInstallation},
	"apps/get-repo-installation":                       {"app", getRepositoryInstallation},
	"apps/create-installation-access-token":            {"app", createToken},
	"apps/suspend-installation":                        {"app", suspendInstallation},
	"apps/unsuspend-installation":                      {"app", unsuspendInstallation},
	"apps/get-webhook-config-for-app":                  {"app", getHookConfig},
	"apps/list-webhook-deliveries":                     {"app", listDeliveries},
	"apps/get-webhook-delivery":                        {"app", getDelivery},
	"apps/redeliver-webhook-delivery":                  {"app", redeliver},
	"apps/list-repos-accessible-to-installation":       {"metadata:read", listInstalled},
	"apps/revoke-installation-access-token":            {"metadata:read", revokeToken},
	"rate-limit/get":                                   {"", getRateLimit},
	"meta/get":                                         {"", getMeta},
	"repos/get":                                        {"metadata:read", getRepository},
	"repos/get-collaborator-permission-level":          {"metadata:read", getPermission},
	"pulls/list":                                       {"pull_requests:read", listPulls},
	"pulls/get":                                        {"pull_requests:read", getPull},
	"pulls/create":                                     {"pull_requests:write", createPull},
	"pulls/update":                                     {"pull_requests:write", updatePull},
	"pulls/list-files":                                 {"pull_requests:read", listPullFiles},
	"pulls/list-commits":                               {"pull_requests:read", listPullCommits},
	"pulls/list-requested-reviewers":                   {"pull_requests:read", listReviewers},
	"pulls/request-reviewers":                          {"pull_requests:write", requestReviewers},
	"repos/list-pull-requests-associated-with-commit":  {"pull_requests:read", listPullsOfCommit},
	"pulls/list-reviews":                               {"pull_requests:read", listReviews},
	"pulls/create-review":                              {"pull_requests:write", createReview},
	"pulls/submit-review":                              {"pull_requests:write", submitReview},
	"pulls/update-review":                              {"pull_requests:write", updateReview},
	"pulls/dismiss-review":                             {"pull_requests:write", dismissReview},
	"pulls/list-comments-for-review":                   {"pull_requests:read", listCommentsOfReview},
	"pulls/list-review-comments":                       {"pull_requests:read", listComments},
	"pulls/create-review-comment":                      {"pull_requests:write", createComment},
	"pulls/create-reply-for-review-comment":            {"pull_requests:write", createReply},
	"pulls/get-review-comment":                         {"pull_requests:read", getComment},
	"pulls/update-review-comment":                      {"pull_requests:write", updateComment},
	"pulls/delete-review-comment":                      {"pull_requests:write", deleteComment},
	"issues/get":                                       {"issues:read|pull_requests:read", getIssue},
	"issues/list-comments":                             {"issues:read|pull_requests:read", listIssueComments},
	"issues/create-comment":                            {pullOrIssue, createIssueComment},
	"issues/update-comment":                            {pullOrIssue, updateIssueComment},
	"issues/delete-comment":                            {pullOrIssue, deleteIssueComment},
	"reactions/create-for-issue-comment":               {pullOrIssue, reactToIssueComment},
	"reactions/create-for-pull-request-review-comment": {"pull_requests:write", reactToComment},
	"issues/list-labels-on-issue":                      {"issues:read|pull_requests:read", listLabelsOfIssue},
	"issues/add-labels":                                {pullOrIssue, addLabels},
	"issues/set-labels":                                {pullOrIssue, setLabels},
	"issues/remove-label":                              {pullOrIssue, removeLabel},
	"issues/list-labels-for-repo":                      {"issues:read|pull_requests:read", listLabels},
	"issues/create-label":                              {pullOrIssue, createLabel},
	"checks/create":                                    {"checks:write", createCheck},
	"checks/update":                                    {"checks:write", updateCheck},
	"checks/get":                                       {"checks:read", getCheck},
	"checks/list-annotations":                          {"checks:read", listAnnotations},
	"checks/list-for-ref":                              {"checks:read", listChecks},
	"git/create-blob":                                  {"contents:write", createBlob},
	"git/get-blob":                                     {"contents:read", getBlob},
	"git/create-tree":                                  {"contents:write", createTree},
	"git/get-tree":                                     {"contents:read", getTree},
	"git/create-commit":                                {"contents:write", createCommit},
	"git/get-commit":                                   {"contents:read", getGitCommit},
	"git/create-ref":                                   {"contents:write", createRef},
	"git/get-ref":                                      {"contents:read", getRef},
	"git/update-ref":                                   {"contents:write", updateRef},
	"git/delete-ref":                                   {"contents:write", deleteRef},
	"git/list-matching-refs":                           {"contents:read", matchingRefs},
	"repos/get-content":                                {"contents:read", getContent},
	"repos/compare-commits-with-basehead":              {"contents:read", compareCommits},
	"repos/get-commit":                                 {"contents:read", getCommit},
	"repos/list-commits":                               {"contents:read", listCommits},
	"repos/get-branch":                                 {"contents:read", getBranch},
	"repos/list-branches":                              {"contents:read", listBranches},
}

func getApp(c *call) (int, any, error) { return http.StatusOK, c.appFacts(), nil }

func listInstallations(c *call) (int, any, error) {
	list := []any{}
	for _, i := range c.installations {
		list = append(list, c.installationFacts(i))
	}
	return http.StatusOK, list, nil
}

func getInstallation(c *call) (int, any, error) {
	i := c.installation(c.number("installation_id"))
	if i == nil {
		return 0, nil, errNotFound
	}
	return http.StatusOK, c.installationFacts(i), nil
}

func getRepositoryInstallation(c *call) (int, any, error) {
	i := c.installationOf(c.repo)
	if i == nil {
		return 0, nil, errNotFound
	}
	return http.StatusOK, c.installationFacts(i), nil
}

// createToken makes an installation token, which may ask for less than was granted and never for more.
func createToken(c *call) (int, any, error) {
	i := c.installation(c.number("installation_id"))
	if i == nil {
		return 0, nil, errNotFound
	}
	if !i.SuspendedAt.IsZero() {
		return 0, nil, refuse(http.StatusForbidden, "This installation has been suspended")
	}
	var ask struct {
		Repositories  []string          `json:"repositories"`
		RepositoryIDs []int64           `json:"repository_ids"`
		Permissions   map[string]string `json:"permissions"`
	}
	if err := c.read(&ask); err != nil {
		return 0, nil, err
	}
	t := &token{secret: "ghs_" + randomHex(18), installation: i, permissions: maps.Clone(i.Permissions), expires: c.now().Add(tokenLife)}
	if len(ask.Permissions) > 0 {
		t.permissions = maps.Clone(ask.Permissions)
		t.permissions["metadata"] = "read"
		for name, level := range ask.Permissions {
			if levels[i.Permissions[name]] < levels[level] {
				return 0, nil, refuse(http.StatusUnprocessableEntity, "The permissions requested are not granted to this installation.")
			}
		}
	}
	for _, r := range c.covered(i) {
		if slices.ContainsFunc(ask.Repositories, func(n string) bool { return strings.EqualFold(n, r.Name) }) || slices.Contains(ask.RepositoryIDs, r.ID) {
			t.repositories = append(t.repositories, r)
		}
	}
	if len(t.repositories) != len(ask.Repositories)+len(ask.RepositoryIDs) {
		return 0, nil, refuse(http.StatusUnprocessableEntity, "There is at least one repository that does not exist or is not accessible to the parent installation.")
	}
	c.tokens[t.secret] = t
	facts := map[string]any{"token": t.secret, "expires_at": timeFact(t.expires), "permissions": t.permissions, "repository_selection": "all"}
	if t.repositories != nil || len(i.Repositories) > 0 {
		facts["repository_selection"] = "selected"
	}
	if t.repositories != nil {
		facts["repositories"] = c.repositoriesFacts(t.repositories)
	}
	return http.StatusCreated, facts, nil
}

func (s *Server) repositoriesFacts(repositories []*Repository) []any {
	list := []any{}
	for _, r := range repositories {
		list = append(list, s.repositoryFacts(r))
	}
	return list
}

func suspendInstallation(c *call) (int, any, error)   { return setSuspended(c, true) }
func unsuspendInstallation(c *call) (int, any, error) { return setSuspended(c, false) }

func setSuspended(c *call, suspended bool) (int, any, error) {
	i := c.installation(c.number("installation_id"))
	if i == nil {
		return 0, nil, errNotFound
	}
	c.setSuspended(i, suspended)
	return http.StatusNoContent, nil, nil
}

func listInstalled(c *call) (int, any, error) {
	if c.token == nil {
		return 0, nil, refuse(http.StatusUnauthorized, "Requires authentication")
	}
	repositories := c.token.repositories
	if repositories == nil {
		repositories = c.covered(c.token.installation)
	}
	return http.StatusOK, wrapped{"repositories", c.repositoriesFacts(repositories), map[string]any{"repository_selection": "all"}}, nil
}

func revokeToken(c *call) (int, any, error) {
	delete(c.tokens, c.token.secret)
	return http.StatusNoContent, nil, nil
}

func getRateLimit(c *call) (int, any, error) {
	r := c.rate(c.token)
	core := map[string]any{"limit": c.options.RateLimit, "used": r.used, "remaining": c.options.RateLimit - r.used, "reset": r.reset.Unix()}
	return http.StatusOK, map[string]any{"rate": core, "resources": map[string]any{"core": core, "search": core, "graphql": core}}, nil
}

func getMeta(*call) (int, any, error) {
	return http.StatusOK, map[string]any{"verifiable_password_authentication": false}, nil
}

func getRepository(c *call) (int, any, error) {
	return http.StatusOK, c.repositoryFacts(c.repo), nil
}

// permission is what a login may do: what was said of it, else all to the owner, else what the public may.
func (r *Repository) permission(login string) string {
	switch p, ok := r.collaborators[strings.ToLower(login)]; {
	case ok:
		return p
	case strings.EqualFold(login, r.Owner):
		return "admin"
	case r.Private:
		return "none"
	}
	return "read"
}

// getPermission folds maintain into write and triage into read, as GitHub's older field does; role_name has the word itself.
func getPermission(c *call) (int, any, error) {
	login := c.params["username"]
	u := c.users[strings.ToLower(login)]
	if u == nil {
		return 0, nil, errNotFound
	}
	role := c.repo.permission(login)
	permission := role
	switch role {
	case "maintain":
		permission = "write"
	case "triage":
		permission = "read"
	}
	user := c.userFacts(u)
	user["role_name"] = role
	return http.StatusOK, map[string]any{"permission": permission, "role_name": role, "user": user}, nil
}

func getHookConfig(c *call) (int, any, error) {
	return http.StatusOK, map[string]any{"url": c.hooks.url, "content_type": c.hooks.contentType(), "insecure_ssl": "0", "secret": "********"}, nil
}

// listDeliveries pages by cursor, newest first.
func listDeliveries(c *call) (int, any, error) {
	size := min(positive(c.query("per_page"), 30), 100)
	from := positive(strings.TrimPrefix(c.query("cursor"), "v1_"), 0)
	newest := slices.DeleteFunc(slices.Clone(c.hooks.deliveries), func(d *Delivery) bool { return d.DeliveredAt.IsZero() })
	slices.Reverse(newest)
	list := []any{}
	for i := from; i < min(from+size, len(newest)); i++ {
		list = append(list, newest[i].facts(false))
	}
	if from+size < len(newest) {
		c.header.Set("Link", fmt.Sprintf(`<%s/app/hook/deliveries?per_page=%d&cursor=v1_%d>; rel="next"`, c.URL, size, from+size))
	}
	return http.StatusOK, unpaged(list), nil
}

// unpaged is a list that is a page already.
type unpaged []any

func getDelivery(c *call) (int, any, error) {
	d := c.hooks.find(c.number("delivery_id"))
	if d == nil {
		return 0, nil, errNotFound
	}
	return http.StatusOK, d.facts(true), nil
}

func redeliver(c *call) (int, any, error) {
	d := c.hooks.find(c.number("delivery_id"))
	if d == nil {
		return 0, nil, errNotFound
	}
	c.hooks.again(c.Server, d)
	return http.StatusAccepted, map[string]any{}, nil
}
