package pcsc

import "time"

// SetPatience makes the wait for other programs shorter, and returns what sets it back.
func SetPatience(d time.Duration) (back func()) {
	was := patience
	patience = d
	return func() { patience = was }
}
