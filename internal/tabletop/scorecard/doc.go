// Package scorecard says how an exercise went: a pure function of what was
// recorded of it ([Exercise]), the scenario and the incidents as they stand at
// its end.
//
// Real time and scenario time are kept apart everywhere: five real minutes at 72
// times the speed are no six-hour response. Real times leave out pauses.
//
// What was undone by a rewind counts for nothing. An expected action is met by
// the first action that fits it, also when it came before it was expected; one
// whose inject never came, or whose time was not up when the exercise ended, is
// not counted.
package scorecard
