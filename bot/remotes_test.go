package bot

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kustodian/kustodian/bot/mirror"
)

func TestRemoteLogins(t *testing.T) {
	file := filepath.Join(t.TempDir(), "logins")
	for text, want := range map[string]string{
		"# installation, place, user, password\n\n4242 github.com/acme robot hunter2\n7 git.example.com:8443/a/b x y\n": "",
		"4242 github.com/acme hunter2\n":               "logins:1: write four words",
		"\nacme github.com/acme robot hunter2\n":       `logins:2: "acme" is no installation`,
		"4242 https://github.com/acme robot hunter2\n": `"https://github.com/acme" is no place`,
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := LoadSettings(context.Background(), enough("REMOTE_BASES_LOGINS_FILE="+file, "REMOTE_BASES=github.com/acme"))
		if want == "" {
			logins := []mirror.Login{
				{Tenant: "4242", Place: "github.com/acme", Username: "robot", Password: "hunter2"},
				{Tenant: "7", Place: "git.example.com:8443/a/b", Username: "x", Password: "y"},
			}
			if diff := cmp.Diff(logins, s.Logins); diff != "" || err != nil {
				t.Errorf("read %v (-want +got):\n%s", err, diff)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v; want %q", text, err, want)
		}
	}
}
