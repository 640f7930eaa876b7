//go:build !race

package app

// raceDetector tells whether this test carries the race detector, which makes it many times slower.
const raceDetector = false
