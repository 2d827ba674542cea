// Package docs writes the pages of rules, which stand beside it: what each
// finds, why, an example at fault and one as it should be, where it stays
// silent, its fix, and how to turn it off. All of it comes from the rule's
// value and its cases.
package docs

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kustodian/kustodian/rules"
)

// Page is the page of a rule in Markdown. fix says what its fixes do, as the
// title of a pull request does, "" where there are none. An error is of cases
// that cannot be read.
func Page(rule *rules.Rule, fix string) (string, error) {
	said, err := casesOf(rule.ID)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n**%s**: %s.\n\n%s\n\nWrite instead: %s.\n", rule.ID, capital(rule.Title), strings.Join(terms(rule), ", "), rule.Why, rule.Write)
	for _, about := range said.about {
		fmt.Fprintf(&b, "\n%s\n", about)
	}
	switch {
	case said.good != nil:
		fmt.Fprintf(&b, "\n## At fault\n\nIn `%s`:\n\n```yaml\n%s```\n", said.bad.path, said.bad.text)
		fmt.Fprintf(&b, "\n## As it should be\n\nIn `%s`:\n\n```yaml\n%s```\n", said.good.path, said.good.text)
	case said.bad != nil:
		fmt.Fprintf(&b, "\n## At fault, and as it should be\n\nThe lines with an arrow are at fault, the others are not; in `%s`:\n\n```yaml\n%s```\n", said.bad.path, said.bad.text)
	}
	if len(said.silent) > 0 {
		b.WriteString("\n## Exceptions\n\nNothing is found at\n\n")
		for _, s := range said.silent {
			in := ""
			if s.of != "" {
				in = " in " + s.of
			}
			fmt.Fprintf(&b, "- %s%s: %s\n", ticked(s.line), in, asWritten.Replace(s.why))
		}
		fmt.Fprintf(&b, "\nEach is a line of the rule's cases, `testdata/rules/%s`.\n", rule.ID)
	}
	fmt.Fprintf(&b, "\n## Fix\n\n%s\n\n%s", fixOf(rule, fix), turningOff(rule, rule.Looks()))
	return b.String(), nil
}

// Own is the page of a repository's own rule.
func Own(own rules.OwnRule) string {
	rule := &rules.Rule{ID: own.ID, Title: own.Message, Severity: own.Severity}
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n**%s**: %s, of the repository's own.\n\n", own.ID, capital(own.Message), own.Severity)
	if own.Path != "" {
		fmt.Fprintf(&b, "It is in line %d of %s", own.Line, own.Path)
	} else {
		b.WriteString("It is the organisation's")
	}
	if len(own.Kinds) > 0 {
		fmt.Fprintf(&b, " and looks at %s", strings.Join(own.Kinds, ", "))
	}
	fmt.Fprintf(&b, ". Where this is not true, an object is at fault:\n\n```cel\n%s\n```\n\n%s", strings.TrimRight(own.Check, "\n"), turningOff(rule, true))
	return b.String()
}

// terms are how and where a rule speaks.
func terms(rule *rules.Rule) []string {
	out := []string{rule.Severity.String() + " by default"}
	if rule.Production {
		out = append(out, "only in overlays that are known to be production")
	}
	if rule.Presence {
		out = append(out, "never a comment on lines that a change does not touch")
	}
	if rule.Since != "" {
		out = append(out, "since "+rule.Since+", and for 30 days only listed in sweeps")
	}
	return out
}

func fixOf(rule *rules.Rule, title string) string {
	if title != "" {
		return fmt.Sprintf("`kustodian fix --rule %s`, or `/kustodian fix` on a pull request: %s. Where no fix can be proved, the finding says why.",
			rule.ID, strings.ToLower(title[:1])+title[1:])
	}
	return "By hand: what is right depends on what only you know."
}

// turningOff says how to turn a rule off and, of one that finds something in
// objects, how to silence one finding.
func turningOff(rule *rules.Rule, objects bool) string {
	var b strings.Builder
	on := max(rule.Severity, rules.Info) // of one that is off by default too
	fmt.Fprintf(&b, "## Turning it off\n\nIn `.kustodian.yaml`, everywhere, but for one environment, or below a path:\n\n```yaml\nrules:\n  %s: off # or {severity: {production: %s, default: off}}\n", rule.ID, on)
	fmt.Fprintf(&b, "paths:\n  \"overlays/lab/**\": {rules: {%s: off}}\nignore:\n- {rule: %s, path: \"overlays/lab/**\", reason: why, until: 2027-12-31}\n```\n", rule.ID, rule.ID)
	if objects {
		fmt.Fprintf(&b, "\nOn one line, or the one above it: `# kustodian:ignore %s the reason`\n\nOn one object: the annotation `kustodian.dev/ignore.%s: the reason`\n", rule.ID, rule.ID)
	}
	if others := rules.OtherNames(rule.ID); len(others) > 0 {
		fmt.Fprintf(&b, "\nWhat these say of the same counts too, and lifts no block: `%s`\n", strings.Join(others, "`, `"))
	}
	return b.String()
}

// Practices says of each practice which rules serve it, or why none does,
// as lines of Markdown.
func Practices() string {
	serves := map[int][]string{}
	for rule := range rules.All() {
		for _, n := range rule.Practices {
			serves[n] = append(serves[n], rule.ID)
		}
	}
	var b strings.Builder
	for _, p := range rules.Practices() {
		by := strings.Join(slices.Compact(serves[p.Number]), ", ")
		if by == "" {
			by = "no rule, since " + p.Without
		}
		fmt.Fprintf(&b, "%d. %s: %s\n", p.Number, p.Title, by)
	}
	return b.String()
}

// ticked is a line as code.
func ticked(line string) string {
	tick := strings.Repeat("`", 1+strings.Count(line, "`"))
	return tick + line + tick
}

// asWritten keeps what people wrote in a comment from being read as markup.
var asWritten = strings.NewReplacer("<", "&lt;", "*", `\*`, "_", `\_`)

func capital(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}
