package conformance

import (
	"net/http"
	"strings"
	"testing"
)

var answerSteps = []step{
	{"every answer says the limits", limitHeaders},
	{"asking for the limits is free", limitFree},
	{"a list links to its pages", pages},
	{"an answer that the client has is 304", conditional},
}

func limitHeaders(t *testing.T, k *kit) {
	for _, a := range []answer{k.get(t, "", nil), k.request(http.MethodGet, k.repo("/git/ref/heads/none"), nil)} {
		for _, name := range []string{
			"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Used", "X-RateLimit-Reset", "X-RateLimit-Resource",
			"X-GitHub-Request-Id", "X-GitHub-Media-Type",
		} {
			if a.header.Get(name) == "" {
				t.Errorf("an answer with status %d has no %s", a.status, name)
			}
		}
	}
}

func (k *kit) remaining(t *testing.T) string {
	t.Helper()
	return k.want(t, http.StatusOK, k.request(http.MethodGet, "/rate_limit", nil)).header.Get("X-RateLimit-Remaining")
}

func limitFree(t *testing.T, k *kit) {
	if first, second := k.remaining(t), k.remaining(t); first != second {
		t.Errorf("%s requests remained, then %s", first, second)
	}
}

func pages(t *testing.T, k *kit) {
	for range 3 {
		k.want(t, http.StatusCreated, k.comment(10, "RIGHT"))
	}
	link := k.get(t, k.pull("/comments?per_page=1"), nil).header.Get("Link")
	if !strings.Contains(link, `rel="next"`) || !strings.Contains(link, `rel="last"`) || strings.Contains(link, `rel="prev"`) {
		t.Errorf("the first page links to %s", link)
	}
	link = k.get(t, k.pull("/comments?per_page=1&page=2"), nil).header.Get("Link")
	if !strings.Contains(link, `rel="prev"`) || !strings.Contains(link, `rel="first"`) {
		t.Errorf("the second page links to %s", link)
	}
	if link := k.get(t, "/git/matching-refs/heads/"+k.head, nil).header.Get("Link"); strings.Contains(link, "next") {
		t.Errorf("a list of one page links to %s", link)
	}
}

// conditional asks again with the tag: the same token costs nothing, another one does not have the answer.
func conditional(t *testing.T, k *kit) {
	path := k.repo("/git/ref/heads/" + k.head)
	tag := k.want(t, http.StatusOK, k.request(http.MethodGet, path, nil)).header.Get("ETag")
	before := k.remaining(t)
	k.want(t, http.StatusNotModified, k.request(http.MethodGet, path, nil, "If-None-Match", tag))
	if after := k.remaining(t); after != before {
		t.Errorf("%s requests remained before a 304, %s after", before, after)
	}
	other := k.as(k.mint(t, k.target, nil))
	k.want(t, http.StatusOK, other.request(http.MethodGet, path, nil, "If-None-Match", tag))
}
