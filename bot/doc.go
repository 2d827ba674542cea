// Package bot is the life of a pull request, and of a sweep.
//
//	GitHub ── webhook ──→ Webhook ──→ queue ──→ Worker ──→ review ──→ publish ──→ GitHub
//	a clock ────────────→ Sweeper ─────↗            a mirror's trees ─↗
//
// A delivery is checked by [Webhook] before any of it is read as JSON, becomes
// a [Key] and is answered with 202 once the key is stored. A key says what to
// look at, never what was seen: whoever works on it reads the live pull
// request, and looks again just before it publishes. So deliveries may come
// twice, late, or in the wrong order, and ten pushes in a row are one review.
//
// [Server] runs all of it: the port of the webhook, a second port that tells
// how things are, the workers of the queue, the clock of the sweeps, and the
// deletion of what is kept of repositories that are installed no more. What
// one job does is [Worker]; it reviews in processes of their own, see package
// worker.
//
// A job that fails is tried again with growing delays; a rate limit parks it;
// a process that ends gives it back; one that dies leaves it to another.
package bot
