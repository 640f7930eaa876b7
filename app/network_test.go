package app

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"ceralacca/app/pac"
	"ceralacca/assets"
	"ceralacca/signer/trust"
)

func selfSigned(t *testing.T, name string) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: now, NotAfter: now.AddDate(1, 0, 0), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func TestAnchorsOfThePerson(t *testing.T) {
	dir := t.TempDir()
	e := New(Config{Dir: dir, Assets: assets.FS, Offline: true})
	file := put(t, t.TempDir(), "due.pem", append(selfSigned(t, "CA dello studio"), selfSigned(t, "Altra CA")...))
	if err := e.AddAnchors(file); err != nil {
		t.Fatal(err)
	}
	if err := e.AddAnchors(file); err != nil { // once more is no second anchor
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil { // they were kept, not pointed to
		t.Fatal(err)
	}
	again := New(Config{Dir: dir, Assets: assets.FS, Offline: true})
	got := again.AddedAnchors()
	if len(got) != 2 || got[0].Name != "Altra CA" || got[1].Name != "CA dello studio" || again.ExtraAnchors() != 2 {
		t.Fatalf("kept %+v, counted %d", got, again.ExtraAnchors())
	}
	if r, err := again.Trust(t.Context()); err != nil || r.ExtraAnchors != 2 {
		t.Errorf("the report counts %d, %v", r.ExtraAnchors, err)
	}
	if err := again.RemoveAnchor(got[0].ID); err != nil || len(e.AddedAnchors()) != 1 {
		t.Errorf("%v, %d left", err, len(e.AddedAnchors()))
	}
	if err := again.RemoveAnchor("../settings"); err == nil {
		t.Error("something that is no anchor was removed")
	}
	var none *NoAnchorsError
	if err := e.AddAnchors(put(t, t.TempDir(), "vuoto.pem", []byte("niente"))); !errors.As(err, &none) {
		t.Errorf("a file without certificates: %v", err)
	}
}

// The choice to work offline counts from the moment it is made, and for the next run.
func TestOfflineSetting(t *testing.T) {
	dir := t.TempDir()
	e := New(Config{Dir: dir, Assets: assets.FS})
	if e.offline() {
		t.Fatal("offline without having been asked")
	}
	first, err := e.trust()
	if err != nil {
		t.Fatal(err)
	}
	e.hold(Settings{Offline: true})
	second, err := e.trust()
	if err != nil || first == second {
		t.Fatalf("the lists stayed as they were, %v", err)
	}
	if err := e.RefreshTrust(t.Context()); !errors.Is(err, trust.ErrOffline) {
		t.Errorf("refreshing offline: %v", err)
	}
	if err := e.SaveSettings(Settings{Offline: true}); err != nil {
		t.Fatal(err)
	}
	if again := New(Config{Dir: dir}); !again.offline() {
		t.Error("the next run is not offline")
	}
	if err := os.WriteFile(e.settingsFile(), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if !New(Config{Dir: dir}).offline() {
		t.Error("settings that cannot be read let the program go online")
	}
}

// A server that only an own authority vouches for is believed with it, and not without.
func TestOwnAuthority(t *testing.T) {
	srv := httptest.NewTLSServer(http.NotFoundHandler())
	defer srv.Close()
	ca := put(t, t.TempDir(), "ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}))
	e := New(Config{Dir: t.TempDir()})
	if roots, err := e.roots(); roots != nil || err != nil {
		t.Fatalf("%v, %v", roots, err)
	}
	if err := e.SetNetworkAuthorities(ca); err != nil {
		t.Fatal(err)
	}
	roots, err := e.roots()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := srv.Certificate().Verify(x509.VerifyOptions{Roots: roots}); err != nil {
		t.Error(err)
	}
	if got := e.NetworkAuthorities(); len(got) != 1 {
		t.Errorf("tells %d authorities", len(got))
	}
	if err := e.SetNetworkAuthorities(""); err != nil || e.caFile() != "" {
		t.Errorf("%v: still there", err)
	}
	if _, err := New(Config{CA: filepath.Join(t.TempDir(), "nowhere.pem")}).roots(); err == nil {
		t.Error("a bundle that is not there was taken for none")
	}
}

func TestProxies(t *testing.T) {
	windows := parseWindows("proxy.studio.it:8080", "*.interno.it;<local>;10.0.0.0/8")
	each := parseWindows("http=a:1;https=b:2;ftp=c:3", "")
	scutil := parseScutil("<dictionary> {\n  ExceptionsList : <array> {\n    0 : *.local\n    1 : 169.254/16\n  }\n  HTTPEnable : 1\n  HTTPPort : 3128\n  HTTPProxy : proxy.mac\n  HTTPSEnable : 0\n  HTTPSPort : 9\n  HTTPSProxy : x\n}\n")
	for _, c := range []struct {
		name string
		p    proxies
		url  string
		want string
	}{
		{"for all", windows, "https://ec.europa.eu/x", "http://proxy.studio.it:8080"},
		{"a name of the house", windows, "http://ocsp.interno.it/", ""},
		{"without a dot", windows, "http://server/", ""},
		{"a net", windows, "http://10.1.2.3/", ""},
		{"by scheme", each, "http://x.it", "http://a:1"},
		{"by scheme, https", each, "https://x.it", "http://b:2"},
		{"none", parseWindows("", ""), "https://x.it", ""},
		{"rubbish", parseWindows("://", ""), "https://x.it", ""},
		{"of a Mac", scutil, "http://x.it", "http://proxy.mac:3128"},
		{"of a Mac, switched off", scutil, "https://x.it", ""},
		{"of a Mac, an exception", scutil, "http://stampante.local", ""},
		{"empty answer", parseScutil(""), "http://x.it", ""},
	} {
		u, err := url.Parse(c.url)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if p := c.p.choose(u); p != nil {
			got = p.String()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// What the settings of the desktops say; a script that would have to be looked for in the network is none.
func TestProxiesOfDesktops(t *testing.T) {
	const gnome = "org.gnome.system.proxy mode 'MODE'\norg.gnome.system.proxy autoconfig-url 'http://pac.studio.it/proxy.pac'\n" +
		"org.gnome.system.proxy ignore-hosts ['localhost', '127.0.0.0/8', '*.interno.it']\norg.gnome.system.proxy.http host 'proxy.studio.it'\n" +
		"org.gnome.system.proxy.http port 8080\norg.gnome.system.proxy.https host ''\norg.gnome.system.proxy.https port 0\n"
	const kde = "[Other]\nProxyType=0\n[Proxy Settings]\nNoProxyFor=.interno.it,localhost\nProxy Config Script=SCRIPT\nProxyType=TYPE\n" +
		"httpProxy[$e]=http://proxy.studio.it 8080\nhttpsProxy=http://altro.it:3128\n"
	const mac = "<dictionary> {\n  ProxyAutoConfigEnable : %\n  ProxyAutoConfigURLString : http://pac.studio.it/proxy.pac\n"
	kdeOf := func(kind, script string) proxies {
		return parseKDE(strings.NewReplacer("TYPE", kind, "SCRIPT", script).Replace(kde))
	}
	hosts := []string{"localhost", "127.0.0.0/8", "*.interno.it"}
	for _, c := range []struct {
		name string
		p    proxies
		want proxies
	}{
		{"GNOME, by script", parseGNOME(strings.Replace(gnome, "MODE", "auto", 1)), proxies{script: "http://pac.studio.it/proxy.pac"}},
		{"GNOME, to be looked for", parseGNOME("org.gnome.system.proxy mode 'auto'\norg.gnome.system.proxy autoconfig-url ''\n"), proxies{}},
		{"GNOME, by hand", parseGNOME(strings.Replace(gnome, "MODE", "manual", 1)), proxies{http: "proxy.studio.it:8080", direct: hosts}},
		{"GNOME, none", parseGNOME(strings.Replace(gnome, "MODE", "none", 1)), proxies{}},
		{"GNOME, no answer", parseGNOME(""), proxies{}},
		{"KDE, by script", kdeOf("2", "https://pac.studio.it/x"), proxies{script: "https://pac.studio.it/x"}},
		{"KDE, by a script in a file", kdeOf("2", "/etc/proxy.pac"), proxies{script: "file:///etc/proxy.pac"}},
		{"KDE, to be looked for", kdeOf("3", ""), proxies{}},
		{"KDE, by hand", kdeOf("1", ""), proxies{http: "http://proxy.studio.it:8080", https: "http://altro.it:3128", direct: []string{"*.interno.it", "localhost"}}},
		{"KDE, none", kdeOf("0", ""), proxies{}},
		{"of a Mac, by script", parseScutil(strings.ReplaceAll(mac, "%", "1") + "}"), proxies{script: "http://pac.studio.it/proxy.pac"}},
		{"of a Mac, switched off", parseScutil(strings.ReplaceAll(mac, "%", "0") + "}"), proxies{}},
	} {
		if !reflect.DeepEqual(c.p, c.want) {
			t.Errorf("%s: %+v", c.name, c.p)
		}
	}
}

// fileURL is the address of a file, also of one on a drive.
func fileURL(path string) string {
	return (&url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(filepath.ToSlash(path), "/")}).String()
}

// The script of the system decides, and where it cannot be followed the rest of the settings.
func TestProxyByScript(t *testing.T) {
	dir := t.TempDir()
	script := func(name, body string) string {
		return fileURL(put(t, dir, name, []byte("function FindProxyForURL(url, host) { "+body+" }")))
	}
	u, err := url.Parse("https://ec.europa.eu/tools/lotl/eu-lotl.xml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, script, https, want string }{
		{"followed", script("a.pac", `return shExpMatch(host, "*.europa.eu") ? "PROXY p.it:8080" : "DIRECT"`), "hand.it:1", "http://p.it:8080"},
		{"direct", script("b.pac", `return "DIRECT"`), "hand.it:1", ""},
		{"broken, with a proxy by hand", script("c.pac", `return frob`), "hand.it:1", "http://hand.it:1"},
		{"broken", script("d.pac", `return frob`), "", ""},
		{"not there", "file:///nowhere.pac", "", ""},
	} {
		var f pac.Finder
		got := ""
		to, err := proxies{https: c.https, script: c.script}.find(t.Context(), &f, u)
		if to != nil {
			got = to.String()
		}
		if err != nil || got != c.want {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
	given, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (proxies{script: "file:///x.pac"}).find(given, new(pac.Finder), u); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
}

func FuzzProxies(f *testing.F) {
	f.Add("a:1;http=b", "*.x;<local>", "host")
	f.Fuzz(func(t *testing.T, server, override, host string) {
		for _, p := range []proxies{parseWindows(server, override), parseScutil(server), parseGNOME(server), parseKDE(server)} {
			if u := p.choose(&url.URL{Scheme: "https", Host: host}); u != nil && u.Host == "" {
				t.Errorf("a proxy without a host: %v", u)
			}
		}
	})
}
