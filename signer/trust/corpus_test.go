package trust

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestCorpusParses reads every CRL, OCSP answer and certificate of the corpus that its table calls readable.
func TestCorpusParses(t *testing.T) {
	dir := filepath.Join(shared(t), "corpus")
	n := map[string]int{}
	for _, row := range tsv(t, filepath.Join(dir, "MANIFEST.tsv")) {
		if row["group"] != "crl-ocsp" || row["expected_overall"] != "PARSE_OK" || strings.HasSuffix(row["file"], ".json") {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, "files", row["file"]))
		if err != nil {
			t.Fatal(err)
		}
		switch b = unwrap(b); row["format"] {
		case "CRL":
			var l *crl
			if l, err = parseCRL(b); err == nil {
				_, err = l.find([]byte{1}, l.Issuer)
			}
		case "OCSP":
			_, err = parseOCSP(b)
		case "X509":
			_, err = parseCertificate(b)
		default:
			continue
		}
		n[row["format"]]++
		if err != nil {
			t.Errorf("%s: %v", row["file"], err)
		}
	}
	t.Logf("read %v", n)
}

// unwrap takes PEM or base64 off.
func unwrap(b []byte) []byte {
	if b = unPEM(b); len(b) > 0 && b[0] == 0x30 {
		return b
	}
	if d, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(b)), "")); err == nil {
		return d
	}
	return b
}

// TestOpenSSLAnswers judges the OCSP answers that OpenSSL tests itself with: D answers come from delegates, ND from
// the authority, and a prefix names what was broken.
func TestOpenSSLAnswers(t *testing.T) {
	dir := filepath.Join(shared(t), "corpus", "files", "crl-ocsp")
	load := func(names ...string) *certificate {
		for _, n := range names {
			if b, err := os.ReadFile(filepath.Join(dir, n)); err == nil {
				c, err := parseCertificate(unPEM(b))
				if err != nil {
					t.Fatalf("%s: %v", n, err)
				}
				return c
			}
		}
		return nil
	}
	names, err := filepath.Glob(filepath.Join(dir, "*D[123].ors"))
	if err != nil || len(names) == 0 {
		t.Skip("the answers are not in this part of the shared corpus: set CERALACCA_SHARED to the whole")
	}
	pattern := regexp.MustCompile(`^(?:([A-Z]+)_)?(N?D)([123])\.ors$`)
	judged := 0
	for _, file := range names {
		m := pattern.FindStringSubmatch(filepath.Base(file))
		if m == nil {
			continue
		}
		kind, level := m[2], m[3]
		subject := map[string][]string{
			"1": {kind + "1_Cert_EE.pem"}, "2": {kind + "2_Cert_ICA.pem", kind + "1_Issuer_ICA.pem"}, "3": {kind + "3_Cert_EE.pem"},
		}[level]
		issuerName := map[string]string{"1": "1_Issuer_ICA.pem", "2": "2_Issuer_Root.pem", "3": "3_Issuer_Root.pem"}[level]
		c, issuer := load(subject...), load(kind+issuerName)
		if c == nil || issuer == nil {
			continue
		}
		judged++
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r, err := parseOCSP(unwrap(b))
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
			continue
		}
		state := func(issuer *certificate, at time.Time) answer {
			k := &checker{b: newBuilder(at), at: at, now: at, data: []evidence{{ocsp: r}}}
			k.b.anyAlgorithm = true // SHA-1 of 2012
			return k.status(t.Context(), c, issuer, 0)
		}
		at := r.Single[0].This.Add(time.Minute)
		if a := state(issuer, at); (a.state == stateGood) != (m[1] == "") {
			t.Errorf("%s: %+v", filepath.Base(file), a)
		}
		if m[1] != "" {
			continue
		}
		if a := state(issuer, at.AddDate(1, 0, 0)); a.state != stateNone || a.detail != "stale" {
			t.Errorf("%s a year later: %+v", filepath.Base(file), a)
		}
		for _, wrong := range []string{"WSNIC_", "WKIC_"} { // wrong name, wrong key in the issuer's certificate
			if other := load(wrong + kind + issuerName); other != nil {
				if a := state(other, at); a.state == stateGood {
					t.Errorf("%s with %s issuer: %+v", filepath.Base(file), wrong, a)
				}
			}
		}
	}
	t.Logf("%d answers", judged)
}
