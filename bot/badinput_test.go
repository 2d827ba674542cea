package bot_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/kustodian/kustodian/bot/githubtest"
)

var (
	checkLine = regexp.MustCompile(`(?m)^check: (\w+)$`)
	want      = regexp.MustCompile(`# want ([a-z-]+)(?: "(.*)")?\s*$`)
	checkText = regexp.MustCompile(`(?m)^says: (.+)$`)
	wantFile  = regexp.MustCompile(`(?m)^file: (\S+ [a-z-]+)$`)
)

// TestReviews opens the pull request of each case: the files under pull/ on
// top of those under main/. A line that ends in
//
//	# want RULE "TEXT"
//
// gets a comment of that rule with that text, and no other line does; a line
// "file: PATH RULE" of the description is a comment on a file, and "says: TEXT"
// is said in the text of the check run. A name may be
// followed by a mode of git, by base64, or by deleted. What would be fetched
// from http://remote.example.com is never asked for.
func TestReviews(t *testing.T) {
	cases, err := filepath.Glob("../testdata/review/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatalf("%d cases: %v", len(cases), err)
	}
	for _, path := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			remote := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				t.Errorf("%s %s was asked for", r.Method, r.URL)
				http.NotFound(w, r)
			}))
			t.Cleanup(remote.Close)
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			archive := txtar.Parse([]byte(strings.ReplaceAll(string(src), "http://remote.example.com", remote.URL)))
			conclusion := checkLine.FindStringSubmatch(string(archive.Comment))
			if conclusion == nil {
				t.Fatal("the description does not say which check run is wanted")
			}
			s := newStage(t, mayFix, nil)
			s.push("shop/web:1.0.0")
			p := s.pull(s.repository("shop", tree(t, archive, "main/")), tree(t, archive, "pull/"))
			said, texts := wanted(archive)
			p.wantSaid(said...)
			p.wantTexts(texts)
			if conclusion[1] == "none" {
				conclusion[1] = ""
			}
			p.wantCheck(conclusion[1])
			for _, m := range checkText.FindAllStringSubmatch(string(archive.Comment), -1) {
				if run := p.check(); run == nil || !strings.Contains(run.Text, m[1]) {
					t.Errorf("the check run does not say %q: %+v", m[1], run)
				}
			}
		})
	}
}

// tree are the files of an archive below a folder, with the modes that their
// names say.
func tree(t *testing.T, archive *txtar.Archive, folder string) files {
	t.Helper()
	out := entries(archive, folder)
	for name, entry := range out {
		path, kind, odd := strings.Cut(name, " ")
		if !odd {
			continue
		}
		delete(out, name)
		switch kind {
		case "deleted":
			entry = nil
		case "base64":
			content, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(string(entry.Content), "\n", ""))
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			entry = &githubtest.Entry{Content: content}
		default:
			entry.Mode = kind
			if kind != "100755" {
				entry.Content = []byte(strings.TrimSpace(string(entry.Content)))
			}
		}
		out[path] = entry
	}
	return out
}

// wanted are the comments that an archive wants, as [play.said] tells them,
// and by the same name the text that one has to have.
func wanted(archive *txtar.Archive) (said []string, texts map[string]string) {
	texts = map[string]string{}
	for _, m := range wantFile.FindAllStringSubmatch(string(archive.Comment), -1) {
		said = append(said, m[1])
	}
	for _, file := range archive.Files {
		path, ok := strings.CutPrefix(file.Name, "pull/")
		if !ok {
			continue
		}
		for i, line := range strings.Split(string(file.Data), "\n") {
			if m := want.FindStringSubmatch(line); m != nil {
				at := path + ":" + strconv.Itoa(i+1) + " " + m[1]
				said = append(said, at)
				texts[at] = m[2]
			}
		}
	}
	return said, texts
}

// TestManyFiles changes 3,000 files, the most that GitHub lists.
func TestManyFiles(t *testing.T) {
	s := newStage(t, mayFix, nil)
	s.push("shop/web:1.0.0")
	archive := small(t)
	change := entries(archive, "pull/")
	for i := range 3000 - len(change) {
		change["notes/"+strconv.Itoa(i)+".yaml"] = text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: note}\n")
	}
	began := time.Now()
	p := s.pull(s.repository("shop", entries(archive, "main/")), change)
	t.Logf("reviewed in %v", time.Since(began))
	said, _ := wanted(archive)
	p.wantSaid(said...)
	p.wantCheck("neutral")
	p.wantOneFix()
}
