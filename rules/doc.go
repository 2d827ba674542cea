// Package rules says what is wrong with a build: one rule a file, each a pure
// function of the built overlay.
//
// A rule is a value. One Go file declares it and adds it, one folder of cases
// under testdata/rules shows where it speaks and where it stays silent, and
// nothing else is edited:
//
//	var _ = add(Rule{
//		ID:       "naked-pod",
//		Title:    "a Pod without a controller",
//		Why:      "Nothing starts it again when its node goes away.",
//		Write:    "a Deployment, or a Job for work that ends",
//		Severity: Warning,
//		Check: func(pass *Pass) {
//			for o := range pass.Objects("Pod") {
//				pass.Report(o, overlay.Field{"kind"}, "…")
//			}
//		},
//	})
//
// Check sees one build; a rule over a repository or a change notes facts there
// and reports from its Join, which sees the facts of all builds, of head and
// base; Survey sees a tree that nothing was built of yet.
//
// Rules do no I/O, know nothing of GitHub, and are given what they need to know
// beside the build. Where a finding points is not theirs to say: [Run] asks the
// build which line of which file set the field.
//
// # Where things are
//
// A file with the name of an id is a rule: naked_pod.go, missing_requests.go. The
// others are what rules are written in, and what becomes of their findings:
//
//   - rule.go has the types, run.go applies the rules to a build, join.go to the
//     facts of all builds, survey.go to a tree
//   - workloads.go and kinds.go: pods and their containers, of any kind;
//     services.go, selectors.go, budgets.go, claims.go, probes.go, images.go,
//     secrets.go, scripts.go, references.go: what several rules ask of one thing
//   - section.go is a policy for a part of the repository, own.go its own rules;
//     suppress.go, annotations.go and peers.go silence findings
//   - fingerprint.go is a finding's identity, near.go what was meant,
//     generated.go and addition.go soften what others write
package rules
