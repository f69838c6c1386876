// Package scorecard says how an exercise went: a pure function of what was
// recorded of it ([Exercise]), the scenario and the incidents as they stand at
// its end.
//
// Real time and scenario time are kept apart everywhere: five real minutes at 72
// times the speed are no six-hour response.
package scorecard
