package registry

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-containerregistry/pkg/authn"
)

// amazonHost is a private registry of Amazon's, by account, perhaps for
// federal use, and region.
var amazonHost = regexp.MustCompile(`^[0-9]{12}\.dkr\.ecr(-fips)?\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$`)

// IsAmazon reports whether a host is a private registry of Amazon's, which
// alone gets what FromAmazon finds.
func IsAmazon(host string) bool { return amazonHost.MatchString(host) }

// renewBefore is how long before its end a token is no longer used: longer
// than any question takes.
const renewBefore = 10 * time.Minute

// An amazonLogin is what Amazon gives tokens for, by host: to whom the
// environment of the process says that it is. A token lasts twelve hours.
type amazonLogin struct {
	mu     sync.Mutex
	tokens map[string]amazonToken
}

type amazonToken struct {
	login *authn.Basic
	until time.Time
}

func (a *amazonLogin) get(ctx context.Context, host string) (authn.Authenticator, error) {
	m := amazonHost.FindStringSubmatch(host)
	if m == nil {
		return nil, fmt.Errorf("%s is no registry of Amazon's", host)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if known, ok := a.tokens[host]; ok && time.Until(known.until) > renewBefore {
		return known.login, nil
	}
	options := []func(*config.LoadOptions) error{config.WithRegion(m[2])}
	if m[1] != "" {
		options = append(options, config.WithUseFIPSEndpoint(aws.FIPSEndpointStateEnabled))
	}
	environment, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("reading the environment of Amazon's credential: %w", err)
	}
	token, err := tokenOf(ctx, ecr.NewFromConfig(environment))
	if err != nil {
		return nil, fmt.Errorf("asking Amazon for a token for %s: %w", host, err)
	}
	if a.tokens == nil {
		a.tokens = map[string]amazonToken{}
	}
	a.tokens[host] = token
	return token.login, nil
}

func tokenOf(ctx context.Context, client *ecr.Client) (amazonToken, error) {
	said, err := client.GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		return amazonToken{}, err
	}
	if len(said.AuthorizationData) == 0 {
		return amazonToken{}, errors.New("the answer has none")
	}
	text, err := base64.StdEncoding.DecodeString(aws.ToString(said.AuthorizationData[0].AuthorizationToken))
	if err != nil {
		return amazonToken{}, errors.New("the answer's token is none") // its text is not for the log
	}
	user, password, ok := strings.Cut(string(text), ":")
	if !ok {
		return amazonToken{}, errors.New("the answer's token is none")
	}
	return amazonToken{&authn.Basic{Username: user, Password: password}, aws.ToTime(said.AuthorizationData[0].ExpiresAt)}, nil
}
