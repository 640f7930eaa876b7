package asic

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"ceralacca/signer/internal/xmlsig"
)

// file is an entry to write.
type file struct {
	name, body string
	deflate    bool
}

func pack(t testing.TB, comment string, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: zip.Store}
		if f.deflate {
			h.Method = zip.Deflate
		}
		e, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(e, f.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.SetComment(comment); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var (
	mimeE = file{name: "mimetype", body: MIMEExtended}
	mimeS = file{name: "mimetype", body: MIMESimple}
	text  = file{name: "a.txt", body: "hello"}
	xades = file{name: "META-INF/signatures.xml", body: "<x/>"}
)

func open(b []byte, lim Limits) (*Container, error) {
	return Open(context.Background(), bytes.NewReader(b), int64(len(b)), lim)
}

func hasCode(c *Container, code string) bool {
	for _, f := range c.Findings {
		if f.Code == code {
			return true
		}
	}
	return false
}

func TestRules(t *testing.T) {
	good := pack(t, "", mimeE, text, xades)
	renamed := bytes.Replace(good, []byte("a.txt"), []byte("b.txt"), 1) // the local header comes first
	tests := []struct {
		name string
		zip  []byte
		kind Kind
		code string // empty: none at all
	}{
		{"extended", good, Extended, ""},
		{"simple", pack(t, "", mimeS, text, xades), Simple, ""},
		{"by comment", pack(t, "mimetype="+MIMESimple, text, xades), Simple, "mimetype-missing"},
		{"by contents", pack(t, "", text, xades), Simple, "mimetype-missing"},
		{"mimetype not first", pack(t, "", text, mimeE, xades), Extended, "mimetype-not-first"},
		{"mimetype compressed", pack(t, "", file{"mimetype", MIMEExtended, true}, text, xades), Extended, "mimetype-compressed"},
		{"other mimetype", pack(t, "", file{"mimetype", "application/epub+zip", false}, text, xades), Other, "mimetype-unknown"},
		{"two of a name", pack(t, "", mimeE, text, file{name: "a.txt", body: "other"}, xades), Extended, "duplicate-entry"},
		{"way out", pack(t, "", mimeE, file{name: "../a.txt"}, xades), Extended, "unsafe-name"},
		{"absolute", pack(t, "", mimeE, file{name: "/a.txt"}, xades), Extended, "unsafe-name"},
		{"backslash", pack(t, "", mimeE, file{name: `..\a.txt`}, xades), Extended, "unsafe-name"},
		{"drive", pack(t, "", mimeE, file{name: "c:a.txt"}, xades), Extended, "unsafe-name"},
		{"colon, as Linux allows", pack(t, "", mimeE, file{name: "16:30.txt"}, xades), Extended, "unsafe-name"},
		{"bytes before", append([]byte("#!/bin/sh\n"), good...), Extended, "leading-data"},
		{"bytes after", append(bytes.Clone(good), "tail"...), Extended, "trailing-data"},
		{"other name in local header", renamed, Extended, "local-name-differs"},
		{"two objects in simple", pack(t, "", mimeS, text, file{name: "b.txt"}, xades), Simple, "several-data-objects"},
		{"no object", pack(t, "", mimeS, xades), Simple, "no-data-object"},
		{"no signature", pack(t, "", mimeE, text), Extended, "no-signature"},
		{"no manifest", pack(t, "", mimeE, text, file{name: "META-INF/signature.p7s"}), Extended, "manifest-missing"},
		{"broken manifest", pack(t, "", mimeE, text, file{name: "META-INF/ASiCManifest.xml", body: "<!DOCTYPE x>"}), Extended, "manifest-unreadable"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := open(tt.zip, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if c.Kind != tt.kind {
				t.Errorf("kind %d, want %d", c.Kind, tt.kind)
			}
			if tt.code == "" && len(c.Findings) > 0 || tt.code != "" && !hasCode(c, tt.code) {
				t.Errorf("findings %+v, want %q", c.Findings, tt.code)
			}
			for _, o := range c.Objects {
				if o.Safe == (tt.code == "unsafe-name") {
					t.Errorf("object %q safe %v", o.Name, o.Safe)
				}
			}
		})
	}
}

// TestNames: a name that leads out of the container is an error, one that only some system cannot use is not.
func TestNames(t *testing.T) {
	for name, want := range map[string]Severity{
		"../a.txt": Error, "/a.txt": Error, `..\a.txt`: Error, "c:a.txt": Error, "a/../../b": Error,
		"16:30.txt": Warning, "a//b": Warning, "./a": Warning,
	} {
		c, err := open(pack(t, "", mimeE, file{name: name}, xades), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(c.Findings, func(f Finding) bool { return f.Code == "unsafe-name" })
		if at < 0 || c.Findings[at].Severity != want {
			t.Errorf("%q: %+v", name, c.Findings)
		}
	}
}

func TestLimits(t *testing.T) {
	bomb := pack(t, "", mimeE, file{"a.bin", strings.Repeat("\x00", 8<<20), true}, xades)
	tests := []struct {
		name string
		zip  []byte
		lim  Limits
		what string
	}{
		{"entries", pack(t, "", mimeE, text, xades), Limits{Entries: 2}, "entries"},
		{"total", bomb, Limits{Total: 1 << 20}, "total"},
		{"part", pack(t, "", mimeE, text, file{name: "META-INF/signatures.xml", body: strings.Repeat(" ", 1000)}), Limits{Part: 100}, "part"},
		{"expansion", bomb, Limits{}, "expansion"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := open(tt.zip, tt.lim)
			if err == nil {
				for _, p := range c.Parts {
					err = errors.Join(err, p.Err)
				}
				for _, o := range c.Objects {
					_, e := c.OpenFile(o.Name)
					err = errors.Join(err, e)
				}
			}
			var e *LimitError
			if !errors.As(err, &e) || e.What != tt.what {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestLyingSize holds that an entry that unpacks to more than its directory entry says is an error, not a file.
func TestLyingSize(t *testing.T) {
	b := pack(t, "", mimeE, file{"a.txt", strings.Repeat("x", 5000), true}, xades)
	i := bytes.LastIndex(b, []byte("a.txt")) - 46
	binary.LittleEndian.PutUint32(b[i+24:], 10)
	c, err := open(b, Limits{})
	if err != nil {
		return // refused at once will do
	}
	r, err := c.OpenFile("a.txt")
	if err != nil {
		return
	}
	if got, err := io.ReadAll(r); err == nil || len(got) > 10 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestEntryName(t *testing.T) {
	c, err := open(pack(t, "", mimeE, file{name: "a b.txt"}, file{name: "c%20d.txt"}, file{name: "è.txt"},
		file{name: "x y"}, file{name: "x%20y"}, text, text, xades), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{
		"a%20b.txt": "a b.txt", "a b.txt": "a b.txt", "c%2520d.txt": "c%20d.txt", "c%20d.txt": "c%20d.txt",
		"%C3%A8.txt": "è.txt", "./a%20b.txt": "a b.txt", "/a%20b.txt": "a b.txt",
		"x%20y": "", "gone": "", "": "", "../a%20b.txt": "", "http://example.com/": "",
	}
	for uri, want := range tests {
		got, err := c.EntryName(uri)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", uri, got, err)
		}
	}
	if _, err := c.Resolve(context.Background(), "a.txt"); err == nil {
		t.Error("opened one of two entries of a name")
	}
}

func TestUncovered(t *testing.T) {
	c, err := open(pack(t, "", mimeE, text, file{name: "b c.txt"}, file{name: "d.txt"}, xades), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Uncovered([]string{"b%20c.txt", "gone", "#p", "a.txt"}); len(got) != 1 || got[0] != "d.txt" {
		t.Errorf("uncovered %q", got)
	}
}

func TestManifest(t *testing.T) {
	const manifest = `<ASiCManifest xmlns="http://uri.etsi.org/02918/v1.2.1#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#">` +
		`<SigReference URI="META-INF/signature001.p7s"/><DataObjectReference URI="a.txt" Rootfile="true">` +
		`<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>` +
		`<ds:DigestValue>LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=</ds:DigestValue></DataObjectReference></ASiCManifest>`
	p7s := file{name: "META-INF/signature001.p7s", body: "x"}
	for name, tt := range map[string]struct {
		object file
		want   xmlsig.State
	}{
		"good":    {text, xmlsig.Good},
		"changed": {file{name: "a.txt", body: "hullo"}, xmlsig.Bad},
		"gone":    {file{name: "b.txt", body: "hello"}, xmlsig.Unknown},
	} {
		c, err := open(pack(t, "", mimeE, tt.object, p7s, file{name: "META-INF/ASiCManifest001.xml", body: manifest}), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Parts) != 1 || c.Parts[0].Content != "META-INF/ASiCManifest001.xml" || c.Parts[0].Manifest == nil {
			t.Fatalf("%s: parts %+v", name, c.Parts)
		}
		o := c.Parts[0].Manifest.Objects
		if len(o) != 1 || o[0].State != tt.want || !o[0].Rootfile {
			t.Errorf("%s: objects %+v", name, o)
		}
	}
}

func TestNotZIP(t *testing.T) {
	for name, b := range map[string][]byte{"empty": nil, "text": []byte("hello"), "cut": pack(t, "", mimeE, text)[:100]} {
		var e *FormatError
		if _, err := open(b, Limits{}); !errors.As(err, &e) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzOpen holds that no bytes make the reader panic or read past its limits.
func FuzzOpen(f *testing.F) {
	f.Add(pack(f, "", mimeE, text, xades))
	f.Add(pack(f, "c", mimeS, file{"a.txt", strings.Repeat("x", 100), true}, file{name: "META-INF/ASiCManifest.xml", body: "<a/>"}))
	lim := Limits{Entries: 20, Part: 1 << 16, Total: 1 << 20}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := open(b, lim)
		if err != nil {
			return
		}
		for _, o := range c.Objects {
			r, err := c.OpenFile(o.Name)
			if err != nil {
				continue
			}
			if n, _ := io.Copy(io.Discard, r); n > lim.Total {
				t.Fatalf("%q gave %d bytes", o.Name, n)
			}
		}
	})
}

// In an ASiC-S there is one file that a reference can mean, whatever it is called; in an ASiC-E there is not.
func TestOtherName(t *testing.T) {
	for _, tt := range []struct {
		zip []byte
		ok  bool
	}{
		{pack(t, "", mimeS, text, xades), true},
		{pack(t, "", mimeS, text, file{name: "b.txt"}, xades), false},
		{pack(t, "", mimeE, text, xades), false},
	} {
		c, err := open(tt.zip, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		r, err := c.Resolve(context.Background(), "other.txt")
		if (err == nil) != tt.ok {
			t.Errorf("kind %d, %d objects: %v", c.Kind, len(c.Objects), err)
		}
		if err == nil {
			if b, err := io.ReadAll(r); err != nil || string(b) != text.body || len(c.Uncovered([]string{"other.txt"})) > 0 {
				t.Errorf("%q %v", b, err)
			}
		}
	}
}

// TestMalformed: what EU DSS answers FORMAT_FAILURE to, whatever the signature is worth.
func TestMalformed(t *testing.T) {
	list := file{name: "META-INF/manifest.xml", body: "<manifest/>"}
	cades := file{name: "META-INF/signature.p7s"}
	deep := file{name: "folder/a.txt"}
	for _, tt := range []struct {
		name string
		zip  []byte
		want string
	}{
		{"extended, XAdES", pack(t, "", mimeE, text, deep, list, xades), ""},
		{"extended, XAdES, no list", pack(t, "", mimeE, text, xades), "manifest-missing"},
		{"extended, CAdES, no list", pack(t, "", mimeE, text, list, cades), "manifest-missing"},
		{"extended, nothing to sign", pack(t, "", mimeE, list, xades), "no-data-object"},
		{"simple", pack(t, "", mimeS, text, xades), ""},
		{"simple, CAdES", pack(t, "", mimeS, text, cades), ""},
		{"simple, one in a folder too", pack(t, "", mimeS, text, deep, xades), ""},
		{"simple, only in a folder", pack(t, "", mimeS, deep, xades), "data-object-in-folder"},
		{"simple, two", pack(t, "", mimeS, text, file{name: "b.txt"}, xades), "several-data-objects"},
		{"simple, nothing to sign", pack(t, "", mimeS, xades), "no-data-object"},
		{"simple, a time-stamp alone", pack(t, "", mimeS, file{name: "META-INF/timestamp.tst"}), ""},
		{"no container by its type", pack(t, "", file{name: "mimetype", body: "application/epub+zip"}, xades), ""},
	} {
		c, err := open(tt.zip, Limits{})
		if err != nil || len(c.Parts) != 1 {
			t.Fatalf("%s: %v", tt.name, err)
		}
		got := ""
		if err := c.Malformed(c.Parts[0]); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// A file is hashed once, however often and in however many spellings manifests list it: it may be gigabytes long.
func TestManifestsHashOnce(t *testing.T) {
	const entry = `<DataObjectReference URI="%s"><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>AAAA</ds:DigestValue></DataObjectReference>`
	list := `<ASiCManifest xmlns="http://uri.etsi.org/02918/v1.2.1#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><SigReference URI="s"/>` +
		strings.Repeat(strings.ReplaceAll(entry, "%s", "a.txt"), 100) + strings.ReplaceAll(entry, "%s", "%61.txt") + strings.ReplaceAll(entry, "%s", "/a.tx%74") + `</ASiCManifest>`
	c, err := open(pack(t, "", mimeE, text, file{name: "META-INF/ASiCManifest001.xml", body: list}, file{name: "META-INF/ASiCManifest002.xml", body: list}), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.digests) != 1 || len(c.manifests) != 2 || len(c.manifests[0].m.Objects) != 102 {
		t.Errorf("%d digests for %d manifests", len(c.digests), len(c.manifests))
	}
	for _, o := range c.manifests[1].m.Objects {
		if o.State != xmlsig.Bad {
			t.Errorf("%s: %v %v", o.URI, o.State, o.Err)
		}
	}
}
