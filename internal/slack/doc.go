// Package slack says in a Slack channel what is due about an incident, and
// takes the press of its Acknowledge button.
//
// [Channel] puts one message per incident into the channel and keeps it up to
// date; reminders answer to it in its thread and show in the channel too. What
// another channel refused for good is said with a call to everyone there.
//
// Slack has no idempotency key (SL-13). Each message therefore carries the
// key of its effect as message metadata, event type "nis2clock_notice",
// payload {"key": …}; [Channel.Find] looks for it after a crash (SL-13a). What
// it does not find is sent again and may be a repeat.
//
// A message is a pure function of the notice and stays within Slack's limits
// whatever the incident holds (SL-17 to SL-21): people read the worst
// incidents here. Nothing that came from an alert is understood by Slack as a
// mention or a link (SL-16).
//
// [Rooms] gives each incident a private channel of its own, where that is
// configured. What either may say is [dispatch.Say]'s to decide.
//
// [Handler] answers Slack's calls, which are signed (SL-1). No state
// changes on a GET (SL-8).
package slack
