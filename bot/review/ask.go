package review

import (
	"context"

	"github.com/kustodian/kustodian/fixes"
	"github.com/kustodian/kustodian/fixes/registry"
)

// AskRegistry answers the questions of fixes through a registry; see
// [Reviewer].Ask.
func AskRegistry(resolver *registry.Resolver) func(context.Context, fixes.Question) fixes.Answer {
	return func(ctx context.Context, q fixes.Question) fixes.Answer {
		digest, err := resolver.Digest(ctx, q.Image)
		if err != nil {
			return fixes.Answer{Error: err.Error()}
		}
		return fixes.Answer{Digest: digest}
	}
}
