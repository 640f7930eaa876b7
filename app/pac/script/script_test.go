package script

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ceralacca/app/pac"
)

// TestMain lets the test program be the helper that it starts.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == pac.WorkerArg {
		os.Exit(Serve(os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

// A Wednesday.
var noon = time.Date(2026, time.March, 11, 12, 30, 15, 0, time.UTC)

func worldOf(t *testing.T) (*world, *int) {
	w, asked := newWorld(t.Context()), 0
	w.now = func() time.Time { return noon }
	w.own = func() []netip.Addr {
		return []netip.Addr{netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("2001:db8::7")}
	}
	w.resolve = func(_ context.Context, host string) ([]netip.Addr, error) {
		asked++
		switch host {
		case "intranet.studio.it":
			return []netip.Addr{netip.MustParseAddr("::ffff:10.9.8.7"), netip.MustParseAddr("fd00::1")}, nil
		case "six.studio.it":
			return []netip.Addr{netip.MustParseAddr("2001:db8::5")}, nil
		}
		return nil, errors.New("no such host")
	}
	return w, &asked
}

func TestFunctions(t *testing.T) {
	for _, c := range []struct{ what, want string }{
		{`isPlainHostName("server")`, "true"},
		{`isPlainHostName("a.it")`, "false"},
		{`dnsDomainIs("WWW.studio.it", ".studio.it")`, "true"},
		{`dnsDomainIs("www.altro.it", ".studio.it")`, "false"},
		{`localHostOrDomainIs("www", "www.studio.it")`, "true"},
		{`localHostOrDomainIs("www.studio.it", "www.studio.it")`, "true"},
		{`localHostOrDomainIs("ww", "www.studio.it")`, "false"},
		{`isResolvable("intranet.studio.it")`, "true"},
		{`isResolvable("six.studio.it")`, "false"},
		{`isResolvableEx("six.studio.it")`, "true"},
		{`isResolvable("nowhere.it")`, "false"},
		{`dnsResolve("intranet.studio.it")`, "10.9.8.7"},
		{`dnsResolve("nowhere.it")`, "null"},
		{`dnsResolveEx("intranet.studio.it")`, "10.9.8.7;fd00::1"},
		{`isInNet("intranet.studio.it", "10.0.0.0", "255.0.0.0")`, "true"},
		{`isInNet("10.0.0.1", "10.0.0.0", "255.255.255.0")`, "true"},
		{`isInNet("11.0.0.1", "10.0.0.0", "255.0.0.0")`, "false"},
		{`isInNet("nowhere.it", "0.0.0.0", "0.0.0.0")`, "false"},
		{`isInNetEx("intranet.studio.it", "fd00::/8")`, "true"},
		{`isInNetEx("intranet.studio.it", "rubbish")`, "false"},
		{`myIpAddress()`, "10.1.2.3"},
		{`myIpAddressEx()`, "10.1.2.3;2001:db8::7"},
		{`dnsDomainLevels("www.studio.it")`, "2"},
		{`shExpMatch("http://www.studio.it/a/b", "*/a/*")`, "true"},
		{`shExpMatch("www.studio.it", "www.?tudio.*")`, "true"},
		{`shExpMatch("www.studio.it", "studio.it")`, "false"},
		{`shExpMatch("a[b", "a[*")`, "true"},
		{`weekdayRange("WED")`, "true"},
		{`weekdayRange("MON", "FRI")`, "true"},
		{`weekdayRange("SAT", "TUE", "GMT")`, "false"},
		{`weekdayRange("FRI", "WED")`, "true"},
		{`weekdayRange("XYZ")`, "false"},
		{`dateRange(11)`, "true"},
		{`dateRange(1, 10)`, "false"},
		{`dateRange("MAR")`, "true"},
		{`dateRange("NOV", "APR")`, "true"},
		{`dateRange(2026)`, "true"},
		{`dateRange(1, "JAN", 10, "MAR")`, "false"},
		{`dateRange(1, "JAN", 2026, 31, "DEC", 2026, "GMT")`, "true"},
		{`dateRange("MAR", 2025, "FEB", 2026)`, "false"},
		{`dateRange("x")`, "false"},
		{`timeRange(12)`, "true"},
		{`timeRange(8, 12)`, "false"},
		{`timeRange(8, 13)`, "true"},
		{`timeRange(12, 30, 12, 30)`, "true"},
		{`timeRange(12, 30, 16, 12, 30, 59)`, "false"},
		{`timeRange(22, 6)`, "false"},
		{`timeRange()`, "false"},
		{`alert("x")`, "null"},
	} {
		w, _ := worldOf(t)
		got, err := find(t.Context(), `function FindProxyForURL(url, host) { return "" + `+c.what+` }`, "http://x/", "x", w)
		if err != nil || got != c.want {
			t.Errorf("%s: %q, %v; want %q", c.what, got, err, c.want)
		}
	}
}

func TestScripts(t *testing.T) {
	for _, c := range []struct{ name, script, want, fails string }{
		{"as companies write it", `function FindProxyForURL(url, host) {
			if (isPlainHostName(host) || dnsDomainIs(host, ".studio.it")) return "DIRECT";
			if (url.substring(0, 6) == "https:") return "PROXY proxy.studio.it:8080; DIRECT";
			return "SOCKS5 socks.studio.it"; }`, "PROXY proxy.studio.it:8080; DIRECT", ""},
		{"a variable", `var FindProxyForURL = (url, host) => host`, "ec.europa.eu", ""},
		{"null", `function FindProxyForURL() { return null }`, "", ""},
		{"nothing", `function FindProxyForURL() {}`, "", ""},
		{"a number", `function FindProxyForURL() { return 7 }`, "", "returns no text"},
		{"no function", `var x = 1`, "", "has no function"},
		{"not a script", `<html>Sign in</html>`, "", "SyntaxError"},
		{"its own error", `function FindProxyForURL() { throw "no" }`, "", "no"},
		{"unknown function", `function FindProxyForURL() { return frob() }`, "", "ReferenceError"},
		{
			"no file, no process, no network", `function FindProxyForURL() { return [typeof require, typeof process, typeof fetch, typeof XMLHttpRequest, typeof console].join() }`,
			"undefined,undefined,undefined,undefined,undefined", "",
		},
	} {
		w, _ := worldOf(t)
		got, err := find(t.Context(), c.script, "https://ec.europa.eu/", "ec.europa.eu", w)
		if got != c.want || (err == nil) != (c.fails == "") || err != nil && !strings.Contains(err.Error(), c.fails) {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
}

// A script may look many names up, and is answered for the first ones.
func TestLookupsAreBounded(t *testing.T) {
	w, asked := worldOf(t)
	_, err := find(t.Context(), `function FindProxyForURL() { for (var i = 0; i < 5000; i++) dnsResolve("n" + i % 100 + ".it"); return "DIRECT" }`, "http://x/", "x", w)
	if err != nil || *asked != maxLookups {
		t.Errorf("%d names were looked up, %v", *asked, err)
	}
}

// fileURL is the address of a file, also of one on a drive.
func fileURL(path string) string {
	return (&url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(filepath.ToSlash(path), "/")}).String()
}

// finder asks scripts in processes made of this test.
func finder(t *testing.T, script string) (*pac.Finder, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "proxy.pac")
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	return &pac.Finder{Patience: 4 * time.Second}, fileURL(path)
}

func at(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// A hostile script costs its process, and the program an error.
func TestHostileScripts(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       error
	}{
		{"endless loop", "for (;;) {}", pac.ErrTooLong},
		{"endless recursion", "return FindProxyForURL()", nil},
		{"many small things", "var a = []; for (;;) a.push(new Array(1000).fill(7))", nil},
		{"one huge string", "return 'x'.repeat(1 << 30)", nil},
		{"one huge list", "return new Array(1e9).join('abc')", nil},
		{"one huge typed array", "return '' + new ArrayBuffer(2e9).byteLength", nil},
		{"a long answer", "return 'DIRECT;'.repeat(1 << 20)", nil},
		{"a pattern that backtracks", "return /^(a+)+\\1$/.test('a'.repeat(200) + 'b') + ''", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, source := finder(t, "function FindProxyForURL(url, host) { "+c.body+" }")
			f.Patience = 1500 * time.Millisecond // all of them fail, late or soon
			_, err := f.Find(t.Context(), source, at(t, "http://x.it/"))
			var told *pac.ScriptError
			if !errors.As(err, &told) || c.want != nil && !errors.Is(err, c.want) || f.Failed() == nil {
				t.Errorf("%v", err)
			}
		})
	}
}

// An answer is asked for once, the script read once, and another script counts when the settings name another.
func TestFinderRemembers(t *testing.T) {
	var read atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `function FindProxyForURL(url, host) { return "PROXY p%d.it:%d" }`, read.Add(1), 8080)
	}))
	defer srv.Close()
	now := noon
	f := &pac.Finder{Now: func() time.Time { return now }}
	ask := func(want string) {
		t.Helper()
		for range 3 {
			to, err := f.Find(t.Context(), srv.URL+"/proxy.pac", at(t, "https://ec.europa.eu/tl?x=1"))
			if err != nil || to.String() != want {
				t.Fatalf("%v, %v", to, err)
			}
		}
	}
	ask("http://p1.it:8080")
	now = now.Add(2 * time.Hour)
	ask("http://p2.it:8080")
}

// Of several proxies the first that is there is taken; when none is, the first.
func TestFallBack(t *testing.T) {
	there, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	for _, c := range []struct{ name, ways, want string }{
		{"the second", "PROXY " + gone.Addr().String() + "; PROXY " + there.Addr().String(), "http://" + there.Addr().String()},
		{"direct", "PROXY " + gone.Addr().String() + "; DIRECT", ""},
		{"none", "PROXY " + gone.Addr().String() + "; SOCKS5 " + gone.Addr().String(), "http://" + gone.Addr().String()},
		{"a single one is not tried", "SOCKS5 " + gone.Addr().String(), "socks5://" + gone.Addr().String()},
	} {
		f, source := finder(t, `function FindProxyForURL() { return "`+c.ways+`" }`)
		to, err := f.Find(t.Context(), source, at(t, "http://x.it/"))
		got := ""
		if to != nil {
			got = to.String()
		}
		if err != nil || got != c.want {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
}

func TestNoScript(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/large":
			_, _ = w.Write(make([]byte, 2<<20))
		case "/empty":
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/file":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		default:
			http.NotFound(w, r)
		}
	}))
	defer srv.Close()
	for _, source := range []string{
		srv.URL + "/none", srv.URL + "/large", srv.URL + "/empty", srv.URL + "/loop", srv.URL + "/file",
		"file:///nowhere/proxy.pac", fileURL(t.TempDir()), "ftp://x/proxy.pac", "::", "javascript:alert(1)",
	} {
		var told *pac.ScriptError
		if _, err := new(pac.Finder).Find(t.Context(), source, at(t, "http://x.it/")); !errors.As(err, &told) {
			t.Errorf("%s: %v", source, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := new(pac.Finder).Find(ctx, srv.URL, at(t, "http://x.it/")); !errors.Is(err, context.Canceled) {
		t.Errorf("a question that was given up: %v", err)
	}
}

// What a script is told of an address is what browsers tell: nothing of the path of https, and no user ever.
func TestWhatAScriptIsTold(t *testing.T) {
	f, source := finder(t, `function FindProxyForURL(url, host) { throw url + " " + host }`)
	for in, want := range map[string]string{
		"https://u:p@ocsp.it:8443/secret?q": "https://ocsp.it:8443/ ocsp.it",
		"http://u:p@crl.it/a/b.crl?x=1":     "http://crl.it/a/b.crl?x=1 crl.it",
		"http://[2001:db8::1]":              "http://[2001:db8::1]/ 2001:db8::1",
	} {
		if _, err := f.Find(t.Context(), source, at(t, in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", in, err)
		}
	}
}
