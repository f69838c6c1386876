// Package people says who the people around an incident are, how each is
// reached and known elsewhere, and who may what at an instant.
//
// A [Directory] is made once from the configuration and read by every way in
// and out, so that a person has the same rights in Slack as behind a token. It
// reads no clock: whether a deputy stands in is asked for an instant, by wall
// time.
//
// Somebody who is not in the directory holds no right through it. What that
// means is for the asker to say.
package people
