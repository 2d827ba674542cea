package review

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kustodian/kustodian/bot/review/worker"
	"github.com/kustodian/kustodian/fixes"
	"github.com/kustodian/kustodian/fixes/registry"
	"github.com/kustodian/kustodian/rules"
)

// AskRegistry answers questions through a registry; see [Reviewer].Ask.
func AskRegistry(resolver *registry.Resolver) func(context.Context, fixes.Question) fixes.Answer {
	return func(ctx context.Context, q fixes.Question) fixes.Answer {
		image, err := resolver.Resolve(ctx, q.Image, q.Mirror)
		if err != nil {
			return fixes.Answer{Error: err.Error()}
		}
		answer := fixes.Answer{
			Digest: image.Digest, Platforms: strings.Join(image.Platforms, ", "), Size: image.Size,
			Version: image.Version, Revision: image.Revision,
		}
		if !image.Created.IsZero() {
			answer.Created = image.Created.Format(time.DateOnly)
		}
		return answer
	}
}

// registered is what registries say of the images that the rules ask about;
// nothing where nobody may be asked.
func (r *run) registered(ctx context.Context, facts rules.Facts) (map[string]rules.Registered, error) {
	images := facts.Asked()
	if r.Ask == nil || len(images) == 0 {
		return nil, nil
	}
	var questions []fixes.Question
	for _, image := range images {
		questions = append(questions, fixes.Question{Image: image, Mirror: r.head.scan.Config.Fixes.Mirror})
	}
	answered, err := r.answers(ctx, questions)
	if err != nil {
		return nil, fmt.Errorf("asking what the rules need to know: %w", err)
	}
	r.report.Unsettled = true
	said := map[string]rules.Registered{}
	for i, a := range answered {
		said[images[i]] = rules.Registered{Digest: a.Answer.Digest, Size: a.Answer.Size}
	}
	return said, nil
}

// maxAsked is how many questions are on their way at once: a few for each of
// the registries that a repository has its images from.
const maxAsked = 8

// answers are what the world says to questions, in their order. The history
// is read by one at a time.
func (r *run) answers(ctx context.Context, questions []fixes.Question) ([]worker.Answered, error) {
	out := make([]worker.Answered, len(questions))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(maxAsked)
	for i, q := range questions {
		out[i].Question = q
		switch {
		case q.Lines != (fixes.Lines{}):
			out[i].Answer = r.lastChanges(ctx, q.Lines)
		case r.Ask == nil:
			out[i].Answer.Offline = true
		default:
			group.Go(func() error {
				out[i].Answer = r.Ask(groupCtx, q)
				return groupCtx.Err()
			})
		}
	}
	err := group.Wait()
	for _, a := range out {
		r.report.Unsettled = r.report.Unsettled || a.Answer.Error != ""
	}
	return out, err
}
