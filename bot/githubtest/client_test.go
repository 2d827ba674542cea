package githubtest

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

// asking is a client of one installation.
type asking struct {
	t     *testing.T
	s     *Server
	token string
}

func ask(t *testing.T, s *Server, installation int64) asking {
	t.Helper()
	block, _ := pem.Decode(s.App().Key)
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256"}`)) + "." +
		base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"iat":%d,"exp":%d,"iss":"%d"}`, now.Unix(), now.Add(time.Minute).Unix(), s.App().ID))
	digest := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	a := asking{t, s, text + "." + base64.RawURLEncoding.EncodeToString(signature)}
	var minted struct{ Token string }
	if status, body, err := a.do("POST", fmt.Sprintf("/app/installations/%d/access_tokens", installation), nil); err != nil || status != http.StatusCreated {
		t.Fatalf("making a token: %d %s %v", status, body, err)
	} else if err := json.Unmarshal(body, &minted); err != nil {
		t.Fatal(err)
	}
	a.token = minted.Token
	return a
}

func (a asking) do(method, path string, body any) (int, []byte, error) {
	a.t.Helper()
	data := []byte{}
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			a.t.Fatal(err)
		}
	}
	r, err := http.NewRequestWithContext(a.t.Context(), method, a.s.URL+path, bytes.NewReader(data))
	if err != nil {
		a.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+a.token)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	answer, err := client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, text, err
}

// must wants a status.
func (a asking) must(status int, method, path string, body any) []byte {
	a.t.Helper()
	got, text, err := a.do(method, path, body)
	if err != nil || got != status {
		a.t.Fatalf("%s %s: status %d, want %d: %v\n%.500s", method, path, got, status, err, text)
	}
	return text
}
