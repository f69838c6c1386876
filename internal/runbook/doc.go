// Package runbook reads runbooks, finds those that fit an incident and turns
// one into a checklist.
//
// A runbook is a Markdown file, named after it, that begins with YAML between
// two lines of three dashes:
//
//	---
//	title: Ransomware
//	owner: Incident response lead
//	reviewed: 2026-11-16      # the day somebody last went through it
//	review_every: 26w         # and how long that holds
//	matches:
//	  categories: [malicious-code]        # RSIT class, or class/type
//	  alerts: ["Ransomware*"]             # alert names, as path.Match reads them
//	  labels: {team: storage}             # labels of one alert, values likewise
//	  every: true                         # any incident, after those that fit better
//	---
//
// Its steps are the boxes of its lists, each with what to do in bold, an id
// and as much text as it needs:
//
//  1. [ ] **Isolate, do not switch off** {#isolate} Memory holds keys.
//
// A tick is kept under the step's id. Without one the id comes from the bold
// words, so that the text around them may change; with one they may change too.
//
// The package reads no clock and writes nothing: a tick is a command of
// package incident that [Library.Tick] fills in.
package runbook
