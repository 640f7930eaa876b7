package app

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path"
	"strings"
	"sync"
	"time"

	"ceralacca/app/pac"
)

// scripts follows the proxy script of the system, for every engine of the process.
var scripts pac.Finder

// proxy tells by whom a request goes: as the environment says, else as the system's settings say.
func proxy(r *http.Request) (*url.URL, error) {
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"} {
		if os.Getenv(name) != "" {
			return http.ProxyFromEnvironment(r)
		}
	}
	return system.proxies(r.Context()).find(r.Context(), &scripts, r.URL)
}

// system are the settings of the system, which are asked of another program on most: once for a burst of requests.
var system settingsOfSystem

type settingsOfSystem struct {
	mu   sync.Mutex
	at   time.Time
	have proxies
}

const settingsAge = 30 * time.Second

func (s *settingsOfSystem) proxies(ctx context.Context) proxies {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.at) > settingsAge {
		have := readProxies(ctx)
		if ctx.Err() != nil {
			return have
		}
		s.have, s.at = have, time.Now()
	}
	return s.have
}

// proxies are the settings of a system: host and port for each scheme, and the hosts that are asked directly.
type proxies struct {
	http, https string
	direct      []string // names and addresses, with * for any letters; "<local>" are names without a dot
	script      string   // address of an automatic configuration
}

// find tells by whom u is asked; nil is nobody. A script goes before the rest. One that cannot be had or followed gives
// way to the rest, and so mostly to the direct way, as in browsers: where that is closed nothing is lost, and the
// check-up tells why.
func (p proxies) find(ctx context.Context, f *pac.Finder, u *url.URL) (*url.URL, error) {
	if p.script == "" {
		return p.choose(u), nil
	}
	to, err := f.Find(ctx, p.script, u)
	switch {
	case err == nil:
		return to, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return p.choose(u), nil
}

func (p proxies) choose(u *url.URL) *url.URL {
	at := p.http
	if u.Scheme == "https" {
		at = p.https
	}
	if at == "" || p.skips(strings.ToLower(u.Hostname())) {
		return nil
	}
	if !strings.Contains(at, "://") {
		at = "http://" + at
	}
	to, err := url.Parse(at)
	if err != nil || to.Host == "" {
		return nil
	}
	return to
}

func (p proxies) skips(host string) bool {
	for _, d := range p.direct {
		d = strings.ToLower(strings.TrimSpace(d))
		if d == "<local>" && !strings.Contains(host, ".") {
			return true
		}
		if ok, err := path.Match(d, host); err == nil && ok {
			return true
		}
		if all, err := netip.ParsePrefix(d); err == nil {
			if ip, err := netip.ParseAddr(host); err == nil && all.Contains(ip) {
				return true
			}
		}
	}
	return false
}

// parseWindows reads ProxyServer and ProxyOverride of the Internet Settings: "host:port" for all schemes, or
// "http=host:port;https=host:port", and a list with semicolons.
func parseWindows(server, override string) proxies {
	var p proxies
	for _, one := range strings.Split(server, ";") {
		scheme, at, found := strings.Cut(strings.TrimSpace(one), "=")
		switch {
		case !found && scheme != "":
			p.http, p.https = scheme, scheme
		case scheme == "http":
			p.http = at
		case scheme == "https":
			p.https = at
		}
	}
	if override != "" {
		p.direct = strings.Split(override, ";")
	}
	return p
}

// parseScutil reads what `scutil --proxy` of macOS says.
func parseScutil(said string) proxies {
	values := map[string]string{}
	var p proxies
	exceptions := false
	for _, l := range strings.Split(said, "\n") {
		key, value, found := strings.Cut(strings.TrimSpace(l), " : ")
		switch {
		case !found:
			exceptions = exceptions && strings.TrimSpace(l) != "}"
		case key == "ExceptionsList":
			exceptions = true
		case exceptions:
			p.direct = append(p.direct, value)
		default:
			values[key] = value
		}
	}
	if values["HTTPEnable"] == "1" && values["HTTPProxy"] != "" {
		p.http = strings.TrimSuffix(values["HTTPProxy"]+":"+values["HTTPPort"], ":")
	}
	if values["ProxyAutoConfigEnable"] == "1" {
		p.script = values["ProxyAutoConfigURLString"]
	}
	if values["HTTPSEnable"] == "1" && values["HTTPSProxy"] != "" {
		p.https = strings.TrimSuffix(values["HTTPSProxy"]+":"+values["HTTPSPort"], ":")
	}
	return p
}

// parseGNOME reads what `gsettings list-recursively org.gnome.system.proxy` says. A script without an address would have
// to be looked for in the network (WPAD): package pac tells why it is not.
func parseGNOME(said string) proxies {
	values := map[string]string{}
	for l := range strings.Lines(said) {
		if f := strings.SplitN(strings.TrimSpace(l), " ", 3); len(f) == 3 {
			values[strings.TrimPrefix(f[0], "org.gnome.system.proxy")+" "+f[1]] = f[2]
		}
	}
	text := func(key string) string { return strings.Trim(values[key], "'\"") }
	var p proxies
	switch text(" mode") {
	case "auto":
		p.script = text(" autoconfig-url")
	case "manual":
		at := func(scheme string) string {
			host, port := text(scheme+" host"), text(scheme+" port")
			if host == "" || port == "" || port == "0" {
				return ""
			}
			return net.JoinHostPort(host, port)
		}
		p.http, p.https = at(".http"), at(".https")
		for one := range strings.SplitSeq(strings.Trim(values[" ignore-hosts"], "[]"), ",") {
			if one = strings.Trim(one, " '\""); one != "" {
				p.direct = append(p.direct, one)
			}
		}
	}
	return p
}

// parseKDE reads the section Proxy Settings of kioslaverc: ProxyType 1 is by name and port, 2 by script; 3 would look for
// a script in the network, and 4 is the environment.
func parseKDE(file string) proxies {
	values, inside := map[string]string{}, false
	for l := range strings.Lines(file) {
		l = strings.TrimSpace(l)
		if strings.HasPrefix(l, "[") {
			inside = l == "[Proxy Settings]"
		}
		key, value, found := strings.Cut(l, "=")
		if key, _, _ = strings.Cut(key, "["); inside && found { // "httpProxy[$e]" is a value with variables in it
			values[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	var p proxies
	switch values["ProxyType"] {
	case "2":
		if p.script = values["Proxy Config Script"]; path.IsAbs(p.script) {
			p.script = "file://" + p.script
		}
	case "1":
		at := func(s string) string { return strings.Replace(strings.TrimSpace(s), " ", ":", 1) } // "http://host 3128"
		p.http, p.https = at(values["httpProxy"]), at(values["httpsProxy"])
		p.direct = strings.FieldsFunc(values["NoProxyFor"], func(r rune) bool { return r == ',' || r == ' ' })
		for i, d := range p.direct {
			if strings.HasPrefix(d, ".") { // every name below
				p.direct[i] = "*" + d
			}
		}
		if values["ReversedException"] == "true" { // only the listed ones go through it: not known here
			p = proxies{}
		}
	}
	return p
}
