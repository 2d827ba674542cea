package conformance

import (
	"net/http"
	"testing"
	"time"
)

var accessSteps = []step{
	{"a permission that the token lacks is 403", lacksPermission},
	{"a token takes no more than was granted", overreachingToken},
	{"a token for one repository", narrowToken},
	{"a repository that is not there is 404", unknownRepository},
	{"a private repository out of reach is 404", otherRepository},
	{"a token that is none is 401", badToken},
	{"the app token is verified", appToken},
	{"a token ends after an hour", tokenEnds},
}

func lacksPermission(t *testing.T, k *kit) {
	narrow := k.as(k.mint(t, k.target, map[string]any{"permissions": map[string]string{"contents": "read"}}))
	k.want(t, http.StatusForbidden, narrow.post("/git/refs", map[string]any{"ref": "refs/heads/" + k.head + "-no", "sha": k.headSHA})).says(t, "Resource not accessible by integration")
	k.want(t, http.StatusForbidden, narrow.post("/check-runs", map[string]any{"name": "conformance", "head_sha": k.headSHA}))
	k.want(t, http.StatusOK, narrow.request(http.MethodGet, k.repo("/git/ref/heads/"+k.head), nil))
}

func overreachingToken(t *testing.T, k *kit) {
	k.want(t, http.StatusUnprocessableEntity, k.mintAnswer(k.target, map[string]any{"permissions": map[string]string{"administration": "write"}}))
	k.want(t, http.StatusUnprocessableEntity, k.mintAnswer(k.target, map[string]any{"repositories": []string{"conformance-no-such-repository"}}))
}

func narrowToken(t *testing.T, k *kit) {
	var repository struct {
		ID   int64
		Name string
	}
	k.get(t, "", &repository)
	narrow := k.as(k.mint(t, k.target, map[string]any{"repository_ids": []int64{repository.ID}}))
	var installed struct {
		Count int `json:"total_count"`
	}
	k.want(t, http.StatusOK, narrow.request(http.MethodGet, "/installation/repositories", nil)).into(t, &installed)
	if installed.Count != 1 {
		t.Errorf("a token for one repository reaches %d", installed.Count)
	}
}

func unknownRepository(t *testing.T, k *kit) {
	a := k.request(http.MethodGet, "/repos/"+k.repository+"-no-such", nil)
	k.want(t, http.StatusNotFound, a).says(t, "Not Found", `"status":"404"`)
}

func otherRepository(t *testing.T, k *kit) {
	if k.target.OtherRepository == "" {
		t.Skip("no private repository out of reach is named")
	}
	k.want(t, http.StatusNotFound, k.request(http.MethodGet, "/repos/"+k.target.OtherRepository, nil))
	k.want(t, http.StatusNotFound, k.request(http.MethodPost, "/repos/"+k.target.OtherRepository+"/check-runs", map[string]any{"name": "c", "head_sha": k.headSHA}))
}

func badToken(t *testing.T, k *kit) {
	k.want(t, http.StatusUnauthorized, k.as("ghs_wrong").request(http.MethodGet, k.repo(""), nil)).says(t, "Bad credentials")
}

func appToken(t *testing.T, k *kit) {
	ask := func(issued, expires time.Duration) answer {
		return k.as(k.appToken(k.target.App, issued, expires)).request(http.MethodGet, "/app", nil)
	}
	k.want(t, http.StatusOK, ask(-30*time.Second, 9*time.Minute))
	k.want(t, http.StatusUnauthorized, ask(0, time.Hour)).says(t, "'Expiration time' claim ('exp') is too far in the future")
	k.want(t, http.StatusUnauthorized, ask(-20*time.Minute, -10*time.Minute)).says(t, "'Expiration time' claim ('exp')")
	k.want(t, http.StatusUnauthorized, ask(5*time.Minute, 9*time.Minute))
	k.want(t, http.StatusUnauthorized, k.as("not.a.token").request(http.MethodGet, "/app", nil)).says(t, "A JSON web token could not be decoded")
	valid := k.appToken(k.target.App, -30*time.Second, 9*time.Minute)
	k.want(t, http.StatusUnauthorized, k.as(valid[:len(valid)-8]+"AAAAAAAA").request(http.MethodGet, "/app", nil))
}

func tokenEnds(t *testing.T, k *kit) {
	if k.target.Advance == nil {
		t.Skip("the clock of the other side cannot be moved")
	}
	old := k.as(k.mint(t, k.target, nil))
	k.target.Advance(time.Hour)
	defer k.target.Advance(-time.Hour)
	k.want(t, http.StatusUnauthorized, old.request(http.MethodGet, k.repo(""), nil)).says(t, "Bad credentials")
}
