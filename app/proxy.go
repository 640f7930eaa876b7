package app

import (
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path"
	"strings"
)

// proxy tells by whom a request goes: as the environment says, else as the system's settings say. Automatic
// configuration by script (PAC) is not followed: it would take an interpreter for programs from the network. The check-up
// says so where it is the reason that nothing comes.
func proxy(r *http.Request) (*url.URL, error) {
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"} {
		if os.Getenv(name) != "" {
			return http.ProxyFromEnvironment(r)
		}
	}
	return systemProxies().choose(r.URL), nil
}

// proxies are the settings of a system: host and port for each scheme, and the hosts that are asked directly.
type proxies struct {
	http, https string
	direct      []string // names and addresses, with * for any letters; "<local>" are names without a dot
	script      string   // address of an automatic configuration
}

// unfollowed reports whether the system finds its proxy by script alone.
func (p proxies) unfollowed() bool { return p.script != "" && p.http == "" && p.https == "" }

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
		if net, err := netip.ParsePrefix(d); err == nil {
			if ip, err := netip.ParseAddr(host); err == nil && net.Contains(ip) {
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
