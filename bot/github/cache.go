package github

import (
	"bytes"
	"container/list"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"sync"
)

const (
	cacheBytes = 32 << 20 // of answers remembered, over all installations
	entryBytes = 1 << 20  // of one answer; larger ones are not remembered
)

// A cache remembers answers with their ETag, since asking again whether one
// still holds costs nothing of the rate limit. GitHub's ETag of one URL differs
// from token to token: an entry counts only for the token that it came with.
type cache struct {
	limit int

	mu      sync.Mutex
	size    int
	order   *list.List // of *entry, the last used first
	entries map[string]*list.Element
}

type entry struct {
	installation int64
	key          string
	token        [sha256.Size]byte
	etag         string
	header       http.Header
	body         []byte
}

func newCache(limit int) *cache {
	return &cache{limit: limit, order: list.New(), entries: map[string]*list.Element{}}
}

// get returns the entry of a key for a token, nil where there is none.
func (c *cache) get(key string, token [sha256.Size]byte) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	element := c.entries[key]
	if element == nil || element.Value.(*entry).token != token {
		return nil
	}
	c.order.MoveToFront(element)
	return element.Value.(*entry)
}

// put stores an entry in place of the one with its key, and drops those used longest ago.
func (c *cache) put(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.entries[e.key]; old != nil {
		c.drop(old)
	}
	c.entries[e.key] = c.order.PushFront(e)
	c.size += len(e.body)
	for c.size > c.limit {
		c.drop(c.order.Back())
	}
}

// forget drops what an installation was told.
func (c *cache) forget(installation int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, element := range c.entries {
		if element.Value.(*entry).installation == installation {
			c.drop(element)
		}
	}
}

func (c *cache) drop(element *list.Element) {
	e := c.order.Remove(element).(*entry)
	delete(c.entries, e.key)
	c.size -= len(e.body)
}

// conditional answers reading requests of one installation out of the cache
// where GitHub says that nothing changed. What one installation was told is
// never told to another.
type conditional struct {
	cache        *cache
	installation int64
	next         http.RoundTripper
}

func (c *conditional) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet {
		return c.next.RoundTrip(req)
	}
	key := fmt.Sprintf("%d %s %s", c.installation, req.URL, req.Header.Get("Accept"))
	token := sha256.Sum256([]byte(req.Header.Get("Authorization")))
	known := c.cache.get(key, token)
	if known != nil {
		req = req.Clone(req.Context())
		req.Header.Set("If-None-Match", known.etag)
	}
	answer, err := c.next.RoundTrip(req)
	switch {
	case err != nil:
		return nil, err
	case known != nil && answer.StatusCode == http.StatusNotModified:
		return known.answer(req, answer)
	case answer.StatusCode == http.StatusOK && answer.Header.Get("ETag") != "":
		return c.remember(key, token, answer)
	}
	return answer, nil
}

// answer is the remembered answer, with what the new one says of the rate limit.
func (e *entry) answer(req *http.Request, fresh *http.Response) (*http.Response, error) {
	if err := fresh.Body.Close(); err != nil {
		return nil, fmt.Errorf("closing an answer without a body: %w", err)
	}
	header := e.header.Clone()
	maps.Copy(header, fresh.Header)
	header.Set("Content-Length", strconv.Itoa(len(e.body)))
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: fresh.Proto, ProtoMajor: fresh.ProtoMajor, ProtoMinor: fresh.ProtoMinor,
		Header: header, Body: io.NopCloser(bytes.NewReader(e.body)), ContentLength: int64(len(e.body)), Request: req,
	}, nil
}

func (c *conditional) remember(key string, token [sha256.Size]byte, answer *http.Response) (*http.Response, error) {
	body, whole, err := peek(answer, entryBytes)
	if err != nil {
		return nil, err
	}
	if whole {
		c.cache.put(&entry{installation: c.installation, key: key, token: token, etag: answer.Header.Get("ETag"), header: answer.Header.Clone(), body: body})
	}
	return answer, nil
}

// peek reads at most limit bytes of an answer's body and puts them back; whole
// is false where there are more.
func peek(answer *http.Response, limit int64) (body []byte, whole bool, err error) {
	body, err = io.ReadAll(io.LimitReader(answer.Body, limit+1))
	if err != nil {
		return nil, false, fmt.Errorf("reading an answer: %w", errors.Join(err, answer.Body.Close()))
	}
	rest := answer.Body
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), rest), rest}
	return body, int64(len(body)) <= limit, nil
}
