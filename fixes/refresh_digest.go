package fixes

import (
	"context"
	"strings"
)

// refreshDigest writes the digest that the tag names now in place of the one
// that it left.
var refreshDigest = Recipe{
	Rules: []string{"image-digest-stale"},
	Title: "Refresh digests that their tags have left",
	Plan: func(ctx context.Context, p *Plan) (*Fix, error) {
		return p.pin(ctx, pinning{
			part: "digest", says: (*tagPlace).saysDigest, byRenovate: renovateRaises,
			// No build alone shows it: where the place says the digest, the tag has left it.
			has: func(u use) (bool, error) {
				image := scalar(u.node, "image")
				_, tag := splitTag(unpinned(image))
				return tag != "" && strings.Contains(image, "@"), nil
			},
		})
	},
}
