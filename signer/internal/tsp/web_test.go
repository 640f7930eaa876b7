package tsp

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"runtime"
	"strings"
	"testing"
)

// The places of these tests are addresses of this machine: 127.0.0.2 stands for the Internet, 127.0.0.3 for a private
// network, the rest is local.
func mapped(ip netip.Addr) place {
	switch ip.Unmap().String() {
	case "127.0.0.2":
		return public
	case "127.0.0.3":
		return private
	}
	return local
}

// serve answers at an address of this machine; "/to?URL" redirects there.
func serve(t *testing.T, at string) string {
	t.Helper()
	l, err := net.Listen("tcp", at+":0")
	if err != nil {
		t.Skipf("%s cannot be listened at here: %v", at, err) // macOS has 127.0.0.1 alone
	}
	srv := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/to" {
			to, _ := url.QueryUnescape(r.URL.RawQuery)
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusTemporaryRedirect)
			return
		}
		_, _ = w.Write([]byte("secret"))
	})}}
	srv.Start()
	t.Cleanup(srv.Close)
	return srv.URL
}

// A file of a stranger leads nowhere but where it should: neither directly nor by a redirect, by GET (CRL, issuers,
// lists) as by POST (OCSP, time-stamps), by address or by name.
func TestWayInIsGuarded(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the names of the test are for a Unix resolver")
	}
	world, inside, here := serve(t, "127.0.0.2"), serve(t, "127.0.0.3"), serve(t, "127.0.0.1")
	to := func(from, at string) string { return from + "/to?" + url.QueryEscape(at) }
	_, port, _ := strings.Cut(strings.TrimPrefix(here, "http://"), ":")
	for _, c := range []struct{ name, address, want string }{
		{"the Internet", world + "/crl", ""},
		{"a private network, named by the file", inside + "/crl", ""},
		{"this machine", here + "/crl", "local"},
		{"this machine by name", "http://localhost:" + port + "/crl", "local"},
		{"this machine by name, with a dot", "http://localhost.:" + port + "/crl", "local"},
		{"this machine by another name", "http://x.localhost:" + port + "/crl", "local"},
		{"this machine in IPv6", "http://[::1]:" + port + "/", "local"},
		{"this machine in IPv6 of IPv4", "http://[::ffff:127.0.0.1]:" + port + "/", "local"},
		{"a file", "file:///etc/passwd", "scheme"},
		{"a directory", "ldap://127.0.0.2/cn=x", "scheme"},
		{"no host", "http:///x", "scheme"},
		{"from the Internet to the Internet", to(world, world), ""},
		{"from the Internet to a private network", to(world, inside), "local"},
		{"from the Internet to this machine", to(world, here), "local"},
		{"from the Internet to this machine by name", to(world, "http://localhost:"+port), "local"},
		{"from the Internet to a file", to(world, "file:///etc/passwd"), "scheme"},
		{"from the Internet to another protocol", to(world, "gopher://127.0.0.2/"), "scheme"},
		{"by two steps to this machine", to(world, to(world, here)), "local"},
		{"by two steps to a private network", to(world, to(world, inside)), "local"},
		{"within a private network", to(inside, inside), ""},
		{"from a private network to the Internet and back", to(inside, to(world, inside)), "local"},
		{"from a private network to this machine", to(inside, here), "local"},
	} {
		for _, how := range []string{"GET", "POST"} {
			w := &Web{where: mapped, Proxy: func(*http.Request) (*url.URL, error) { return nil, nil }}
			ask := func() ([]byte, error) { return w.Get(t.Context(), c.address, 100) }
			if how == "POST" {
				ask = func() ([]byte, error) { return w.Post(t.Context(), c.address, "x/y", "", []byte("q"), nil, 100) }
			}
			got, err := ask()
			var refused *WebError
			reason := ""
			if errors.As(err, &refused) {
				reason = refused.Reason
			}
			if how == "POST" && c.want == "scheme" && reason == "redirect" { // a POST stays at its scheme
				reason = "scheme"
			}
			if reason != c.want || err == nil && string(got) != "secret" {
				t.Errorf("%s %s: %v", how, c.name, err)
			}
		}
	}
}

// A name that leads to this machine is refused when it has been resolved: it is not the name that counts.
func TestNamesAreGuardedByWhereTheyLead(t *testing.T) {
	world, inside, here := serve(t, "127.0.0.2"), serve(t, "127.0.0.3"), serve(t, "127.0.0.1")
	names := map[string]string{"ocsp.ca.it.": "127.0.0.1", "crl.ca.it.": "127.0.0.3", "www.ca.it.": "127.0.0.2"}
	useNames(t, names)
	named := func(server, name string) string {
		u, _ := url.Parse(server)
		return "http://" + name + ":" + u.Port()
	}
	for _, c := range []struct{ name, address, want string }{
		{"the Internet", named(world, "www.ca.it"), ""},
		{"this machine", named(here, "ocsp.ca.it"), "local"},
		{"a private network, named by the file", named(inside, "crl.ca.it"), ""},
		{"sent to a private network", named(world, "www.ca.it") + "/to?" + url.QueryEscape(named(inside, "crl.ca.it")), "local"},
		{"sent to this machine", named(world, "www.ca.it") + "/to?" + url.QueryEscape(named(here, "ocsp.ca.it")), "local"},
	} {
		w := &Web{where: mapped, Proxy: func(*http.Request) (*url.URL, error) { return nil, nil }}
		got, err := w.Get(t.Context(), c.address, 100)
		var refused *WebError
		if errors.As(err, &refused) && refused.Reason != c.want || err == nil && (c.want != "" || string(got) != "secret") {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
}

// Behind a proxy nobody tells where a server is; a private address that is written out is refused all the same.
func TestRedirectBehindAProxy(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Host == "crl.ca.it" {
			http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusFound)
			return
		}
		_, _ = w.Write([]byte("secret"))
	}))
	defer proxy.Close()
	at, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	for to, want := range map[string]string{"http://www.ca.it/": "", "http://192.168.1.1/": "local", "http://127.0.0.1/": "local", "http://169.254.169.254/": "local"} {
		w := &Web{Proxy: http.ProxyURL(at)}
		got, err := w.Get(t.Context(), "http://crl.ca.it/?to="+url.QueryEscape(to), 100)
		var refused *WebError
		if errors.As(err, &refused) && refused.Reason != want || err == nil && (want != "" || string(got) != "secret") {
			t.Errorf("%s: %q, %v", to, got, err)
		}
	}
}

func TestPlaces(t *testing.T) {
	for at, want := range map[string]place{
		"8.8.8.8": public, "2001:4860::1": public, "10.0.0.1": private, "172.16.5.5": private, "192.168.0.1": private, "fd00::1": private,
		"100.64.0.1": private, "127.0.0.1": local, "127.9.9.9": local, "::1": local, "0.0.0.0": local, "0.1.2.3": local, "::": local,
		"169.254.169.254": local, "fe80::1": local, "224.0.0.1": local, "ff02::1": local, "::ffff:127.0.0.1": local,
		"::ffff:10.0.0.1": private, "64:ff9b::7f00:1": local, "64:ff9b::a00:1": private, "64:ff9b::808:808": public,
	} {
		if got := new(Web).place(netip.MustParseAddr(at)); got != want {
			t.Errorf("%s: %d, want %d", at, got, want)
		}
	}
}

// useNames has names resolved by a server of this test, until it ends.
func useNames(t *testing.T, names map[string]string) {
	t.Helper()
	at, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { at.Close() })
	go answerNames(at, names)
	before := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", at.LocalAddr().String())
	}}
	t.Cleanup(func() { net.DefaultResolver = before })
}

// answerNames answers questions for IPv4 addresses, and says of all others that there is nothing (RFC 1035).
func answerNames(at net.PacketConn, names map[string]string) {
	q := make([]byte, 512)
	for {
		n, from, err := at.ReadFrom(q)
		if err != nil {
			return
		}
		name, end := "", 12
		for end < n && q[end] != 0 {
			name += string(q[end+1:end+1+int(q[end])]) + "."
			end += 1 + int(q[end])
		}
		end += 5 // the last length, type and class
		out := append([]byte{q[0], q[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, q[12:end]...)
		if ip, known := names[strings.ToLower(name)]; known && q[end-3] == 1 {
			out[7] = 1
			out = append(out, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4)
			four := netip.MustParseAddr(ip).As4()
			out = append(out, four[:]...)
		}
		_, _ = at.WriteTo(out, from)
	}
}
