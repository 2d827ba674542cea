package fixes

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// writtenByHand returns a *NoFix where a program writes the lines that say an
// image, so that an edit would not stay: `kustomize edit set image` drops a
// digest that was put beside the tag. Git's history tells: the last changes of
// the lines are all by one bot or pipeline. all are the containers whose image
// the place says.
func (p *Plan) writtenByHand(ctx context.Context, said place, all []reached) error {
	if err := p.updated(ctx, all); err != nil {
		return err
	}
	if overlay.InRemote(said.file) {
		return nil // the line stays as it is: the fix writes an entry of our own
	}
	lines := Lines{Path: said.file, First: said.node.Line, Last: lastLine(said.node)}
	if said.block != nil {
		roots, err := p.documents(said.file)
		if err != nil {
			return err
		}
		header := follow(roots[said.document], said.block).Line
		lines.First, lines.Last = lines.First+header, lines.Last+header
	}
	answer, err := p.Ask(Question{Lines: lines})
	if err != nil {
		return err
	}
	if answer.Error != "" {
		return &NoFix{ReasonAutomation, fmt.Sprintf("Who writes this line of %s cannot be seen: %s.", said.file, strings.TrimSuffix(answer.Error, "."))}
	}
	if who := automation(answer.Commits); who != "" {
		return &NoFix{ReasonAutomation, fmt.Sprintf("The last %d changes of this line of %s are by %s, whose next one would undo an edit.", LastChanges, said.file, who)}
	}
	return nil
}

// lastLine is the last line on which a node says something.
func lastLine(node *yaml.Node) int {
	last := node.Line
	for _, c := range node.Content {
		last = max(last, lastLine(c))
	}
	return last
}

var (
	// programs are names and addresses of those who commit and are no people:
	// GitHub's Apps end in [bot], and pipelines are called after what they are.
	programs = regexp.MustCompile(`(?i)\[bot\]|\b(bot|ci|cicd|pipelines?|automation|jenkins|tekton|fluxcdbot|image-updater|argocd-image-updater|github-actions|gitlab-runner|azure-devops|circleci|buildkite|drone|concourse|spinnaker|deployer)\b|[a-z]bot\b`)
	// Renovate and Dependabot raise a tag and its digest together.
	keepsDigests = regexp.MustCompile(`(?i)renovate|dependabot`)
	// machineWords are what differs between the messages of a program: numbers,
	// versions and hashes.
	machineWords = regexp.MustCompile(`\S*\d\S*`)
	// onBehalf is GitHub, which commits what people do in its pages.
	onBehalf = "noreply@github.com"
)

// automation is who writes lines by program, by the last changes of them; ""
// where a person is among those, where they are too few to tell, and where the
// program leaves a digest in its place.
func automation(commits [LastChanges]Commit) string {
	first := commits[0]
	oneAuthor, oneCommitter, oneShape := true, true, true
	for _, c := range commits {
		if c == (Commit{}) || keepsDigests.MatchString(c.Author+" "+c.AuthorMail) {
			return ""
		}
		oneAuthor = oneAuthor && c.AuthorMail == first.AuthorMail
		oneCommitter = oneCommitter && c.CommitterMail == first.CommitterMail && c.CommitterMail != onBehalf
		oneShape = oneShape && shape(c.Subject) == shape(first.Subject) && machineWords.MatchString(c.Subject)
	}
	switch {
	case oneAuthor && isProgram(first.Author, first.AuthorMail):
		return first.Author
	case oneCommitter && isProgram(first.Committer, first.CommitterMail):
		return first.Committer
	case oneCommitter && oneShape:
		return fmt.Sprintf("%s with messages that a program makes, such as %q", first.Committer, cut(first.Subject, 60))
	}
	return ""
}

func isProgram(name, mail string) bool {
	// What stands before the @ is a name; the rest is where people work too.
	local, _, _ := strings.Cut(mail, "@")
	return programs.MatchString(name) || programs.MatchString(local)
}

// shape is a message without what differs from one to the next.
func shape(subject string) string { return machineWords.ReplaceAllString(subject, "#") }

// cut is the text, at most so many characters of it.
func cut(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
