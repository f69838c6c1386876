// Package slackfake is a Slack to test and to demonstrate against: the few
// methods of the Web API that nis2clock calls, on loopback, in memory.
//
// It refuses what Slack refuses, in Slack's words: a wrong token, a channel
// that is unknown, archived or not joined, a message over Slack's limits, a
// change of a message that is not there, more than one message a second. It
// fails on demand: with a status, with a word, by hanging, by losing the
// answer after the message was stored. [Server.Press] presses a button as
// Slack would, with a signed call.
//
// What it does not know of Slack it refuses too; it never says yes out of
// ignorance.
package slackfake
