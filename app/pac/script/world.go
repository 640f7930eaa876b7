package script

import (
	"context"
	"net"
	"net/netip"
	"path"
	"strings"
	"time"

	"github.com/dop251/goja"
)

const (
	maxLookups = 24 // of names, for one question
	lookupTime = 2 * time.Second
)

// world is what a script can see of the machine: names that are looked up, its address, the time.
type world struct {
	ctx     context.Context
	resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	own     func() []netip.Addr
	now     func() time.Time
	known   map[string][]netip.Addr
}

func newWorld(ctx context.Context) *world {
	return &world{
		ctx: ctx, now: time.Now, known: map[string][]netip.Addr{}, own: ownAddresses,
		resolve: func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		},
	}
}

// ownAddresses are those by which this machine would go out. Nothing is sent: a UDP socket only takes the route.
func ownAddresses() []netip.Addr {
	var all []netip.Addr
	for _, to := range []string{"192.0.2.1:9", "[2001:db8::1]:9"} { // addresses for documentation (RFC 5737, RFC 3849)
		c, err := net.Dial("udp", to)
		if err != nil {
			continue
		}
		if at, ok := c.LocalAddr().(*net.UDPAddr); ok {
			all = append(all, at.AddrPort().Addr().Unmap())
		}
		c.Close()
	}
	return all
}

// addresses are those of host; none when it has none, or when too many have been looked up.
func (w *world) addresses(host string) []netip.Addr {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip}
	}
	host = strings.ToLower(host)
	if all, known := w.known[host]; known || len(w.known) >= maxLookups || len(host) > 255 {
		return all
	}
	ctx, cancel := context.WithTimeout(w.ctx, lookupTime)
	defer cancel()
	all, err := w.resolve(ctx, host)
	if err != nil {
		all = nil
	}
	for i := range all {
		all[i] = all[i].Unmap()
	}
	w.known[host] = all
	return all
}

// first is the first IPv4 address of the list, as the old functions know no other.
func first(all []netip.Addr) (netip.Addr, bool) {
	for _, a := range all {
		if a.Is4() {
			return a, true
		}
	}
	return netip.Addr{}, false
}

// joined are addresses as the functions with Ex give them.
func joined(all []netip.Addr) string {
	words := make([]string, len(all))
	for i, a := range all {
		words[i] = a.String()
	}
	return strings.Join(words, ";")
}

// give puts the functions of proxy scripts into vm. Those whose name ends in Ex are Microsoft's, which know IPv6.
func (w *world) give(vm *goja.Runtime) error {
	text := func(c goja.FunctionCall, i int) string { return c.Argument(i).String() }
	for name, f := range map[string]func(goja.FunctionCall) any{
		"isPlainHostName": func(c goja.FunctionCall) any { return !strings.ContainsAny(text(c, 0), ".:") },
		"dnsDomainIs": func(c goja.FunctionCall) any {
			return strings.HasSuffix(strings.ToLower(text(c, 0)), strings.ToLower(text(c, 1)))
		},
		"localHostOrDomainIs": func(c goja.FunctionCall) any {
			host, full := strings.ToLower(text(c, 0)), strings.ToLower(text(c, 1))
			return host == full || !strings.Contains(host, ".") && strings.HasPrefix(full, host+".")
		},
		"isResolvable":    func(c goja.FunctionCall) any { _, ok := first(w.addresses(text(c, 0))); return ok },
		"isResolvableEx":  func(c goja.FunctionCall) any { return len(w.addresses(text(c, 0))) > 0 },
		"dnsDomainLevels": func(c goja.FunctionCall) any { return strings.Count(text(c, 0), ".") },
		"isInNet":         func(c goja.FunctionCall) any { return w.inNet(text(c, 0), text(c, 1), text(c, 2)) },
		"isInNetEx":       func(c goja.FunctionCall) any { return w.inPrefix(text(c, 0), text(c, 1)) },
		"dnsResolve": func(c goja.FunctionCall) any {
			if a, ok := first(w.addresses(text(c, 0))); ok {
				return a.String()
			}
			return nil
		},
		"dnsResolveEx": func(c goja.FunctionCall) any { return joined(w.addresses(text(c, 0))) },
		"myIpAddress": func(goja.FunctionCall) any {
			if a, ok := first(w.own()); ok {
				return a.String()
			}
			return "127.0.0.1"
		},
		"myIpAddressEx":    func(goja.FunctionCall) any { return joined(w.own()) },
		"shExpMatch":       func(c goja.FunctionCall) any { return matches(text(c, 0), text(c, 1)) },
		"weekdayRange":     func(c goja.FunctionCall) any { return w.within(c, weekdays) },
		"dateRange":        func(c goja.FunctionCall) any { return w.within(c, dates) },
		"timeRange":        func(c goja.FunctionCall) any { return w.within(c, times) },
		"getClientVersion": func(goja.FunctionCall) any { return "1.0" },
		"alert":            func(goja.FunctionCall) any { return nil },
	} {
		if err := vm.Set(name, func(c goja.FunctionCall) goja.Value {
			v := f(c)
			if v == nil {
				return goja.Null()
			}
			return vm.ToValue(v)
		}); err != nil {
			return err
		}
	}
	return nil
}

// inNet reports whether the first address of host is in the net, whose pattern and mask are dotted.
func (w *world) inNet(host, pattern, mask string) bool {
	net, err1 := netip.ParseAddr(pattern)
	m, err2 := netip.ParseAddr(mask)
	if err1 != nil || err2 != nil || !net.Is4() || !m.Is4() {
		return false
	}
	at, ok := first(w.addresses(host))
	if !ok {
		return false
	}
	a, n, bits := at.As4(), net.As4(), m.As4()
	for i := range a {
		if a[i]&bits[i] != n[i]&bits[i] {
			return false
		}
	}
	return true
}

// inPrefix reports whether an address of host is in the prefix ("fe80::/10").
func (w *world) inPrefix(host, prefix string) bool {
	p, err := netip.ParsePrefix(prefix)
	if err != nil {
		return false
	}
	for _, a := range w.addresses(host) {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// matches is the shell's * and ?, over everything. Go's [path.Match] stops at slashes, so they are hidden from it, and its
// other signs are taken away.
func matches(s, pattern string) bool {
	hide := strings.NewReplacer("/", "\x00", "[", "\x01", "]", "\x02", `\`, "\x03")
	ok, err := path.Match(hide.Replace(pattern), hide.Replace(s))
	return err == nil && ok
}
