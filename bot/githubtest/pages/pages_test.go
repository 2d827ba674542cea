package pages_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/kustodian/kustodian/bot/githubtest/pages"
)

// example has a comment of each place, one of them hostile.
var example = pages.PullRequest{
	Repository: "shop/manifests", Number: 7, Title: "Add a worker", State: "open", Author: "mia", Base: "main", Head: "worker",
	Body:         "Adds it.\n\n<script>document.title = 'owned'</script><img src=x onerror=\"document.title = 'owned'\">",
	Conversation: []pages.Comment{{Author: "kustodian[bot]", Body: "Here to **help**"}},
	Files: []pages.File{{
		Path:  "base/web.yaml",
		Patch: "@@ -1,3 +1,4 @@\n kind: Deployment\n-replicas: 1\n+replicas: 2\n+image: web:latest\n status: <b>\n",
		Threads: []pages.Thread{
			{Line: 3, Side: "RIGHT", Comments: []pages.Comment{{Author: "kustodian[bot]", Body: "pin it\n```suggestion\nimage: web:1\n```"}}},
			{Line: 2, Side: "LEFT", Resolved: true, Comments: []pages.Comment{{Author: "mia", Body: "why?"}}},
			{Line: 0, Comments: []pages.Comment{{Author: "kustodian[bot]", Body: "of the file"}}},
			{Line: 90, Side: "RIGHT", Outdated: true, Comments: []pages.Comment{{Author: "mia", Body: "gone"}}},
		},
	}, {Path: "logo.png"}},
	Checks: []pages.Check{{Name: "Kustodian", Conclusion: "failure", Title: "1 finding", Summary: "| overlay | built |\n|---|---|\n| prod | yes |",
		Annotations: []pages.Annotation{{Path: "base/web.yaml", Line: 3, Level: "failure", Title: "image-floating", Message: "it moves"}}}},
}

// browser opens the page in a headless Chromium; the test skips where there is none.
func browser(t *testing.T, render func(http.ResponseWriter) error) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium on this machine: the pages are not looked at")
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", pages.Policy)
		if err := render(w); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-quic", true))
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1100, 900), chromedp.Navigate(server.URL)); err != nil {
		t.Fatalf("opening the page: %v", err)
	}
	return ctx
}

// TestPullRequest looks at a pull request as a reader does.
func TestPullRequest(t *testing.T) {
	ctx := browser(t, func(w http.ResponseWriter) error { return pages.WritePullRequest(w, example) })
	for _, c := range []struct{ what, script, want string }{
		{"nothing of a stranger's runs", `document.title`, "Add a worker"},
		{"a comment stands below its line", `document.querySelector('tr[data-line="3"]').nextElementSibling.innerText.includes("pin it") + ""`, "true"},
		{"a suggestion is shown as code", `document.querySelector('code.language-suggestion').innerText.trim()`, "image: web:1"},
		{"a resolved thread is folded", `document.querySelectorAll('details.thread[data-resolved]:not([open])').length + ""`, "1"},
		{"a thread of the file stands before its lines", `document.querySelector('.diff tr').innerText.trim().includes("of the file") + ""`, "true"},
		{"a thread off the diff is kept", `document.querySelectorAll('details.thread').length + ""`, "4"},
		{"text of the diff is text", `document.querySelectorAll('.code b').length + ""`, "0"},
		{"a check shows its table", `document.querySelector('.check td').innerText`, "prod"},
		{"a check shows its annotations", `document.querySelector('.annotations').textContent.includes("base/web.yaml:3") + ""`, "true"},
		{"nothing is wider than the page", `(document.documentElement.scrollWidth <= window.innerWidth) + ""`, "true"},
	} {
		got, err := chromedp.Run(ctx, chromedp.Evaluate[string](c.script))
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
		} else if got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, got, c.want)
		}
	}
	saveScreenshot(t, ctx)
}

// TestContrast holds the text readable, in light and in dark: WCAG asks for a
// contrast of 4.5.
func TestContrast(t *testing.T) {
	ctx := browser(t, func(w http.ResponseWriter) error { return pages.WritePullRequest(w, example) })
	const least = `(() => {
	  const light = c => { const [r, g, b] = c.match(/[\d.]+/g).map(v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4 }); return 0.2126 * r + 0.7152 * g + 0.0722 * b };
	  const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!c.endsWith(", 0)")) return c } return "rgb(255,255,255)" };
	  let least = 21;
	  for (const e of document.querySelectorAll("main *")) {
	    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || !e.checkVisibility()) continue;
	    const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort((x, y) => y - x);
	    least = Math.min(least, (a + 0.05) / (b + 0.05));
	  }
	  return least;
	})()`
	for _, scheme := range []string{"light", "dark"} {
		if err := chromedp.Do(ctx, prefer(scheme)); err != nil {
			t.Fatal(err)
		}
		got, err := chromedp.Run(ctx, chromedp.Evaluate[float64](least))
		if err != nil {
			t.Fatal(err)
		}
		if got < 4.5 || got == 21 {
			t.Errorf("%s: the least contrast is %.2f, want 4.5", scheme, got)
		}
	}
}

// prefer makes the browser ask for a colour scheme.
func prefer(scheme string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return chromedp.Void{}, err
	}
}

// saveScreenshot writes what the browser shows to $SCREENSHOT, where that is set.
func saveScreenshot(t *testing.T, ctx context.Context) {
	path := os.Getenv("SCREENSHOT")
	if path == "" {
		return
	}
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, png, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestEmpty renders pages that have nothing to show.
func TestEmpty(t *testing.T) {
	for name, render := range map[string]func(*strings.Builder) error{
		"index":      func(w *strings.Builder) error { return pages.WriteIndex(w, nil) },
		"repository": func(w *strings.Builder) error { return pages.WriteRepository(w, pages.Repository{Name: "a/b"}) },
		"pull":       func(w *strings.Builder) error { return pages.WritePullRequest(w, pages.PullRequest{Title: "empty"}) },
	} {
		var page strings.Builder
		if err := render(&page); err != nil || !strings.Contains(page.String(), "</html>") {
			t.Errorf("%s: %v, %d bytes", name, err, page.Len())
		}
	}
}
