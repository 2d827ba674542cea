package github

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// lookGraphQL finds out what a GraphQL request does. Only one operation with
// plain fields is read; what hides behind a fragment or a second one is refused.
func (g *guard) lookGraphQL(body []byte) (operation, error) {
	op := operation{name: "graphql", write: true}
	var sent struct {
		Query     string
		Variables map[string]any
	}
	if err := json.Unmarshal(body, &sent); err != nil {
		return op, fmt.Errorf("reading the request: %w", err)
	}
	document, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: sent.Query}, 10_000)
	if err != nil {
		return op, fmt.Errorf("reading the document: %w", err)
	}
	if len(document.Operations) != 1 {
		return op, fmt.Errorf("%d operations: %w", len(document.Operations), ErrRefused)
	}
	if document.Operations[0].Operation == ast.Query {
		return operation{name: "query"}, nil
	}
	op.mutation = true
	if len(document.Operations[0].SelectionSet) != 1 {
		return op, fmt.Errorf("several mutations at once: %w", ErrRefused)
	}
	field, ok := document.Operations[0].SelectionSet[0].(*ast.Field)
	if !ok {
		return op, fmt.Errorf("a mutation in a fragment: %w", ErrRefused)
	}
	op.name = field.Name
	switch field.Name {
	case "resolveReviewThread", "unresolveReviewThread":
		return op, nil
	case "createCommitOnBranch":
		op.creates = true
		return g.lookCommit(op, field, sent.Variables)
	}
	return op, ErrRefused
}

// lookCommit checks the branch and the files of a commit.
func (g *guard) lookCommit(op operation, field *ast.Field, variables map[string]any) (operation, error) {
	argument := field.Arguments.ForName("input")
	if argument == nil {
		return op, fmt.Errorf("a commit without input: %w", ErrRefused)
	}
	value, err := argument.Value.Value(variables)
	if err != nil {
		return op, fmt.Errorf("reading the commit: %w", err)
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return op, fmt.Errorf("reading the commit: %w", err)
	}
	var input commitInput
	if err := json.Unmarshal(raw, &input); err != nil {
		return op, fmt.Errorf("reading the commit: %w", err)
	}
	op.ref = "refs/heads/" + strings.TrimPrefix(input.Branch.BranchName, "refs/heads/")
	op.old = input.ExpectedHeadOid
	if !strings.EqualFold(input.Branch.RepositoryNameWithOwner, g.grant.String()) {
		return op, fmt.Errorf("repository %q: %w", input.Branch.RepositoryNameWithOwner, ErrRefused)
	}
	if err := checkRef(op.ref); err != nil {
		return op, err
	}
	for _, file := range slices.Concat(input.FileChanges.Additions, input.FileChanges.Deletions) {
		if err := checkPath(file.Path); err != nil {
			return op, err
		}
	}
	return op, nil
}

// done reads the answer to a mutation for the audit: the commit that it made,
// or why it was not done. The answer stays whole: the caller reads it again.
func done(answer *http.Response) (commit string, err error) {
	raw, _, err := peek(answer, 1<<20)
	if err != nil {
		return "", err
	}
	var body struct {
		Data struct {
			CreateCommitOnBranch struct{ Commit struct{ OID string } }
		}
		Errors []struct{ Message string }
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		return "", fmt.Errorf("reading the answer: %w", err)
	}
	if len(body.Errors) > 0 {
		return "", errors.New(body.Errors[0].Message)
	}
	return body.Data.CreateCommitOnBranch.Commit.OID, nil
}

// checkPath refuses the files that say what a repository's automation does and
// who must approve a change.
func checkPath(file string) error {
	lower := strings.ToLower(file)
	first, _, _ := strings.Cut(lower, "/")
	switch {
	case file == "" || path.Clean("/"+file) != "/"+file, first == ".github", first == ".git",
		lower == "codeowners", lower == "docs/codeowners":
		return fmt.Errorf("file %q: %w", file, ErrRefused)
	}
	return nil
}
