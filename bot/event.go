package bot

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
)

// An event is what of a delivery's body counts. GitHub sends a lot more.
type event struct {
	Action       string `json:"action"`
	Installation struct {
		ID      int64   `json:"id"`
		Account account `json:"account"`
	} `json:"installation"`
	Repository struct {
		Name          string  `json:"name"`
		Owner         account `json:"owner"`
		DefaultBranch string  `json:"default_branch"`
	} `json:"repository"`
	Sender  account `json:"sender"`
	Number  int     `json:"number"`
	Changes struct {
		Base *struct{} `json:"base"`
	} `json:"changes"`
	Ref      string `json:"ref"`
	Deleted  bool   `json:"deleted"`
	CheckRun struct {
		ExternalID string `json:"external_id"`
		App        struct {
			ID int64 `json:"id"`
		} `json:"app"`
		PullRequests []struct {
			Number int `json:"number"`
		} `json:"pull_requests"`
	} `json:"check_run"`
	MergeGroup struct {
		HeadSHA string `json:"head_sha"`
	} `json:"merge_group"`
	Issue struct {
		Number      int       `json:"number"`
		PullRequest *struct{} `json:"pull_request"`
	} `json:"issue"`
	Comment struct {
		ID   int64  `json:"id"`
		Body string `json:"body"`
	} `json:"comment"`
}

type account struct {
	Login string `json:"login"`
	Type  string `json:"type"`
}

// events are those that the App understands, each with what it makes of one.
var events = map[string]func(e event, app int64, key Key) []Key{
	"pull_request":              pullRequestKeys,
	"push":                      pushKeys,
	"check_run":                 checkRunKeys,
	"merge_group":               mergeGroupKeys,
	"issue_comment":             commentKeys,
	"installation":              cleanupKeys,
	"installation_repositories": cleanupKeys,
}

// keysOf reads a delivery of an event that the App understands. No key means
// that there is nothing to do.
func keysOf(name string, body []byte, app int64) (event, []Key, error) {
	var e event
	if err := json.Unmarshal(body, &e); err != nil {
		return e, nil, fmt.Errorf("reading the body: %w", err)
	}
	if e.Installation.ID <= 0 {
		return e, nil, fmt.Errorf("reading the body: it names no installation")
	}
	key := Key{Installation: e.Installation.ID, Owner: e.Repository.Owner.Login, Repo: e.Repository.Name}
	keys := events[name](e, app, key)
	for _, k := range keys {
		if _, err := ParseKey(k.String()); err != nil {
			return e, nil, fmt.Errorf("reading the body: it does not say what the %s is about", name)
		}
	}
	return e, keys, nil
}

// owner is the account that a delivery is about.
func (e event) owner() string {
	if e.Repository.Owner.Login != "" {
		return e.Repository.Owner.Login
	}
	return e.Installation.Account.Login
}

func pullRequestKeys(e event, _ int64, key Key) []Key {
	switch e.Action {
	case "opened", "synchronize", "reopened", "ready_for_review", "closed":
	case "edited":
		if e.Changes.Base == nil {
			return nil
		}
	default:
		return nil
	}
	key.Kind, key.Number = Pull, e.Number
	return []Key{key}
}

func pushKeys(e event, _ int64, key Key) []Key {
	if e.Deleted || e.Ref != "refs/heads/"+e.Repository.DefaultBranch {
		return nil
	}
	key.Kind = Sweep
	return []Key{key}
}

// pullInID finds the pull request in a check run's external id: GitHub leaves
// the run's own list empty where the head is in a fork.
var pullInID = regexp.MustCompile(`#([0-9]+)@`)

func checkRunKeys(e event, app int64, key Key) []Key {
	if e.Action != "rerequested" || e.CheckRun.App.ID != app {
		return nil
	}
	if m := pullInID.FindStringSubmatch(e.CheckRun.ExternalID); m != nil {
		number, err := strconv.Atoi(m[1])
		if err != nil {
			return nil
		}
		key.Kind, key.Number = Pull, number
		return []Key{key}
	}
	var keys []Key
	for _, pull := range e.CheckRun.PullRequests {
		key.Kind, key.Number = Pull, pull.Number
		keys = append(keys, key)
	}
	if keys == nil {
		key.Kind = Sweep
		keys = []Key{key}
	}
	return keys
}

func mergeGroupKeys(e event, _ int64, key Key) []Key {
	if e.Action != "checks_requested" {
		return nil
	}
	key.Kind, key.SHA = MergeGroup, e.MergeGroup.HeadSHA
	return []Key{key}
}

// commentKeys ignores bots, this one among them: its own words quote the command.
func commentKeys(e event, _ int64, key Key) []Key {
	if e.Action != "created" || e.Issue.PullRequest == nil || e.Sender.Type == "Bot" || !isCommand(e.Comment.Body) {
		return nil
	}
	key.Kind, key.Number, key.Comment = Comment, e.Issue.Number, e.Comment.ID
	return []Key{key}
}

func cleanupKeys(e event, _ int64, _ Key) []Key {
	return []Key{{Installation: e.Installation.ID, Kind: Cleanup}}
}
