package preview

import "time"

// SetLimits gives the helper less time.
func SetLimits(d *Document, start, answer time.Duration) { d.time = limits{start, answer} }

// IdleProcess is the process that is kept; 0 for none.
func IdleProcess(p *Helpers) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.idle == nil {
		return 0
	}
	return p.idle.cmd.Process.Pid
}
