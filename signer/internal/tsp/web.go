package tsp

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// defaultTimeout bounds one exchange when the caller's ctx does not.
const defaultTimeout = 20 * time.Second

const maxRedirects = 5

// Web is the network as signatures may use it: addresses that stand in files of strangers are asked for revocation
// data, lists and time-stamps. Only http and https, no answer larger than expected, no way to services of this
// machine. The zero value uses the system's proxy.
type Web struct {
	// Client brings its own transport, without the guard that keeps strangers from this machine; nil for ours.
	Client *http.Client
	// Roots are who the certificate of a server must come from; nil means the system's.
	Roots *x509.CertPool
	// Proxy tells by whom a request goes, as that of http.Transport; nil asks the environment.
	Proxy func(*http.Request) (*url.URL, error)
	// AllowLocal lets addresses of this machine be asked; for tests and for a local time-stamp authority.
	AllowLocal bool

	once sync.Once
	own  *http.Client
	// where tells what kind of place an address is; tests put a map of their own machine here.
	where func(netip.Addr) place
}

// WebError says why an exchange gave nothing.
type WebError struct {
	URL string
	// Reason is a stable code: "scheme", "local", "redirect", "status", "media-type", "too-large", "network".
	Reason string
	Status int // of HTTP, for "status"
	Err    error
}

func (e *WebError) Error() string {
	switch {
	case e.Status != 0:
		return fmt.Sprintf("asking %s: HTTP status %d", e.URL, e.Status)
	case e.Err != nil:
		return fmt.Sprintf("asking %s: %s: %v", e.URL, e.Reason, e.Err)
	}
	return fmt.Sprintf("asking %s: %s", e.URL, e.Reason)
}

func (e *WebError) Unwrap() error { return e.Err }

// Get fetches at most limit bytes. Redirects are followed, but never from https to http.
func (w *Web) Get(ctx context.Context, address string, limit int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, &WebError{URL: address, Reason: "network", Err: err}
	}
	return w.do(req, limit, "", followGet)
}

// Post sends body once. A redirect is followed only where it asks for the same request at the same scheme
// (307, 308). accept is the media type that the answer must have; empty for any.
func (w *Web) Post(ctx context.Context, address, contentType, accept string, body []byte, user *url.Userinfo, limit int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, &WebError{URL: address, Reason: "network", Err: err}
	}
	req.Header.Set("Content-Type", contentType)
	if user != nil {
		password, _ := user.Password()
		req.SetBasicAuth(user.Username(), password)
	}
	return w.do(req, limit, accept, followPost)
}

func followGet(next, first *http.Request) bool {
	return first.URL.Scheme != "https" || next.URL.Scheme == "https"
}

func followPost(next, first *http.Request) bool {
	return next.Method == first.Method && next.URL.Scheme == first.URL.Scheme
}

func (w *Web) do(req *http.Request, limit int64, accept string, follow func(next, first *http.Request) bool) ([]byte, error) {
	shown := req.URL.Redacted()
	if err := w.allowed(req.URL); err != nil {
		return nil, err
	}
	if err := silenceOf(req.Context(), req.URL); err != nil {
		return nil, &WebError{URL: shown, Reason: "network", Err: err}
	}
	ctx, cancel := context.WithTimeout(context.WithValue(req.Context(), journeyKey{}, new(journey)), defaultTimeout)
	defer cancel()
	client := *w.client()
	client.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects || !follow(next, via[0]) {
			return &WebError{URL: shown, Reason: "redirect"}
		}
		if err := silenceOf(req.Context(), next.URL); err != nil {
			return &WebError{URL: shown, Reason: "network", Err: err}
		}
		return w.allowedNext(ctx, next.URL)
	}
	resp, err := client.Do(req.WithContext(ctx))
	if err != nil {
		var refused *WebError
		if errors.As(err, &refused) {
			return nil, refused
		}
		hush(req.Context(), err)
		return nil, &WebError{URL: shown, Reason: "network", Err: err}
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, &WebError{URL: shown, Reason: "status", Status: resp.StatusCode}
	}
	if media, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";"); accept != "" &&
		!strings.EqualFold(strings.TrimSpace(media), accept) {
		return nil, &WebError{URL: shown, Reason: "media-type", Err: fmt.Errorf("%q", media)}
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, &WebError{URL: shown, Reason: "network", Err: err}
	}
	if int64(len(body)) > limit {
		return nil, &WebError{URL: shown, Reason: "too-large"}
	}
	return body, nil
}

// allowed looks at the address as written; what a name resolves to is looked at when dialling.
func (w *Web) allowed(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return &WebError{URL: u.Redacted(), Reason: "scheme"}
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	ip, err := netip.ParseAddr(host)
	if !w.AllowLocal && (host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && w.place(ip) == local) {
		return &WebError{URL: u.Redacted(), Reason: "local"}
	}
	return nil
}

// allowedNext is allowed for where a server sends us. Behind a proxy nobody tells where the server itself was, so a
// private address that is written out is refused there; a name is the proxy's to resolve, and its owner's to guard.
func (w *Web) allowedNext(ctx context.Context, u *url.URL) error {
	ip, err := netip.ParseAddr(u.Hostname())
	if err == nil && !w.AllowLocal && w.place(ip) == private && !journeyOf(ctx).private.Load() {
		return &WebError{URL: u.Redacted(), Reason: "local"}
	}
	return w.allowed(u)
}

// place is where an address lies.
type place int

const (
	public  place = iota
	private       // of an organisation or a home (RFC 1918, RFC 4193, RFC 6598)
	local         // this machine and its link
)

// The addresses that a stranger's file must not reach through us are those of this machine and its link: cloud
// machines have their secrets at 169.254.169.254. Private networks stay reachable where the file names them, since an
// organisation's own authority lives there: so does every verifier (EU DSS asks whatever the certificate says), and so
// do browsers when the person asks. But a server on the Internet may not send us there, as Chromium's Local Network
// Access keeps public pages from private addresses without the person's word: no public authority has a reason to, and
// who does it wants something from the inside.
func (w *Web) place(ip netip.Addr) place {
	if w.where != nil {
		return w.where(ip)
	}
	switch ip = ip.Unmap(); {
	case ip.IsLoopback(), ip.IsUnspecified(), ip.IsLinkLocalUnicast(), ip.IsMulticast(), here.Contains(ip):
		return local
	case ip.IsPrivate(), shared.Contains(ip):
		return private
	case nat64.Contains(ip): // the last four bytes are an IPv4 address
		b := ip.As16()
		return w.place(netip.AddrFrom4([4]byte(b[12:])))
	}
	return public
}

var (
	here   = netip.MustParsePrefix("0.0.0.0/8")     // "this network" (RFC 1122): Linux takes it for itself
	shared = netip.MustParsePrefix("100.64.0.0/10") // of providers and VPNs (RFC 6598)
	nat64  = netip.MustParsePrefix("64:ff9b::/96")  // RFC 6052
)

// journey is where one exchange has been, redirects included.
type journey struct {
	public, private atomic.Bool // a server there was reached, without a proxy
}

type journeyKey struct{}

func journeyOf(ctx context.Context) *journey {
	if j, ok := ctx.Value(journeyKey{}).(*journey); ok {
		return j
	}
	return new(journey)
}

func (w *Web) client() *http.Client {
	if w.Client != nil {
		return w.Client
	}
	w.once.Do(func() { w.own = &http.Client{Transport: w.transport()} })
	return w.own
}

// transport refuses local addresses after name resolution, so that a name for 127.0.0.1 does not help. A proxy of
// the system often is on this machine; its address, and no other, may be dialled.
func (w *Web) transport() http.RoundTripper {
	var proxies sync.Map
	choose := w.Proxy
	if choose == nil {
		choose = http.ProxyFromEnvironment
	}
	proxy := func(r *http.Request) (*url.URL, error) {
		u, err := choose(r)
		if u != nil {
			port := u.Port()
			if port == "" {
				port = map[string]string{"https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
			}
			if port == "" {
				port = "80"
			}
			proxies.Store(net.JoinHostPort(u.Hostname(), port), true)
		}
		return u, err
	}
	guarded := &net.Dialer{Timeout: defaultTimeout, ControlContext: w.guard}
	plain := &net.Dialer{Timeout: defaultTimeout}
	t := &http.Transport{
		Proxy:             proxy,
		DisableKeepAlives: true, // no connection, and no goroutine of it, outlives the call
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if _, ok := proxies.Load(address); ok {
				return plain.DialContext(ctx, network, address)
			}
			c, err := guarded.DialContext(ctx, network, address)
			if err == nil {
				w.arrived(journeyOf(ctx), c.RemoteAddr())
			}
			return c, err
		},
	}
	if w.Roots != nil {
		t.TLSClientConfig = &tls.Config{RootCAs: w.Roots, MinVersion: tls.VersionTLS12}
	}
	return t
}

// guard refuses an address before it is dialled, after its name was resolved.
func (w *Web) guard(ctx context.Context, _, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || w.AllowLocal {
		return nil
	}
	switch p := w.place(at.Addr()); {
	case p == local, p == private && journeyOf(ctx).public.Load():
		return &WebError{URL: address, Reason: "local"}
	}
	return nil
}

func (w *Web) arrived(j *journey, at net.Addr) {
	t, ok := at.(*net.TCPAddr)
	if !ok {
		return
	}
	switch w.place(t.AddrPort().Addr()) {
	case public:
		j.public.Store(true)
	case private:
		j.private.Store(true)
	case local:
	}
}
