package signer_test

import (
	"bufio"
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"ceralacca/signer"
	"ceralacca/signer/trust"
)

var interopJudge = flag.String("interop.judge", "", "command that judges as .ci/interop/Judge.java does, here with the root of the states")

// Of the files of TestStates: signed thirty days before they are judged.
var (
	judgedAt = time.Now().Truncate(time.Second)
	signedAt = judgedAt.AddDate(0, 0, -30)
)

const days = 24 * time.Hour

// outcome is what is wanted of a signature at one level: "" for TOTAL-PASSED, the sub-indication of an INDETERMINATE,
// the same after an exclamation mark for TOTAL-FAILED, and "-" where the level cannot be reached.
type outcome string

func outcomeOf(g signer.Signature) outcome {
	switch {
	case g.Indication == signer.TotalFailed:
		return "!" + outcome(g.SubIndication)
	case (g.SubIndication == "") != (g.Indication == signer.TotalPassed):
		return "contradiction"
	}
	return outcome(g.SubIndication)
}

// outcomes are those at B-B, B-T, B-LT and B-LTA.
type outcomes [4]outcome

// certState is what happens to a signer's certificate, and what must come of it.
type certState struct {
	name   string
	person func(*x509.Certificate)
	// then changes the responder's answer on the day of signing, now on the day of judgement.
	then, now func(*ocsp.Response)
	// crl has the authority publish lists in the place of answers, in which the certificate is listed on the day of
	// judgement as listed says.
	crl     bool
	listed  *x509.RevocationListEntry
	instead func(http.ResponseWriter, *http.Request) bool // on the day of judgement
	// stranger lets somebody answer whom the authority has not made its responder.
	stranger bool

	want outcomes
	tell string // a finding at B-B
	// dss is what EU DSS 6.4 says where it differs, and why is the reason why we do not follow.
	dss *outcomes
	why string
}

func ended(c *x509.Certificate)     { c.NotAfter = judgedAt.Add(-10 * days) }
func notYet(c *x509.Certificate)    { c.NotBefore = signedAt.Add(10 * days) }
func onlyLists(c *x509.Certificate) { c.OCSPServer = nil }

func revoked(at time.Time, reason int) func(*ocsp.Response) {
	return func(r *ocsp.Response) { r.Status, r.RevokedAt, r.RevocationReason = ocsp.Revoked, at, reason }
}

func keptSince(at time.Time) func(*ocsp.Response) {
	return func(r *ocsp.Response) {
		v, err := asn1.MarshalWithParams(at.UTC(), "generalized")
		if err != nil {
			panic(err)
		}
		r.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 6}, Value: v}}
	}
}

// down answers nothing but the certificates.
func down(w http.ResponseWriter, r *http.Request) bool {
	if strings.HasSuffix(r.URL.Path, ".cer") {
		return false
	}
	http.Error(w, "down", http.StatusServiceUnavailable)
	return true
}

// leading sends whoever asks about revocation elsewhere.
func leading(to string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/ocsp" {
			return down(w, r)
		}
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusFound)
		return true
	}
}

const (
	tryLater      = outcome(trust.TryLater)
	revokedNoPOE  = outcome(trust.RevokedNoPOE)
	outNoPOE      = outcome(trust.OutOfBoundsNoPOE)
	outNotRevoked = outcome(trust.OutOfBoundsNotRevoked)
	general       = outcome(trust.CertificateChainGeneralFailure)
	notYetValid   = "!" + outcome(trust.NotYetValid)
)

// Why EU DSS 6.4 says something else in some states.
const (
	dssGeneral  = "EU DSS calls missing news about revocation a failure of the chain; TRY_LATER is made for it (EN 319 102-1 table 6)"
	dssAge      = "the default policy of EU DSS minds no age; CIR (EU) 2025/1945 sets 24 hours for the signer"
	dssDelegate = "the default policy of EU DSS takes answers of anybody with a certificate of the authority; RFC 6960 §4.2.2.2 does not"
	dssArchive  = "EU DSS passes over news that the certificate is revoked when the responder promises no archive; but it does say so"
)

var certStates = []certState{
	{name: "good"},
	{name: "good, by list", crl: true, person: onlyLists},
	{
		name: "responder down", instead: down, want: outcomes{tryLater, tryLater}, tell: "revocation-missing",
		dss: &outcomes{general, general}, why: dssGeneral,
	},
	{
		name: "redirect to a file", instead: leading("file:///etc/passwd"), want: outcomes{tryLater, tryLater}, tell: "revocation-missing",
		dss: &outcomes{general, general}, why: dssGeneral,
	},
	{
		name: "stale answer", want: outcomes{tryLater, tryLater}, tell: "revocation-stale",
		now: func(r *ocsp.Response) { r.ThisUpdate, r.NextUpdate = judgedAt.Add(-40*days), judgedAt.Add(-39*days) },
		dss: &outcomes{}, why: dssAge,
	},
	{
		name: "unknown", want: outcomes{tryLater, tryLater}, tell: "revocation-unknown",
		now: func(r *ocsp.Response) { r.Status = ocsp.Unknown },
		dss: &outcomes{general, general}, why: dssGeneral,
	},
	{
		name: "wrong delegate", want: outcomes{tryLater, tryLater}, tell: "revocation-missing", stranger: true,
		dss: &outcomes{}, why: dssDelegate,
	},
	{
		name: "revoked before the time-stamp", want: outcomes{revokedNoPOE, revokedNoPOE, "-", "-"}, tell: "revoked",
		then: revoked(signedAt.Add(-days), ocsp.KeyCompromise), now: revoked(signedAt.Add(-days), ocsp.KeyCompromise),
	},
	{
		name: "revoked after the time-stamp", want: outcomes{revokedNoPOE}, tell: "revoked",
		now: revoked(signedAt.Add(5*days), ocsp.KeyCompromise),
	},
	{
		name: "revoked after the time-stamp, by list", crl: true, person: onlyLists, want: outcomes{revokedNoPOE}, tell: "revoked",
		listed: &x509.RevocationListEntry{RevocationTime: signedAt.Add(5 * days), ReasonCode: ocsp.KeyCompromise},
	},
	{
		name: "suspended before the time-stamp", want: outcomes{tryLater, tryLater, "-", "-"}, tell: "suspended",
		then: revoked(signedAt.Add(-days), ocsp.CertificateHold), now: revoked(signedAt.Add(-days), ocsp.CertificateHold),
	},
	{
		name: "suspended after the time-stamp", want: outcomes{tryLater}, tell: "suspended",
		now: revoked(signedAt.Add(5*days), ocsp.CertificateHold),
	},
	{
		name: "suspended after the time-stamp, by list", crl: true, person: onlyLists, want: outcomes{tryLater}, tell: "suspended",
		listed: &x509.RevocationListEntry{RevocationTime: signedAt.Add(5 * days), ReasonCode: ocsp.CertificateHold},
	},
	{
		name: "expired, the responder keeps its archive", person: ended, want: outcomes{outNotRevoked}, tell: "expired",
		now: keptSince(judgedAt.AddDate(-10, 0, 0)),
	},
	{
		name: "expired, the responder keeps none", person: ended, want: outcomes{outNoPOE, tryLater}, tell: "expired",
		dss: &outcomes{general, general}, why: dssGeneral,
	},
	{
		name: "expired, responder down", person: ended, instead: down, want: outcomes{outNoPOE, outNoPOE}, tell: "expired",
		dss: &outcomes{general, general}, why: dssGeneral,
	},
	{
		name: "expired, revoked before", person: ended, want: outcomes{revokedNoPOE}, tell: "revoked",
		now: revoked(signedAt.Add(5*days), ocsp.KeyCompromise),
		dss: &outcomes{general, general}, why: dssArchive,
	},
	{name: "not yet valid at the time-stamp", person: notYet, want: outcomes{"", notYetValid, notYetValid, notYetValid}},
}

// TestStates signs at every level, lets something happen to the signer's certificate, and judges a month later: the
// indication and the sub-indication are those of EN 319 102-1 §5.3, §5.5 and §5.6, the same for CMS and for PDF.
func TestStates(t *testing.T) {
	at := signedAt
	a := newAuthorityAt(t, func() time.Time { return at })
	dss := newJudge(t, a)
	genuine := a.responder
	for _, s := range certStates {
		t.Run(s.name, func(t *testing.T) {
			at, a.about, a.revoked, a.responder = signedAt, s.then, nil, genuine
			a.instead = s.publishes(nil)
			k := a.keyWith(t, "P-256", s.person)
			files := map[string][]byte{}
			for f, format := range map[string]signer.Format{"p7m": signer.CAdES, "pdf": signer.PAdES} {
				for l, name := range []string{"B", "T", "LT", "LTA"} {
					if b := s.sign(t, a, k, format, signer.Level(l)); b != nil {
						files[name+"."+f] = b
					}
				}
			}
			at, a.about, a.instead = judgedAt, s.now, s.publishes(s.instead)
			if s.listed != nil {
				e := *s.listed
				e.SerialNumber = k.Chain[0].SerialNumber
				a.revoked = []x509.RevocationListEntry{e}
			}
			if s.stranger {
				a.responder = k.Chain[0]
			}
			for name, b := range files {
				s.check(t, a, name, b)
				if dss != nil {
					dss.check(t, &s, name, b)
				}
			}
		})
	}
}

// TestAsOf judges one signature without a time-stamp as of dates that a person declares and vouches for (EN 319 102-1
// takes them for the present, DPCM 22/2/2013 art. 41 says when a date is proof).
func TestAsOf(t *testing.T) {
	a := newAuthorityAt(t, func() time.Time { return judgedAt })
	for _, c := range []struct {
		name  string
		about func(*ocsp.Response)
		at    time.Duration // from the day of signing; the certificate begins a day before and ends 20 days after
		want  outcome
		tell  string
	}{
		{"before the certificate", keptSince(signedAt), -2 * days, notYetValid, "not-yet-valid"},
		{"while it was valid", keptSince(signedAt), days, "", ""},
		{"after it ended", keptSince(signedAt), 25 * days, outNotRevoked, "expired"},
		{"after it ended, and nothing is known any more", nil, 25 * days, outNoPOE, "expired"},
		{"while it was valid, and nothing is known any more", nil, days, tryLater, "revocation-missing"},
		{"before the revocation", revoked(signedAt.Add(5*days), ocsp.KeyCompromise), 4 * days, "", "revoked-later"},
		{"at the revocation", revoked(signedAt.Add(5*days), ocsp.KeyCompromise), 5 * days, revokedNoPOE, "revoked"},
		{"after the revocation", revoked(signedAt.Add(5*days), ocsp.KeyCompromise), 6 * days, revokedNoPOE, "revoked"},
		{"before the suspension", revoked(signedAt.Add(5*days), ocsp.CertificateHold), 4 * days, "", ""},
		{"while suspended", revoked(signedAt.Add(5*days), ocsp.CertificateHold), 6 * days, tryLater, "suspended"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := a.keyWith(t, "P-256", func(x *x509.Certificate) {
				x.NotBefore, x.NotAfter, x.CRLDistributionPoints = signedAt.Add(-days), signedAt.Add(20*days), nil
			})
			a.about = c.about
			p7m := sign(t, []byte("Io sottoscritto"), k, signer.Options{Now: func() time.Time { return signedAt }})
			store, err := trust.Open(trust.Config{AllowLocal: true, Now: a.clock})
			if err != nil {
				t.Fatal(err)
			}
			g := verify(t, p7m, signer.VerifyOptions{
				Trust: store, Anchors: []*x509.Certificate{a.root}, Now: a.clock, At: signedAt.Add(c.at),
			}).Signatures[0]
			if got := outcomeOf(g); got != c.want || !g.Proven.IsZero() {
				t.Errorf("%q, want %q, proven %v (%s)", got, c.want, g.Proven, codes(g))
			}
			if c.tell != "" && !slices.ContainsFunc(g.Findings, func(f signer.Finding) bool { return f.Code == c.tell }) {
				t.Errorf("%q is not told: %s", c.tell, codes(g))
			}
		})
	}
}

// TestRedirects asks a responder somewhere on the net, which leads elsewhere, through the network client as it is shipped: a
// proxy is all of the net there is. The answer that waits on this machine would be good, and nobody may fetch it.
func TestRedirects(t *testing.T) {
	a := newAuthorityAt(t, func() time.Time { return judgedAt })
	proxy, err := url.Parse(a.srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	k := a.keyWith(t, "P-256", func(x *x509.Certificate) {
		x.OCSPServer, x.CRLDistributionPoints, x.IssuingCertificateURL = []string{"http://stato.example/cercami"}, nil, nil
	})
	p7m := sign(t, []byte("Io sottoscritto"), k, signer.Options{Now: a.clock})
	for _, c := range []struct {
		name, to string
		want     outcome
	}{
		{"elsewhere on the net", "http://altrove.example/ocsp", ""},
		{"to a file", "file:///etc/passwd", tryLater},
		{"to this machine by number", a.srv.URL + "/ocsp", tryLater},
		{"to this machine by name", "http://localhost:" + proxy.Port() + "/ocsp", tryLater},
		{"to this machine in the other protocol", "http://[::1]:" + proxy.Port() + "/ocsp", tryLater},
		{"to this machine written as IPv6", "http://[::ffff:127.0.0.1]:" + proxy.Port() + "/ocsp", tryLater},
		{"to the link of this machine", "http://169.254.169.254/ocsp", tryLater},
		{"in a circle", "http://stato.example/cercami", tryLater},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked, local := 0, 0
			a.instead = func(w http.ResponseWriter, r *http.Request) bool {
				asked++
				if r.URL.Host != "stato.example" && r.URL.Host != "altrove.example" {
					local++
				}
				if r.URL.Path == "/cercami" {
					w.Header().Set("Location", c.to)
					w.WriteHeader(http.StatusTemporaryRedirect)
					return true
				}
				return false
			}
			store, err := trust.Open(trust.Config{Now: a.clock, Proxy: http.ProxyURL(proxy)})
			if err != nil {
				t.Fatal(err)
			}
			g := verify(t, p7m, signer.VerifyOptions{Trust: store, Anchors: []*x509.Certificate{a.ca}, Now: a.clock}).Signatures[0]
			missing := slices.ContainsFunc(g.Findings, func(f signer.Finding) bool { return f.Code == "revocation-missing" })
			if got := outcomeOf(g); got != c.want || missing != (c.want == tryLater) {
				t.Errorf("%v %q, want %q (%s; %+v)", g.Indication, got, c.want, codes(g), g.Revocation)
			}
			if asked == 0 || local > 0 {
				t.Errorf("the proxy was asked %d times, %d of them for this machine", asked, local)
			}
		})
	}
}

// publishes lets the authority answer by OCSP or by lists, but not by both.
func (s *certState) publishes(instead func(http.ResponseWriter, *http.Request) bool) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if instead != nil && r.URL.Path != "/tsa" && r.URL.Path != "/root.crl" && instead(w, r) {
			return true
		}
		return r.URL.Path == "/ca.crl" && !s.crl && down(w, r)
	}
}

// level is the index of a file's level in outcomes.
func level(name string) int {
	n, _, _ := strings.Cut(name, ".")
	return slices.Index([]string{"B", "T", "LT", "LTA"}, n)
}

// sign makes a file, nil where the level cannot be reached and that is what is wanted.
func (s *certState) sign(t *testing.T, a *authority, k signer.Key, f signer.Format, l signer.Level) []byte {
	t.Helper()
	o := a.options(t, f, l)
	o.Now = a.clock
	in := []byte("Io sottoscritto")
	if f == signer.PAdES {
		in = plainPDF("")
	}
	if a.clock().Before(k.Chain[0].NotBefore) { // whoever signs sets the clock right, the time-stamp authority has not
		o.Now = func() time.Time { return judgedAt }
	}
	var out bytes.Buffer
	err := signer.Sign(t.Context(), &out, open(t, "f", in), k, o)
	if unreachable := s.want[l] == "-"; unreachable != (err != nil) {
		t.Errorf("%s at level %d: %v", s.name, l, err)
	}
	if err != nil {
		return nil
	}
	return out.Bytes()
}

func (s *certState) check(t *testing.T, a *authority, name string, b []byte) {
	t.Helper()
	store, err := trust.Open(trust.Config{AllowLocal: true, Now: a.clock})
	if err != nil {
		t.Fatal(err)
	}
	g := verify(t, b, signer.VerifyOptions{Trust: store, Anchors: []*x509.Certificate{a.root}, Now: a.clock}).Signatures[0]
	got, l := outcomeOf(g), level(name)
	if want := s.want[l]; got != want {
		t.Errorf("%s: %v %q, want %q (%s; %+v)", name, g.Indication, got, want, codes(g), g.Revocation)
	}
	if l == 0 && s.tell != "" && !slices.ContainsFunc(g.Findings, func(f signer.Finding) bool { return f.Code == s.tell }) {
		t.Errorf("%s: %q is not told: %s", name, s.tell, codes(g))
	}
}

// judge is EU DSS, kept running while the authority changes its state.
type judge struct {
	dir string
	in  io.WriteCloser
	out *bufio.Scanner
}

// newJudge starts it, or returns nil when it was not asked for.
func newJudge(t *testing.T, a *authority) *judge {
	t.Helper()
	if *interopJudge == "" {
		return nil
	}
	j := &judge{dir: t.TempDir()}
	write(t, filepath.Join(j.dir, "root.pem"), pemCert(a.root))
	cmd := exec.Command("sh", "-c", "exec "+*interopJudge+" root.pem")
	cmd.Dir, cmd.Stderr = j.dir, io.Discard
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if j.in, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	j.out = bufio.NewScanner(out)
	t.Cleanup(func() {
		if err := errors.Join(j.in.Close(), cmd.Wait()); err != nil {
			t.Error(err)
		}
	})
	return j
}

// check lets EU DSS judge a file while the authority is in the state.
func (j *judge) check(t *testing.T, s *certState, name string, b []byte) {
	t.Helper()
	path := filepath.Join(j.dir, name)
	write(t, path, b)
	judged := false
	for _, f := range j.rows(t, path, "") {
		if len(f) < 9 || f[0] != "sig" || strings.HasPrefix(f[4], "TST ") {
			continue
		}
		judged = true
		got, want := outcome(strings.TrimPrefix(f[6], "null")), s.want
		if f[5] == "TOTAL_FAILED" {
			got = "!" + got
		}
		if s.dss != nil {
			want = *s.dss
		}
		if got != want[level(name)] {
			t.Errorf("EU DSS says of %s %s %q, not %q: %s", name, f[5], got, want[level(name)], f[8])
		}
	}
	if !judged {
		t.Errorf("EU DSS says nothing of %s", name)
	}
}

// rows are the answers of EU DSS about a file, which may ask the authority.
func (j *judge) rows(t *testing.T, path, original string) (rows [][]string) {
	t.Helper()
	if _, err := io.WriteString(j.in, path+"\t"+original+"\task\n"); err != nil {
		t.Fatal(err)
	}
	for j.out.Scan() {
		f := strings.Split(j.out.Text(), "\t")
		if f[0] == "end" {
			break
		}
		rows = append(rows, f)
	}
	return rows
}
