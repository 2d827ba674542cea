package githubtest

import (
	"net/http"
	"strings"
	"testing"
)

func TestPagesShowWhatWasSaid(t *testing.T) {
	s, r, id := start(t)
	change(t, r)
	client := ask(t, s, id)
	client.must(http.StatusOK, "POST", "/repos/acme/shop/pulls/1/reviews", map[string]any{
		"event": "COMMENT", "body": "of the review", "comments": []any{map[string]any{"path": "a.txt", "line": 10, "side": "RIGHT", "body": "at the line"}},
	})
	client.must(http.StatusCreated, "POST", "/repos/acme/shop/issues/1/comments", map[string]any{"body": "on the whole"})
	client.must(http.StatusCreated, "POST", "/repos/acme/shop/check-runs", map[string]any{
		"name": "a check", "head_sha": r.Head("feature"), "conclusion": "neutral", "output": map[string]any{"title": "its title", "summary": "its summary"},
	})
	for _, c := range []struct {
		path   string
		status int
		says   []string
	}{
		{"/", 200, []string{"acme/shop"}},
		{"/acme/shop", 200, []string{"Change a"}},
		{"/acme/shop/pull/1", 200, []string{"Change a", "of the review", "at the line", "on the whole", "a check", "its title", "its summary"}},
		{"/acme/shop/blob/" + r.Head("feature") + "/a.txt", 200, []string{"ten"}},
		{"/acme/shop/blob/--output=x/a.txt", 404, nil},
		{"/acme/shop/pull/2", 404, nil},
		{"/acme/none", 404, nil},
	} {
		page := string(client.must(c.status, "GET", c.path, nil))
		for _, text := range c.says {
			if !strings.Contains(page, text) {
				t.Errorf("%s does not say %q", c.path, text)
			}
		}
	}
}
