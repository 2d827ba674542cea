package registry

import (
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	// tagLife is how long an answer about a tag is given again: as long as the
	// pushes of one branch follow each other, and shorter than anybody waits
	// for a tag that he pushed to be seen.
	tagLife = time.Minute
	// digestLife is for what has a digest and cannot change; it ends since who
	// may read it can.
	digestLife = time.Hour
	maxRecent  = 4096 // references of all runs
)

// recent is what registries said not long ago, by reference and by whom they
// took us for: what one credential may see is shown to nobody else. The zero
// value is empty.
type recent struct {
	once sync.Once
	lru  *lru.Cache[recentKey, recentImage]
}

type recentKey struct {
	reference string
	as        *Binding
}

type recentImage struct {
	image Image
	at    time.Time
}

func (r *recent) cache() *lru.Cache[recentKey, recentImage] {
	r.once.Do(func() { r.lru, _ = lru.New[recentKey, recentImage](maxRecent) }) // it fails for sizes below 1 only
	return r.lru
}

// get returns what was said of a tag or digest, unless that is too long ago.
func (r *recent) get(reference name.Reference, as *Binding) (Image, bool) {
	life := tagLife
	if _, ok := reference.(name.Digest); ok {
		life = digestLife
	}
	known, ok := r.cache().Get(recentKey{reference.Name(), as})
	return known.image, ok && time.Since(known.at) < life
}

func (r *recent) keep(reference name.Reference, as *Binding, image Image) {
	r.cache().Add(recentKey{reference.Name(), as}, recentImage{image, time.Now()})
}
