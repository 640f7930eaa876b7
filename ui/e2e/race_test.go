//go:build race

package main

// raceDetector tells whether this test carries the race detector; what it builds then does too.
const raceDetector = true
