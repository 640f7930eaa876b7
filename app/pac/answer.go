package pac

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

const (
	maxAnswer = 4 << 10 // bytes
	maxWays   = 16
)

// AnswerError means that no way in the answer of a script can be gone.
type AnswerError struct{ Answer string }

func (e *AnswerError) Error() string { return fmt.Sprintf("proxy script answers %.80q", e.Answer) }

// kinds are the words of an answer, with the scheme that net/http knows for them and their usual port. SOCKS alone means
// version 4 to browsers, which net/http does not speak.
var kinds = map[string]struct{ scheme, port string }{
	"PROXY":  {"http", "80"},
	"HTTP":   {"http", "80"},
	"HTTPS":  {"https", "443"},
	"SOCKS5": {"socks5", "1080"},
}

// Parse reads what FindProxyForURL returned: ways separated by semicolons, to be tried in turn; nil is the direct one.
// Ways that are not understood are left out, as browsers do. An empty answer is the direct way.
func Parse(answer string) ([]*url.URL, error) {
	if strings.TrimSpace(answer) == "" {
		return []*url.URL{nil}, nil
	}
	if len(answer) > maxAnswer {
		return nil, &AnswerError{answer[:maxAnswer]}
	}
	var ways []*url.URL
	for one := range strings.SplitSeq(answer, ";") {
		f := strings.Fields(one)
		switch {
		case len(ways) == maxWays:
		case len(f) == 1 && strings.EqualFold(f[0], "DIRECT"):
			ways = append(ways, nil)
		case len(f) == 2:
			if u := way(f[0], f[1]); u != nil {
				ways = append(ways, u)
			}
		}
	}
	if len(ways) == 0 {
		return nil, &AnswerError{answer}
	}
	return ways, nil
}

// way is the proxy at host and port; nil when there is none of that kind, or no such place.
func way(kind, at string) *url.URL {
	k, known := kinds[strings.ToUpper(kind)]
	if !known {
		return nil
	}
	u, err := url.Parse(k.scheme + "://" + at)
	if err != nil || u.Hostname() == "" || u.Host != at || strings.ContainsAny(u.Host, "@%\\") {
		return nil
	}
	if strings.Contains(u.Hostname(), ":") && net.ParseIP(u.Hostname()) == nil {
		return nil
	}
	port := u.Port()
	if port == "" {
		port = k.port
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return nil
	}
	return &url.URL{Scheme: k.scheme, Host: net.JoinHostPort(u.Hostname(), port)}
}
