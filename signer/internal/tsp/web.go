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
	ctx, cancel := context.WithTimeout(req.Context(), defaultTimeout)
	defer cancel()
	client := *w.client()
	client.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects || !follow(next, via[0]) {
			return &WebError{URL: shown, Reason: "redirect"}
		}
		return w.allowed(next.URL)
	}
	resp, err := client.Do(req.WithContext(ctx))
	if err != nil {
		var refused *WebError
		if errors.As(err, &refused) {
			return nil, refused
		}
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
	if !w.AllowLocal && (host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && local(ip)) {
		return &WebError{URL: u.Redacted(), Reason: "local"}
	}
	return nil
}

// local are the addresses that a stranger's file must not reach through us: this machine and its link. Private
// networks stay reachable, an organisation's own authority lives there.
func local(ip netip.Addr) bool {
	ip = ip.Unmap()
	return ip.IsLoopback() || ip.IsUnspecified() || ip.IsLinkLocalUnicast() || ip.IsMulticast()
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
	guard := func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err == nil && !w.AllowLocal && local(at.Addr()) {
			return &WebError{URL: address, Reason: "local"}
		}
		return nil
	}
	guarded := &net.Dialer{Timeout: defaultTimeout, Control: guard}
	plain := &net.Dialer{Timeout: defaultTimeout}
	t := &http.Transport{
		Proxy:             proxy,
		DisableKeepAlives: true, // no connection, and no goroutine of it, outlives the call
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if _, ok := proxies.Load(address); ok {
				return plain.DialContext(ctx, network, address)
			}
			return guarded.DialContext(ctx, network, address)
		},
	}
	if w.Roots != nil {
		t.TLSClientConfig = &tls.Config{RootCAs: w.Roots, MinVersion: tls.VersionTLS12}
	}
	return t
}
