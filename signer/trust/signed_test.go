package trust

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"
)

// draft is a trusted list to be made by a test.
type draft struct {
	version, sequence int
	territory, typ    string
	uris              []string
	next              time.Time
	pointers          string
	services          string
}

const dsig = "http://www.w3.org/2000/09/xmldsig#"

// sign writes the list, every element in canonical form already, and signs it as a whole.
func (d draft) sign(t testing.TB, by *party) []byte {
	t.Helper()
	var uris strings.Builder
	for _, u := range d.uris {
		uris.WriteString(`<URI xml:lang="en">` + u + `</URI>`)
	}
	if d.version == 0 {
		d.version = 6
	}
	if d.next.IsZero() {
		d.next = testNow.AddDate(0, 3, 0)
	}
	open := `<TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#">`
	body := fmt.Sprintf(`<SchemeInformation><TSLVersionIdentifier>%d</TSLVersionIdentifier>`+
		`<TSLSequenceNumber>%d</TSLSequenceNumber><TSLType>%s</TSLType><SchemeInformationURI>%s</SchemeInformationURI>`+
		`<SchemeTerritory>%s</SchemeTerritory><PointersToOtherTSL>%s</PointersToOtherTSL>`+
		`<ListIssueDateTime>%s</ListIssueDateTime><NextUpdate><dateTime>%s</dateTime></NextUpdate></SchemeInformation>`+
		`<TrustServiceProviderList><TrustServiceProvider><TSPInformation><TSPName><Name xml:lang="en">Prova</Name></TSPName>`+
		`</TSPInformation><TSPServices>%s</TSPServices></TrustServiceProvider></TrustServiceProviderList>`,
		d.version, d.sequence, d.typ, uris.String(), d.territory, d.pointers,
		testNow.AddDate(0, -1, 0).Format(time.RFC3339), d.next.Format(time.RFC3339), d.services)
	end := `</TrustServiceStatusList>`
	sum := sha256.Sum256([]byte(open + body + end))
	algorithm := func(name, uri string) string { return fmt.Sprintf(`<%s Algorithm="%s"></%s>`, name, uri, name) }
	exclusive := "http://www.w3.org/2001/10/xml-exc-c14n#"
	info := `<SignedInfo xmlns="` + dsig + `">` + algorithm("CanonicalizationMethod", exclusive) +
		algorithm("SignatureMethod", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256") + `<Reference URI=""><Transforms>` +
		algorithm("Transform", dsig+"enveloped-signature") + algorithm("Transform", exclusive) + `</Transforms>` +
		algorithm("DigestMethod", "http://www.w3.org/2001/04/xmlenc#sha256") +
		`<DigestValue>` + base64.StdEncoding.EncodeToString(sum[:]) + `</DigestValue></Reference></SignedInfo>`
	digest := sha256.Sum256([]byte(info))
	r, s, err := ecdsa.Sign(rand.Reader, by.key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	value := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	return []byte(open + body + `<Signature xmlns="` + dsig + `">` + info +
		`<SignatureValue>` + base64.StdEncoding.EncodeToString(value) + `</SignatureValue><KeyInfo><X509Data><X509Certificate>` +
		b64(by) + `</X509Certificate></X509Data></KeyInfo></Signature>` + end)
}

func b64(p *party) string { return base64.StdEncoding.EncodeToString(p.x.Raw) }

func pointerXML(territory, typ, url string, signers ...*party) string {
	var ids strings.Builder
	for _, s := range signers {
		ids.WriteString(`<ServiceDigitalIdentity><DigitalId><X509Certificate>` + b64(s) + `</X509Certificate></DigitalId></ServiceDigitalIdentity>`)
	}
	other := func(name, v string) string {
		return `<OtherInformation><` + name + `>` + v + `</` + name + `></OtherInformation>`
	}
	return `<OtherTSLPointer><ServiceDigitalIdentities>` + ids.String() + `</ServiceDigitalIdentities><TSLLocation>` + url +
		`</TSLLocation><AdditionalInformation>` + other("TSLType", typ) + other("SchemeTerritory", territory) +
		other("MimeType", mimeList) + `</AdditionalInformation></OtherTSLPointer>`
}

// stateXML is the inside of a ServiceInformation or of a ServiceHistoryInstance.
func stateXML(typ, status string, from time.Time, c *party, extensions string) string {
	return `<ServiceTypeIdentifier>` + prefixType + typ + `</ServiceTypeIdentifier><ServiceName><Name xml:lang="en">` + typ +
		`</Name></ServiceName><ServiceDigitalIdentity><DigitalId><X509Certificate>` + b64(c) + `</X509Certificate></DigitalId>` +
		`</ServiceDigitalIdentity><ServiceStatus>` + prefixStatus + status + `</ServiceStatus><StatusStartingTime>` +
		from.Format(time.RFC3339) + `</StatusStartingTime><ServiceInformationExtensions>` + extensions + `</ServiceInformationExtensions>`
}

func serviceXML(info string, history ...string) string {
	s := `<TSPService><ServiceInformation>` + info + `</ServiceInformation>`
	for _, h := range history {
		s += `<ServiceHistory><ServiceHistoryInstance>` + h + `</ServiceHistoryInstance></ServiceHistory>`
	}
	return s + `</TSPService>`
}

func purposeXML(names ...string) string {
	s := ""
	for _, n := range names {
		s += `<Extension Critical="true"><AdditionalServiceInformation><URI xml:lang="en">` + prefixInfo + n +
			`</URI></AdditionalServiceInformation></Extension>`
	}
	return s
}

func qualifierXML(name, criteria string) string {
	return `<Extension Critical="true"><Qualifications><QualificationElement><Qualifiers><Qualifier uri="` + prefixInfo + name +
		`"></Qualifier></Qualifiers>` + criteria + `</QualificationElement></Qualifications></Extension>`
}

// files is a network that has these addresses and no others.
type files map[string][]byte

func (f files) RoundTrip(r *http.Request) (*http.Response, error) {
	b, ok := f[r.URL.String()]
	resp := &http.Response{StatusCode: http.StatusOK, Request: r, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(b)))}
	if !ok {
		resp.StatusCode = http.StatusNotFound
	}
	return resp, nil
}

func anchorFS(ps ...*party) fstest.MapFS {
	m := fstest.MapFS{}
	for i, p := range ps {
		m[fmt.Sprintf("anchors/%d.pem", i)] = &fstest.MapFile{Data: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.x.Raw})}
	}
	return m
}

const (
	urlLOTL = "https://lists.example/lotl.xml"
	urlIT   = "https://lists.example/it.xml"
)

// union is a Union of its own: a list of lists and an Italian list that can be changed.
type union struct {
	t            *testing.T
	lotl, agency *party
	web          files
	cache        string
	assets       fstest.MapFS
}

func newUnion(t *testing.T) *union {
	t.Helper()
	u := &union{t: t, lotl: issue(t, nil, "Commissione", nil), agency: issue(t, nil, "Agenzia", nil), web: files{}, cache: t.TempDir()}
	u.assets = anchorFS(u.lotl)
	u.web[urlLOTL] = u.list(10).sign(t, u.lotl)
	u.web[urlIT] = draft{sequence: 20, territory: "IT"}.sign(t, u.agency)
	return u
}

func (u *union) list(sequence int) draft {
	return draft{
		sequence: sequence, territory: "EU", typ: typeLOTL, uris: []string{"https://journal.example/1"},
		pointers: pointerXML("EU", typeLOTL, urlLOTL, u.lotl) + pointerXML("IT", "x", urlIT, u.agency),
	}
}

func (u *union) store(change func(*Config)) *Store {
	u.t.Helper()
	c := Config{
		Assets: u.assets, Cache: u.cache, HTTP: &http.Client{Transport: u.web}, LOTL: urlLOTL,
		Journal: "https://journal.example/1", Now: func() time.Time { return testNow },
	}
	if change != nil {
		change(&c)
	}
	s, err := Open(c)
	if err != nil {
		u.t.Fatal(err)
	}
	return s
}

func (u *union) sequences(s *Store) map[string]int {
	m := map[string]int{}
	for _, l := range s.Status(u.t.Context()).Lists {
		m[l.Territory] = l.Sequence
	}
	return m
}

func TestRefresh(t *testing.T) {
	stranger := issue(t, nil, "Estraneo", nil)
	tests := []struct {
		name   string
		change func(u *union)
		reason string // of the refusal
	}{
		{"good", func(u *union) { u.web[urlIT] = draft{sequence: 21, territory: "IT"}.sign(u.t, u.agency) }, ""},
		{"same again", func(*union) {}, ""},
		{"downgraded", func(u *union) { u.web[urlIT] = draft{sequence: 19, territory: "IT"}.sign(u.t, u.agency) }, "downgrade"},
		{"list of lists downgraded", func(u *union) { u.web[urlLOTL] = u.list(9).sign(u.t, u.lotl) }, "downgrade"},
		{"out of date", func(u *union) {
			u.web[urlIT] = draft{sequence: 21, territory: "IT", next: testNow.AddDate(0, 0, -1)}.sign(u.t, u.agency)
		}, "out-of-date"},
		{"wrong signer", func(u *union) { u.web[urlIT] = draft{sequence: 21, territory: "IT"}.sign(u.t, stranger) }, "signer"},
		{"signed by the Union instead", func(u *union) { u.web[urlIT] = draft{sequence: 21, territory: "IT"}.sign(u.t, u.lotl) }, "signer"},
		{"wrong signer of the list of lists", func(u *union) { u.web[urlLOTL] = u.list(11).sign(u.t, stranger) }, "signer"},
		{"another country's", func(u *union) { u.web[urlIT] = draft{sequence: 21, territory: "FR"}.sign(u.t, u.agency) }, "territory"},
		{"another version", func(u *union) { u.web[urlIT] = draft{version: 7, sequence: 21, territory: "IT"}.sign(u.t, u.agency) }, "format"},
		{"tampered", func(u *union) {
			u.web[urlIT] = []byte(strings.Replace(string(u.web[urlIT]), ">20<", ">21<", 1))
		}, "signature"},
		{"not signed", func(u *union) {
			s := string(u.web[urlIT])
			i, j := strings.Index(s, "<Signature "), strings.Index(s, "</Signature>")+len("</Signature>")
			u.web[urlIT] = []byte(s[:i] + s[j:])
		}, "signature"},
		{"a page", func(u *union) { u.web[urlIT] = []byte("<html><body>Servizio sospeso</body></html>") }, "signature"},
		{"a page instead of the list of lists", func(u *union) { u.web[urlLOTL] = []byte("<!DOCTYPE html><title>Login</title>") }, "signature"},
		{"truncated", func(u *union) { u.web[urlIT] = u.web[urlIT][:len(u.web[urlIT])-20] }, "signature"},
		{"huge", func(u *union) {
			u.web[urlIT] = append(draft{sequence: 21, territory: "IT"}.sign(u.t, u.agency), bytes.Repeat([]byte(" "), maxListSize)...)
		}, "network"},
		{"of version 5", func(u *union) { u.web[urlIT] = draft{version: 5, sequence: 21, territory: "IT"}.sign(u.t, u.agency) }, ""},
		{"nothing", func(u *union) { u.web[urlIT] = nil }, "signature"},
		{"gone", func(u *union) { delete(u.web, urlIT) }, "network"},
		{"no pointer", func(u *union) {
			d := u.list(11)
			d.pointers = ""
			u.web[urlLOTL] = d.sign(u.t, u.lotl)
		}, "pointer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := newUnion(t)
			s := u.store(nil)
			if err := s.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			before := u.sequences(s)
			tt.change(u)
			err := s.Refresh(t.Context())
			var le *ListError
			if tt.reason == "" && err != nil || tt.reason != "" && (!errors.As(err, &le) || le.Reason != tt.reason) {
				t.Errorf("got %v, want %q", err, tt.reason)
			}
			after := u.sequences(s)
			if tt.reason != "" && after["IT"] != before["IT"] {
				t.Errorf("the refused list is in use: %v", after)
			}
			// What is on disk must be what was good, too.
			offline := u.sequences(u.store(func(c *Config) { c.Offline = true }))
			if offline["EU"] != after["EU"] || tt.reason != "pointer" && offline["IT"] != after["IT"] {
				t.Errorf("on disk: %v, in use: %v", offline, after)
			}
		})
	}
}

// TestGenerations damages the newest generation on disk: the one before serves.
func TestGenerations(t *testing.T) {
	u := newUnion(t)
	if err := u.store(nil).Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	u.web[urlIT] = draft{sequence: 21, territory: "IT"}.sign(t, u.agency)
	if err := u.store(nil).Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	read := func() int { return u.sequences(u.store(func(c *Config) { c.Offline = true }))["IT"] }
	if n := read(); n != 21 {
		t.Errorf("newest: %d", n)
	}
	name := filepath.Join(u.cache, "IT.xml")
	doc, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, doc[:len(doc)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if n := read(); n != 20 {
		t.Errorf("after damage: %d", n)
	}
	if err := os.Remove(filepath.Join(u.cache, "IT.previous.xml")); err != nil {
		t.Fatal(err)
	}
	if n := read(); n != 0 {
		t.Errorf("without any: %d", n)
	}
	if left, err := filepath.Glob(filepath.Join(u.cache, ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// TestPivots changes the signer of the list of lists twice since the shipped anchors.
func TestPivots(t *testing.T) {
	second, third := issue(t, nil, "Seconda", nil), issue(t, nil, "Terza", nil)
	p1, p2 := "https://lists.example/pivot-30.xml", "https://lists.example/pivot-40.xml"
	setup := func(t *testing.T) *union {
		u := newUnion(t)
		self := func(seq int, next *party) draft {
			d := u.list(seq)
			d.pointers = pointerXML("EU", typeLOTL, urlLOTL, next) + pointerXML("IT", "x", urlIT, u.agency)
			return d
		}
		u.web[p1] = self(30, second).sign(t, u.lotl)
		u.web[p2] = self(40, third).sign(t, second)
		d := self(50, third)
		d.uris = []string{p2, p1, "https://journal.example/1", "https://lists.example/old-pivot.xml"}
		u.web[urlLOTL] = d.sign(t, third)
		return u
	}
	t.Run("followed", func(t *testing.T) {
		u := setup(t)
		s := u.store(nil)
		if err := s.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if m := u.sequences(s); m["EU"] != 50 || m["IT"] != 20 {
			t.Errorf("got %v", m)
		}
		again := u.store(func(c *Config) { c.Offline = true })
		if m := u.sequences(again); m["EU"] != 50 || m["IT"] != 20 {
			t.Errorf("after a restart, offline: %v", m)
		}
		for _, name := range []string{pivotName(p1), pivotName(p2)} {
			if err := os.WriteFile(filepath.Join(u.cache, name+suffixNew), u.web[p2], 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if m := u.sequences(u.store(func(c *Config) { c.Offline = true })); len(m) != 0 {
			t.Errorf("with a pivot exchanged on the disk: %v", m)
		}
	})
	t.Run("pivot missing", func(t *testing.T) {
		u := setup(t)
		delete(u.web, p1)
		if err := u.store(nil).Refresh(t.Context()); err == nil {
			t.Error("accepted")
		}
	})
	t.Run("pivot forged", func(t *testing.T) {
		u := setup(t)
		u.web[p1] = u.web[p2]
		var le *ListError
		if err := u.store(nil).Refresh(t.Context()); !errors.As(err, &le) || le.Reason != "signer" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("another notice", func(t *testing.T) {
		u := setup(t)
		s := u.store(func(c *Config) { c.Journal = "https://journal.example/0" })
		var le *ListError
		if err := s.Refresh(t.Context()); !errors.As(err, &le) || le.Reason != "signer" {
			t.Errorf("got %v", err)
		}
	})
}

// TestNewNotice: the anchors still sign, but the list says that they have been replaced.
func TestNewNotice(t *testing.T) {
	u := newUnion(t)
	s := u.store(func(c *Config) { c.Journal = "https://journal.example/0" })
	if err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !s.Status(t.Context()).NewNotice {
		t.Error("not told")
	}
}

// TestOtherCountry fetches another country's list when a certificate needs it, and asks a dead server once.
func TestOtherCountry(t *testing.T) {
	u, p := newUnion(t), newPKI(t)
	abroad := issue(t, nil, "Agence", nil)
	d := u.list(11)
	urlFR := "https://lists.example/fr.xml"
	d.pointers += pointerXML("FR", "x", urlFR, abroad)
	u.web[urlLOTL] = d.sign(t, u.lotl)
	asked := 0
	s := u.store(func(c *Config) {
		c.HTTP = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.String() == urlFR {
				asked++
			}
			return u.web.RoundTrip(r)
		})}
	})
	if err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	ca := issue(t, nil, "Autorité", func(c *x509.Certificate) { asCA(c); c.Subject.Country = []string{"FR"} })
	p.ca = ca
	c := issue(t, ca, "Marie", nil)
	o := JudgeOptions{Leaf: c.x.Raw, OCSP: [][]byte{p.says(c.x, nil, nil)}}
	for range 2 {
		op, err := s.Judge(t.Context(), o)
		if err != nil || op.SubIndication != NoCertificateChainFound || !op.has("list-missing") {
			t.Errorf("%+v %v", op, err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	u.web[urlFR] = draft{
		sequence: 3, territory: "FR", services: serviceXML(stateXML("CA/QC", "granted", testNow.AddDate(-5, 0, 0), ca, "")),
	}.sign(t, abroad)
	if op, err := u.store(nil).Judge(t.Context(), o); err != nil || op.Indication != Passed || op.Service.Territory != "FR" {
		t.Errorf("%+v %v", op, err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestConcurrent judges while lists are fetched; for the race detector.
func TestConcurrent(t *testing.T) {
	u, p := newUnion(t), newPKI(t)
	c := p.person(nil)
	s := u.store(nil)
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			if i%3 == 0 {
				if err := s.Refresh(t.Context()); err != nil {
					t.Error(err)
				}
				return
			}
			if _, err := s.Judge(t.Context(), JudgeOptions{Leaf: c.Raw}); err != nil {
				t.Error(err)
			}
			s.Status(t.Context())
		})
	}
	wg.Wait()
}

// qualified makes a certificate with qcStatements.
func qualified(types ...string) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.ExtraExtensions = append(c.ExtraExtensions, qcExtension(types...)) }
}
