package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/kustodian/kustodian/bot/review/worker"
	"github.com/kustodian/kustodian/testdata/demo"
)

func TestMain(m *testing.M) {
	worker.Main()
	os.Exit(m.Run())
}

func TestExample(t *testing.T) {
	var said strings.Builder
	if err := run(t.Context(), []string{"--once"}, &said); err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	if !strings.Contains(said.String(), "```suggestion\n") {
		t.Errorf("no suggestion was made:\n%s", said.String())
	}
	printed := strings.Join(strings.Fields(said.String()), " ")
	for _, paragraph := range readmeCapture(t) {
		if !strings.Contains(printed, paragraph) {
			t.Errorf("the README shows what is not printed: %s", paragraph)
		}
	}
}

// readmeCapture is what the README shows of the demonstration, by paragraphs,
// without line breaks, what it leaves out, and what differs from run to run.
func readmeCapture(t *testing.T) []string {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "Reviewed in 1.0 s.\n")
	capture, _, found := strings.Cut(rest, "\nThe same with a repository of yours")
	if !found {
		t.Fatal("the README shows nothing of the demonstration")
	}
	capture = strings.ReplaceAll(capture, "\n      …\n", "\n\n")
	var paragraphs []string
	for paragraph := range strings.SplitSeq(capture, "\n\n") {
		if text := strings.Join(strings.Fields(paragraph), " "); text != "" && text != "…" {
			paragraphs = append(paragraphs, text)
		}
	}
	return paragraphs
}

// TestRepo reviews a folder, and two commits of a git repository.
func TestRepo(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, demo.Main)
	var said strings.Builder
	if err := run(t.Context(), []string{"--once", "--repo", folder}, &said); err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	if !strings.Contains(said.String(), "base/api.yaml:18") {
		t.Errorf("the folder's unpinned image is not told:\n%s", said.String())
	}

	command(t, folder, "init", "-q", "-b", "main")
	command(t, folder, "add", "-A")
	command(t, folder, "commit", "-q", "-m", "Start")
	command(t, folder, "checkout", "-q", "-b", "worker")
	write(t, folder, demo.Pull)
	command(t, folder, "add", "-A")
	command(t, folder, "commit", "-q", "-m", "Add the worker")
	said.Reset()
	if err := run(t.Context(), []string{"--once", "--repo", folder}, &said); err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	if !strings.Contains(said.String(), "base/worker.yaml:26") || strings.Contains(said.String(), "base/api.yaml:18") {
		t.Errorf("want what the branch brings and nothing else:\n%s", said.String())
	}
	if err := run(t.Context(), []string{"--once", "--repo", folder, "--base", "worker"}, &said); err == nil || !strings.Contains(err.Error(), "the same commit") {
		t.Errorf("two names of one commit: %v", err)
	}
}

func write(t *testing.T, folder string, archive []byte) {
	t.Helper()
	for _, file := range txtar.Parse(archive).Files {
		path := filepath.Join(folder, file.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, file.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func command(t *testing.T, folder string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", folder, "-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v\n%s", args[0], err, out)
	}
}
