package bot

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kustodian/kustodian/bot/mirror"
)

// readRemotes reads the logins for remote bases, and tells which places are none.
func (s *Settings) readRemotes() error {
	var faults []error
	s.RemoteBases, s.RemoteBasesInside = trimmed(s.RemoteBases), trimmed(s.RemoteBasesInside)
	for _, place := range s.RemoteBases {
		if !mirror.IsPlace(place) {
			faults = append(faults, &SettingError{"REMOTE_BASES", fmt.Sprintf("%q is no place; write a host, and the first names of a path: github.com/acme", place)})
		}
	}
	for _, host := range s.RemoteBasesInside {
		if !mirror.IsPlace(host) || strings.Contains(host, "/") {
			faults = append(faults, &SettingError{"REMOTE_BASES_INSIDE", fmt.Sprintf("%q is no host; write git.example.com or git.example.com:8443", host)})
		}
	}
	if s.RemoteBasesLogins == "" {
		return errors.Join(faults...)
	}
	text, err := os.ReadFile(s.RemoteBasesLogins)
	if err != nil {
		return errors.Join(append(faults, &SettingError{"REMOTE_BASES_LOGINS_FILE", err.Error()})...)
	}
	line := 0
	for row := range strings.Lines(string(text)) {
		line++
		words := strings.Fields(row)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		login, err := loginOf(words)
		if err != nil {
			faults = append(faults, &SettingError{"REMOTE_BASES_LOGINS_FILE", fmt.Sprintf("%s:%d: %v", s.RemoteBasesLogins, line, err)})
			continue
		}
		s.Logins = append(s.Logins, login)
	}
	return errors.Join(faults...)
}

// loginOf reads one line of logins. Its error never holds the password.
func loginOf(words []string) (mirror.Login, error) {
	if len(words) != 4 {
		return mirror.Login{}, errors.New("write four words: installation, place, user name, password")
	}
	if number, err := strconv.ParseInt(words[0], 10, 64); err != nil || number <= 0 {
		return mirror.Login{}, fmt.Errorf("%q is no installation; write its number, as the address of its settings on GitHub ends", words[0])
	}
	if !mirror.IsPlace(words[1]) {
		return mirror.Login{}, fmt.Errorf("%q is no place; write a host, and the first names of a path: github.com/acme", words[1])
	}
	return mirror.Login{Tenant: words[0], Place: words[1], Username: words[2], Password: words[3]}, nil
}

// remotes are the remote bases that the settings allow; nil for none.
func (s Settings) remotes() *mirror.Remotes {
	if len(s.RemoteBases) == 0 {
		return nil
	}
	return &mirror.Remotes{
		Dir: filepath.Join(s.DataDir, "remotes"), Allowed: s.RemoteBases, Inside: s.RemoteBasesInside, Logins: s.Logins,
	}
}
