package githubtest

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// object is a value of GraphQL with fields: of each its value, or a function of its arguments that gives the value.
type object map[string]any

type resolver func(args map[string]any) (any, error)

// graphError is an error of one field, in GitHub's shape.
type graphError struct {
	Kind    string `json:"type"`
	Path    []any  `json:"path"`
	Message string `json:"message"`
}

func (e *graphError) Error() string { return e.Message }

// query is one GraphQL request on its way to an answer.
type query struct {
	*Server
	token  *token
	errors []any
}

// serveGraphQL holds the document to the published schema before it runs it. What is wrong is said with status 200, as
// GitHub does, unless nobody is known to ask.
func (s *Server) serveGraphQL(w http.ResponseWriter, r *http.Request) {
	fault := s.takeFault("graphql", r.Method+" /graphql")
	if fault != nil && fault.before(s, w, r) {
		s.record(Request{Method: r.Method, Path: r.URL.Path, Route: "/graphql", Operation: "graphql", Status: fault.Status, Faulted: true}, nil)
		return
	}
	var ask struct {
		Query, OperationName string
		Variables            map[string]any
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<20))
	if err == nil {
		err = json.Unmarshal(body, &ask)
	}
	if err != nil {
		s.write(w, http.StatusBadRequest, map[string]any{"message": "Problems parsing JSON"})
		return
	}
	status, facts := s.graph(r, ask.Query, ask.OperationName, ask.Variables)
	if fault != nil && (fault.LoseAnswer || fault.HalfBody) {
		data, _ := json.Marshal(facts) // made of what JSON gave
		fault.after(w, status, data)
		return
	}
	s.write(w, status, facts)
}

func (s *Server) graph(r *http.Request, text, name string, variables map[string]any) (int, any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	entry := Request{Method: r.Method, Path: r.URL.Path, Route: "/graphql", Operation: "graphql", Status: http.StatusOK}
	t, err := s.authenticate(r)
	if err == nil && t == nil {
		err = refuse(http.StatusUnauthorized, "This endpoint requires you to be authenticated.")
	}
	var refused *refusal
	if errors.As(err, &refused) {
		entry.Status = refused.status
		s.record(entry, t)
		return refused.status, refused.facts(s.URL)
	}
	q := &query{Server: s, token: t}
	facts, names := q.run(text, name, variables)
	entry.Operation = strings.Join(names, ",")
	if len(names) == 0 {
		entry.Operation, entry.OffContract = "graphql", fmt.Sprint(facts)
	}
	s.record(entry, t)
	s.rate(t).used++
	return http.StatusOK, facts
}

// run gives the answer and the names of the fields that were asked for; none when the document does not fit the schema.
func (q *query) run(text, name string, variables map[string]any) (map[string]any, []string) {
	doc, problems := gqlparser.LoadQueryWithRules(q.contract.graph, text, rules.NewDefaultRules())
	if len(problems) > 0 {
		return map[string]any{"errors": problems}, nil
	}
	op := doc.Operations.ForName(name)
	if op == nil {
		return map[string]any{"errors": gqlerror.List{gqlerror.Errorf("No operation named %q", name)}}, nil
	}
	values, err := validator.VariableValues(q.contract.graph, op, variables)
	if err != nil {
		return map[string]any{"errors": gqlerror.List{gqlerror.Wrap(err)}}, nil
	}
	root := q.roots()
	if op.Operation == ast.Mutation {
		root = q.mutations()
	}
	data, _ := q.fields(root, op.SelectionSet, values, nil)
	var names []string
	for _, selection := range op.SelectionSet {
		if f, ok := selection.(*ast.Field); ok {
			names = append(names, f.Name)
		}
	}
	facts := map[string]any{"data": data}
	if len(q.errors) > 0 {
		facts["errors"] = q.errors
	}
	return facts, names
}

// fields answers the fields that were asked of an object. It tells whether a field that must not be null came out null,
// which makes the object itself null.
func (q *query) fields(from object, set ast.SelectionSet, variables map[string]any, path []any) (map[string]any, bool) {
	data := map[string]any{}
	for _, selection := range set {
		var inner ast.SelectionSet
		switch s := selection.(type) {
		case *ast.Field:
			value, ok := q.field(from, s, variables, append(path[:len(path):len(path)], s.Alias))
			if !ok {
				return nil, false
			}
			data[s.Alias] = value
			continue
		case *ast.InlineFragment:
			if q.isA(from, s.TypeCondition) {
				inner = s.SelectionSet
			}
		case *ast.FragmentSpread:
			if q.isA(from, s.Definition.TypeCondition) {
				inner = s.Definition.SelectionSet
			}
		}
		more, ok := q.fields(from, inner, variables, path)
		if !ok {
			return nil, false
		}
		maps.Copy(data, more)
	}
	return data, true
}

// isA tells whether an object is of a type or implements it.
func (q *query) isA(from object, kind string) bool {
	name, _ := from["__typename"].(string)
	if kind == "" || kind == name {
		return true
	}
	return slices.ContainsFunc(q.contract.graph.Implements[name], func(d *ast.Definition) bool { return d.Name == kind }) ||
		slices.ContainsFunc(q.contract.graph.PossibleTypes[kind], func(d *ast.Definition) bool { return d.Name == name })
}

func (q *query) field(from object, f *ast.Field, variables map[string]any, path []any) (any, bool) {
	value, known := from[f.Name]
	if !known && f.Name != "__typename" {
		q.breaches = append(q.breaches, fmt.Sprintf("graphql: the simulator does not answer %s.%s", f.ObjectDefinition.Name, f.Name))
		q.errors = append(q.errors, &graphError{"NOT_SIMULATED", path, "the simulator does not answer " + f.Name})
		return nil, !f.Definition.Type.NonNull
	}
	if resolve, ok := value.(resolver); ok {
		var err error
		if value, err = resolve(f.ArgumentMap(variables)); err != nil {
			var failed *graphError
			if !errors.As(err, &failed) {
				failed = &graphError{Kind: "INTERNAL", Message: err.Error()}
			}
			failed.Path = path
			q.errors = append(q.errors, failed)
			return nil, !f.Definition.Type.NonNull
		}
	}
	return q.value(value, f, f.Definition.Type, variables, path)
}

// value holds what a field gives to its type in the schema.
func (q *query) value(value any, f *ast.Field, kind *ast.Type, variables map[string]any, path []any) (any, bool) {
	if o, ok := value.(object); ok && o == nil {
		value = nil
	}
	switch v := value.(type) {
	case nil:
		if kind.NonNull {
			q.breaches = append(q.breaches, fmt.Sprintf("graphql: %s.%s is null", f.ObjectDefinition.Name, f.Name))
		}
		return nil, !kind.NonNull
	case object:
		data, ok := q.fields(v, f.SelectionSet, variables, path)
		if !ok {
			return nil, !kind.NonNull
		}
		return data, true
	case []object:
		list := []any{}
		for i, item := range v {
			data, ok := q.value(item, f, kind.Elem, variables, append(path[:len(path):len(path)], i))
			if !ok {
				return nil, !kind.NonNull
			}
			list = append(list, data)
		}
		return list, true
	}
	def := q.contract.graph.Types[kind.Name()]
	if def != nil && def.Kind == ast.Enum && def.EnumValues.ForName(fmt.Sprint(value)) == nil {
		q.breaches = append(q.breaches, fmt.Sprintf("graphql: %s.%s: %s has no value %v", f.ObjectDefinition.Name, f.Name, def.Name, value))
	}
	return value, true
}

// connection pages a list by first and after, as the schema's connections do.
func connection(items []object) resolver {
	return func(args map[string]any) (any, error) {
		from, to := 0, len(items)
		if after, ok := args["after"].(string); ok {
			if data, err := base64.StdEncoding.DecodeString(after); err == nil {
				from = min(positive(string(data), 0), len(items))
			}
		}
		if last, ok := number(args["last"]); ok {
			from = max(from, len(items)-last)
		} else if first, ok := number(args["first"]); ok {
			to = min(from+first, len(items))
		} else {
			return nil, &graphError{Kind: "MISSING_PAGINATION_BOUNDARIES", Message: "You must provide a `first` or `last` value to properly paginate the connection."}
		}
		page := items[from:to]
		edges := make([]object, len(page))
		for i, item := range page {
			edges[i] = object{"node": item, "cursor": encode64([]byte(strconv.Itoa(from + i + 1)))}
		}
		var end any
		if len(page) > 0 {
			end = encode64([]byte(strconv.Itoa(to)))
		}
		return object{
			"nodes": page, "edges": edges, "totalCount": len(items),
			"pageInfo": object{"hasNextPage": to < len(items), "hasPreviousPage": from > 0, "endCursor": end, "startCursor": nil},
		}, nil
	}
}

func number(value any) (int, bool) {
	switch n := value.(type) {
	case int64:
		return int(n), true
	case int:
		return n, true
	case float64:
		return int(n), true
	case json.Number:
		i, err := n.Int64()
		return int(i), err == nil
	}
	return 0, false
}

// roots are the fields of a query.
func (q *query) roots() object {
	return object{
		"__typename": "Query",
		"viewer":     q.actor(q.user(q.app.Slug+"[bot]", "Bot")),
		"rateLimit":  object{"limit": 5000, "cost": 1, "remaining": 4999, "used": 1, "resetAt": timeFact(q.rate(q.token).reset), "nodeCount": 0},
		"repository": resolver(func(args map[string]any) (any, error) {
			name := fmt.Sprintf("%v/%v", args["owner"], args["name"])
			r, err := q.visibleRepository(name)
			if err != nil {
				return nil, err
			}
			return q.repositoryObject(r), nil
		}),
		"node": resolver(func(args map[string]any) (any, error) {
			if p, t := q.threadByID(args["id"]); t != nil {
				return q.threadObject(p, t), nil
			}
			return nil, &graphError{Kind: "NOT_FOUND", Message: fmt.Sprintf("Could not resolve to a node with the global id of '%v'", args["id"])}
		}),
	}
}

func (q *query) visibleRepository(fullName string) (*Repository, error) {
	owner, name, _ := strings.Cut(fullName, "/")
	r := q.Server.repository(owner, name)
	if r == nil || r.Private && !q.token.covers(r) {
		return nil, &graphError{Kind: "NOT_FOUND", Message: fmt.Sprintf("Could not resolve to a Repository with the name '%s'.", fullName)}
	}
	return r, nil
}

// actor is who did something; of a bot the login comes without "[bot]" here, unlike in REST.
func (q *query) actor(u *User) object {
	return object{
		"__typename": u.Type, "login": strings.TrimSuffix(u.Login, "[bot]"), "id": nodeID("U", u.ID), "databaseId": u.ID,
		"url": q.URL + "/" + u.Login, "avatarUrl": q.URL, "resourcePath": "/" + u.Login,
	}
}

func (q *query) repositoryObject(r *Repository) object {
	var pulls []object
	for _, p := range r.pulls {
		pulls = append(pulls, q.pullObject(p))
	}
	return object{
		"__typename": "Repository", "id": nodeID("R", r.ID), "databaseId": r.ID, "name": r.Name, "nameWithOwner": r.FullName(), "isPrivate": r.Private, "url": r.page(""),
		"defaultBranchRef": q.refObject(r, r.DefaultBranch), "pullRequests": connection(pulls),
		"ref": resolver(func(args map[string]any) (any, error) {
			return q.refObject(r, strings.TrimPrefix(fmt.Sprint(args["qualifiedName"]), "refs/heads/")), nil
		}),
		"pullRequest": resolver(func(args map[string]any) (any, error) {
			n, _ := number(args["number"])
			p := r.pull(n)
			if p == nil {
				return nil, &graphError{Kind: "NOT_FOUND", Message: fmt.Sprintf("Could not resolve to a PullRequest with the number of %d.", n)}
			}
			if !q.token.may("pull_requests:read") {
				return nil, errGraphForbidden()
			}
			return q.pullObject(p), nil
		}),
	}
}

func errGraphForbidden() error {
	return &graphError{Kind: "FORBIDDEN", Message: "Resource not accessible by integration"}
}

func (q *query) refObject(r *Repository, branch string) object {
	sha := r.Head(branch)
	if sha == "" {
		return nil
	}
	return object{"__typename": "Ref", "id": nodeID("REF", r.ID) + ":" + branch, "name": branch, "prefix": "refs/heads/", "target": commitObject(r, sha)}
}

func commitObject(r *Repository, sha string) object {
	return object{"__typename": "Commit", "id": "C_" + sha, "oid": sha, "abbreviatedOid": sha[:7], "url": r.page("/commit/%s", sha)}
}

func (q *query) pullObject(p *PullRequest) object {
	var threads []object
	for _, t := range p.Threads {
		threads = append(threads, q.threadObject(p, t))
	}
	state := strings.ToUpper(p.State)
	if p.Merged {
		state = "MERGED"
	}
	return object{
		"__typename": "PullRequest", "id": nodeID("PR", p.ID), "databaseId": p.ID, "number": p.Number, "title": p.Title, "body": p.Body, "url": p.repo.page("/pull/%d", p.Number),
		"state": state, "isDraft": p.Draft, "headRefOid": p.Head.SHA, "baseRefOid": p.Base.SHA, "headRefName": p.Head.Ref, "baseRefName": p.Base.Ref,
		"author": q.actor(&p.Author), "reviewThreads": connection(threads),
	}
}

func (q *query) threadObject(p *PullRequest, t *Thread) object {
	var comments []object
	for _, k := range t.Comments {
		comments = append(comments, q.commentObject(p, t, k))
	}
	o := object{
		"__typename": "PullRequestReviewThread", "id": nodeID("PRRT", t.ID), "isResolved": t.Resolved, "isOutdated": t.Outdated, "isCollapsed": t.Resolved, "path": t.Path,
		"line": positiveOrNull(t.Line), "startLine": positiveOrNull(t.StartLine), "originalLine": positiveOrNull(t.OriginalLine), "originalStartLine": positiveOrNull(t.OriginalStartLine),
		"diffSide": cmp.Or(t.Side, "RIGHT"), "startDiffSide": nullable(t.StartSide), "subjectType": strings.ToUpper(t.SubjectType), "comments": connection(comments),
		"viewerCanResolve": !t.Resolved, "viewerCanUnresolve": t.Resolved, "viewerCanReply": true, "resolvedBy": nil,
		"pullRequest": object{"__typename": "PullRequest", "number": p.Number, "id": nodeID("PR", p.ID)},
	}
	if t.ResolvedBy != "" {
		o["resolvedBy"] = q.actor(q.user(t.ResolvedBy, "User"))
	}
	return o
}

func positiveOrNull(n int) any {
	if n > 0 {
		return n
	}
	return nil
}

func (q *query) commentObject(p *PullRequest, t *Thread, k *Comment) object {
	return object{
		"__typename": "PullRequestReviewComment", "id": nodeID("PRRC", k.ID), "databaseId": k.ID, "fullDatabaseId": strconv.FormatInt(k.ID, 10), "body": k.Body,
		"author": q.actor(&k.Author), "path": t.Path, "line": positiveOrNull(t.Line), "originalLine": positiveOrNull(t.OriginalLine), "startLine": positiveOrNull(t.StartLine),
		"outdated": t.Outdated, "isMinimized": k.Minimized != "", "minimizedReason": nullable(strings.ToLower(k.Minimized)), "diffHunk": t.DiffHunk,
		"url": p.repo.page("/pull/%d#discussion_r%d", p.Number, k.ID), "createdAt": timeFact(k.CreatedAt), "updatedAt": timeFact(k.UpdatedAt),
		"originalCommit": commitObject(p.repo, t.CommitID), "commit": commitObject(p.repo, p.Head.SHA),
	}
}
