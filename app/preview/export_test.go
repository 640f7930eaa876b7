package preview

import "time"

// SetLimits gives the helper less time.
func SetLimits(d *Document, start, answer time.Duration) { d.time = limits{start, answer} }
