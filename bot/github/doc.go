// Package github is the client of GitHub: the few calls that the bot makes, as
// an App, with types of its own. It is the only package that imports go-github.
//
// [Open] gives the [App]; [App.Repository] one repository of an installation.
// A call takes the token that it needs and no more: each names one repository
// and is for reading, for reporting (reviews and check runs) or for writing
// (commits and branches). No call sleeps for a rate limit: it returns a
// [*LimitError] that says when to come back. A write whose answer was lost is
// never sent again: look before writing again.
//
// A request passes, from the outside in: the guard, which lets through only the
// writes that the bot has to make and leaves an [AuditLine] of each; the
// credential, which mints and renews the token; the cache; the limiter; the wire.
// Whoever calls, the guard refuses to write to any ref but those below
// refs/heads/kustodian/, and to any file below .github/ or that says who owns the
// code; with [Options].ReadOnly it refuses every write.
package github
