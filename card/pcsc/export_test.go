package pcsc

import "time"

// SetPatience makes the wait for other programs shorter, and returns what sets it back.
func SetPatience(d time.Duration) (back func()) {
	was := patience
	patience = d
	return func() { patience = was }
}

// SetIdle says what a refusal of the service means, as Windows knows it, and returns what sets it back.
func SetIdle(f func(error) bool) (back func()) {
	was := idle
	idle = f
	return func() { idle = was }
}
