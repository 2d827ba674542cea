package registry

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
)

// TestRecentIsForgotten: a tag is believed for a minute, a digest for an hour,
// and what one credential may see is never shown to another.
func TestRecentIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		digest, err := name.NewDigest("registry.example.com/app@sha256:" + strings.Repeat("a", 64))
		if err != nil {
			t.Fatal(err)
		}
		var tag, digested name.Reference = reference(t, "registry.example.com/app:1"), digest
		r, ann, bob := &recent{}, &Binding{Username: "ann"}, &Binding{Username: "bob"}
		r.keep(tag, ann, Image{Digest: "sha256:a"})
		r.keep(digested, nil, Image{Digest: "sha256:a"})
		for _, c := range []struct {
			after     time.Duration // since the last
			reference name.Reference
			as        *Binding
			want      bool
		}{
			{59 * time.Second, tag, ann, true},
			{0, tag, bob, false},
			{0, tag, nil, false},
			{2 * time.Second, tag, ann, false},
			{0, digested, nil, true},
			{0, digested, ann, false},
			{58 * time.Minute, digested, nil, true},
			{2 * time.Minute, digested, nil, false},
		} {
			time.Sleep(c.after) // of the bubble's clock
			if image, ok := r.get(c.reference, c.as); ok != c.want || ok && image.Digest != "sha256:a" {
				t.Errorf("%s as %v: got %+v, %t; want %t", c.reference, c.as, image, ok, c.want)
			}
		}
	})
}
