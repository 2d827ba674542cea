package bot

import (
	"fmt"
	"strconv"
	"strings"
)

// A Key names a job: what is to be looked at.
type Key struct {
	Installation int64
	Owner, Repo  string // of the repository; empty for [Cleanup]
	Kind         Kind
	Number       int    // of the pull request, for [Pull] and [Comment]
	SHA          string // of the merge group's commit, for [MergeGroup]
	Comment      int64  // id of the comment, for [Comment]
}

// A Kind is what kind of job a Key names.
type Kind string

const (
	Pull       Kind = "pull"
	Sweep      Kind = "sweep" // of the default branch
	MergeGroup Kind = "merge-group"
	Comment    Kind = "comment" // that may be a command
	// Cleanup deletes what is kept of repositories that an installation covers
	// no more. It is the only kind without a repository.
	Cleanup Kind = "cleanup"
)

// String is "1/acme/shop/pull/7", "1/acme/shop/sweep", "1/cleanup" and the
// like: [ParseKey] reads it.
func (k Key) String() string {
	text := k.repository() + string(k.Kind)
	switch k.Kind {
	case Pull:
		return fmt.Sprintf("%s/%d", text, k.Number)
	case MergeGroup:
		return text + "/" + k.SHA
	case Comment:
		return fmt.Sprintf("%s/%d-%d", text, k.Number, k.Comment)
	}
	return text
}

// repository is the prefix of all keys, and of all state, of one repository,
// or of an installation where the key names no repository. Names of accounts
// and repositories count without case.
func (k Key) repository() string {
	if k.Repo == "" {
		return fmt.Sprintf("%d/", k.Installation)
	}
	return strings.ToLower(fmt.Sprintf("%d/%s/%s/", k.Installation, k.Owner, k.Repo))
}

// ParseKey reads what [Key.String] writes; the repository's name is in lower
// case then.
func ParseKey(text string) (Key, error) {
	parts := strings.Split(text, "/")
	bad := func() (Key, error) { return Key{}, fmt.Errorf("%q is no key of a job", text) }
	installation, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil || installation <= 0 {
		return bad()
	}
	if len(parts) == 2 && parts[1] == string(Cleanup) {
		return Key{Installation: installation, Kind: Cleanup}, nil
	}
	if len(parts) < 4 || parts[1] == "" || parts[2] == "" {
		return bad()
	}
	k := Key{Installation: installation, Owner: parts[1], Repo: parts[2], Kind: Kind(parts[3])}
	if k.Kind == Sweep && len(parts) == 4 {
		return k, nil
	}
	if len(parts) != 5 || parts[4] == "" {
		return bad()
	}
	number, comment, _ := strings.Cut(parts[4], "-")
	switch k.Kind {
	case Pull:
		k.Number, err = strconv.Atoi(parts[4])
	case Comment:
		if k.Number, err = strconv.Atoi(number); err == nil {
			k.Comment, err = strconv.ParseInt(comment, 10, 64)
		}
	case MergeGroup:
		k.SHA = parts[4]
		return k, nil
	default:
		return bad()
	}
	if err != nil || k.Number <= 0 || k.Kind == Comment && k.Comment <= 0 {
		return bad()
	}
	return k, nil
}
