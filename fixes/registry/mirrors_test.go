package registry

import (
	"net/http"
	"regexp"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

func TestMirrors(t *testing.T) {
	origin, mirror, cache := serve(t, nil), serve(t, nil), serve(t, nil)
	digest := copied(t, origin+"/shop/web:1", mirror+"/hub/shop/web:1", cache+"/shop/web:1")
	copied(t, origin+"/shop/moved:1")
	stale := copied(t, mirror+"/hub/shop/moved:1", cache+"/shop/moved:1")
	alone := copied(t, mirror+"/hub/shop/alone:1", cache+"/shop/alone:1")
	copied(t, mirror+"/hub/shop/unknown:1")

	hub := Mirror{Name: "hub", Of: origin, At: mirror + "/hub"}
	trusted := hub
	trusted.Trusted = true
	both := []Mirror{hub, {Name: "cache", Of: origin, At: cache, Trusted: true}}
	tests := []struct {
		name          string
		mirrors       []Mirror
		image, picked string
		want, fails   string
	}{
		{"nobody picks it", []Mirror{hub}, origin + "/shop/web:1", "", digest, ""},
		{"it says what the origin says", []Mirror{hub}, origin + "/shop/web:1", "hub", digest, ""},
		{"it says something else", []Mirror{hub}, origin + "/shop/moved:1", "hub", "", `the mirror .*/hub says that .*moved:1 is sha256:\w+, and its origin \S+ says sha256:\w+$`},
		{"it is trusted", []Mirror{trusted}, origin + "/shop/moved:1", "hub", stale, ""},
		{"the origin does not know", []Mirror{hub}, origin + "/shop/alone:1", "hub", "", `nobody whom the operator trusts says the same: registry \S+ has no .*alone:1 \(404\)`},
		{"another that is trusted says the same", both, origin + "/shop/alone:1", "hub", alone, ""},
		{"it alone knows", both, origin + "/shop/unknown:1", "hub", "", `nobody whom the operator trusts`},
		{"the image names it", []Mirror{hub}, mirror + "/hub/shop/web:1", "", digest, ""},
		{"the image names it, and it says something else", []Mirror{hub}, mirror + "/hub/shop/moved:1", "", "", `its origin \S+ says`},
		{"the image names it, and it is trusted", []Mirror{trusted}, mirror + "/hub/shop/moved:1", "", stale, ""},
		{"one for everybody", []Mirror{{Of: origin, At: cache, Trusted: true}}, origin + "/shop/moved:1", "", stale, ""},
		{"one for everybody, and one that is picked", append(both, Mirror{Of: origin, At: cache, Trusted: true}), origin + "/shop/web:1", "hub", digest, ""},
		{"of a part that the image is not in", []Mirror{{Name: "hub", Of: origin + "/shops", At: cache}}, origin + "/shop/web:1", "hub", digest, ""},
		{"no such mirror", both, origin + "/shop/web:1", "club", "", `there is no mirror "club"; the operator and the organisation name hub, cache$`},
		{"no mirrors at all", nil, origin + "/shop/web:1", "hub", "", `the operator and the organisation name none$`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := &Client{Hosts: []string{origin}, Mirrors: test.mirrors, PlainHTTP: true}
			got, err := c.For(Asker{}).Resolve(t.Context(), test.image, test.picked)
			if test.fails != "" {
				if err == nil || !regexp.MustCompile(test.fails).MatchString(err.Error()) {
					t.Fatalf("got %q, error %v; want error %s", got.Digest, err, test.fails)
				}
				return
			}
			if err != nil || got.Digest != test.want {
				t.Errorf("got %q, error %v; want %q", got.Digest, err, test.want)
			}
		})
	}
}

// TestMirrorsOfOrganisation: an organisation's mirror is asked like the
// operator's, but its word alone is never enough, and it opens no host.
func TestMirrorsOfOrganisation(t *testing.T) {
	origin, cache := serve(t, nil), serve(t, nil)
	unlisted := serve(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			t.Errorf("%s was asked of a host that nobody listed", r.URL)
		})
	})
	digest := copied(t, origin+"/shop/web:1", origin+"/copy/web:1", cache+"/shop/web:1")
	copied(t, origin+"/shop/moved:1", cache+"/shop/moved:1")
	copied(t, origin+"/copy/moved:1")
	alone := copied(t, origin+"/copy/alone:1", cache+"/shop/alone:1")
	own := Mirror{Name: "own", Of: origin + "/shop", At: origin + "/copy", Trusted: true} // which it may not say
	trusted := Mirror{Name: "cache", Of: origin + "/shop", At: cache + "/shop", Trusted: true}
	for _, test := range []struct {
		name, image, picked string
		named               Mirror
		want, fails         string
	}{
		{"it says what the origin says", "/shop/web:1", "own", own, digest, ""},
		{"it says something else", "/shop/moved:1", "own", own, "", `says that .*/shop/moved:1 is sha256:\w+, and the mirror \S+/shop says sha256`},
		{"a mirror that the operator trusts says the same", "/shop/alone:1", "own", own, alone, ""},
		{"the image names it", "/copy/web:1", "", own, digest, ""},
		{"the name is the operator's", "/shop/web:1", "cache", Mirror{Name: "cache", Of: origin + "/shop", At: unlisted}, digest, ""},
		{"its host is not listed", "/shop/web:1", "own", Mirror{Name: "own", Of: origin, At: unlisted}, "", `registry \S+ is not among the registries that may be asked$`},
		{"without a name, for all", "/shop/web:1", "", Mirror{Of: origin + "/shop", At: origin + "/copy"}, digest, ""},
		{"it mirrors itself", "/shop/web:1", "own", Mirror{Name: "own", Of: origin, At: origin}, digest, ""},
	} {
		c := &Client{Hosts: []string{origin}, Mirrors: []Mirror{trusted}, PlainHTTP: true}
		got, err := c.For(Asker{Mirrors: []Mirror{test.named}}).Resolve(t.Context(), origin+test.image, test.picked)
		if test.fails == "" && (err != nil || got.Digest != test.want) || test.fails != "" && (err == nil || !regexp.MustCompile(test.fails).MatchString(err.Error())) {
			t.Errorf("%s: got %q, error %v; want %q, error %s", test.name, got.Digest, err, test.want, test.fails)
		}
	}
}

// copied pushes one image to several places.
func copied(t *testing.T, images ...string) (digest string) {
	t.Helper()
	made := build(t, func(*v1.ConfigFile) {})
	for _, image := range images {
		if err := remote.Write(reference(t, image), made); err != nil {
			t.Fatal(err)
		}
	}
	hash, err := made.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return hash.String()
}
