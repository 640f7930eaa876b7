package trust

import (
	"bytes"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"ceralacca/signer/internal/xmlsig"
)

func readShared(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(shared(t), "trust", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func shipped(t testing.TB) string {
	t.Helper()
	return filepath.Join("..", "..", "assets", "trust")
}

// TestSnapshot: what is shipped verifies from what is shipped, with no network and no cache.
func TestSnapshot(t *testing.T) {
	s, err := Open(Config{Assets: os.DirFS(shipped(t)), Offline: true, HTTP: &http.Client{Transport: forbidden{t}}})
	if err != nil {
		t.Fatal(err)
	}
	st := s.Status(t.Context())
	if len(st.Lists) != 2 || st.Lists[0].Territory != "EU" || st.Lists[1].Territory != "IT" {
		t.Fatalf("got %+v", st.Lists)
	}
	if l := st.Lists[0]; l.Version != 6 || l.Sequence < 388 || l.Origin != "snapshot" {
		t.Errorf("got %+v", l)
	}
	if l := st.Lists[1]; l.Sequence < 194 || l.Services < 400 {
		t.Errorf("got %+v", l)
	}
	if st.NewNotice {
		t.Error("the shipped list names another notice than the shipped anchors are from")
	}
	if len(s.anchors) != 6 {
		t.Errorf("%d anchors", len(s.anchors))
	}
}

// TestAnchorsAreTheNotices holds the digests of the certificates in OJ notice C/2026/1944.
func TestAnchorsAreTheNotices(t *testing.T) {
	want := map[string]bool{
		"c0641c4f7d56c431b1c924742db7fce9c1eef7d7fd212113a2768486b3abcdc5": true,
		"e0a620fbb6747362bb933ac44169d676a553444716cf5f31605f12a22b8396b1": true,
		"df7e29360c34b2b8d6d5f40325c1d4d12c9922cecd33b7407674a74b2b3ca1e5": true,
		"b63d416744e7098bf9ec2caa596a93bc2468e37f8284ba65ecc061711bcbaa18": true,
		"236103f03a8031ae8f47f9059bf8de38564cdbfebedde4a597d50f8980aa653b": true,
		"d2064fdd70f6982dcc516b86d9d5c56aea939417c624b2e478c0b29de54f8474": true,
	}
	ders, err := readAnchors(os.DirFS(shipped(t)))
	if err != nil {
		t.Fatal(err)
	}
	for _, der := range ders {
		c, err := parseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		if sum := hex.EncodeToString(c.sum[:]); !want[sum] {
			t.Errorf("%s is not in the notice", sum)
		} else {
			delete(want, sum)
		}
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
}

// pair2023 is the chain of 2023: its list of lists was signed under an earlier notice, so its signer is the anchor.
func pair2023(t *testing.T) (lotl, italy []byte, anchors fstest.MapFS) {
	t.Helper()
	lotl, italy = readShared(t, "lotl-2023.xml"), readShared(t, "TSL-IT-2023.xml")
	root, err := xmlsig.VerifyRoot(t.Context(), lotl)
	if err != nil {
		t.Fatal(err)
	}
	return lotl, italy, fstest.MapFS{"anchors/2023.pem": &fstest.MapFile{
		Data: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.SignerDER}),
	}}
}

func TestLists2023(t *testing.T) {
	lotl, italy, anchors := pair2023(t)
	s, err := Open(Config{
		Assets: anchors, Now: func() time.Time { return day(2023, 10, 15) },
		HTTP: &http.Client{Transport: files{DefaultLOTL: lotl, "https://eidas.agid.gov.it/TL/TSL-IT.xml": italy}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	h := s.lists["IT"]
	if h.Sequence != 194 || h.Version != 5 || len(h.Services) < 440 || h.Skipped > 2 {
		t.Errorf("sequence %d, version %d, %d services, %d skipped", h.Sequence, h.Version, len(h.Services), h.Skipped)
	}
	if got := hex.EncodeToString(h.signer[:4]); got != "33e8dc70" {
		t.Errorf("signed by %s", got)
	}
	tests := []struct {
		name, sum, typ string
		at             time.Time
		status         string // empty: not there yet
	}{
		{"InfoCamere, signatures", "75e91d5f080c6e4b", "CA/QC", day(2021, 1, 1), "granted"},
		{"InfoCamere, signatures, too early", "75e91d5f080c6e4b", "CA/QC", day(2020, 7, 8), ""},
		{"InfoCamere, CNS", "aa3e825c2b897159", "IdV", day(2021, 1, 1), "recognisedatnationallevel"},
	}
	for _, tt := range tests {
		found := false
		for _, v := range h.Services {
			for _, c := range v.Certs {
				if !strings.HasPrefix(hex.EncodeToString(c.sum[:]), tt.sum) || v.States[0].Type != tt.typ {
					continue
				}
				found = true
				st := v.at(tt.at)
				if tt.status == "" && st != nil || tt.status != "" && (st == nil || st.Status != tt.status) {
					t.Errorf("%s: %+v", tt.name, st)
				}
			}
		}
		if !found {
			t.Errorf("%s is not there", tt.name)
		}
	}
	for _, v := range h.Services {
		for _, st := range v.States {
			if st.UnknownCritical != "" {
				t.Errorf("%s: unknown critical %s", st.Name, st.UnknownCritical)
			}
		}
	}
}

// TestList2026 verifies the list of lists of May 2026 from the shipped anchors, and refuses it where it must.
func TestList2026(t *testing.T) {
	doc := readShared(t, "lotl-2026-05-seq388.xml")
	lotl2023, _, anchors2023 := pair2023(t)
	june := func() time.Time { return day(2026, 6, 1) }
	both := fstest.MapFS{"anchors/2023.pem": anchors2023["anchors/2023.pem"]}
	ders, err := readAnchors(os.DirFS(shipped(t)))
	if err != nil {
		t.Fatal(err)
	}
	for i, der := range ders {
		both["anchors/"+string(rune('a'+i))+".pem"] = &fstest.MapFile{Data: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
	}
	reason := func(doc []byte, anchors fstest.MapFS, now func() time.Time, first []byte) string {
		web := files{DefaultLOTL: first}
		s, err := Open(Config{Assets: anchors, Now: now, HTTP: &http.Client{Transport: web}, Territories: []string{}})
		if err != nil {
			t.Fatal(err)
		}
		if first != nil {
			if err := s.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		web[DefaultLOTL] = doc
		var le *ListError
		if err := s.Refresh(t.Context()); errors.As(err, &le) {
			return le.Reason
		} else if err != nil {
			t.Fatal(err)
		}
		return ""
	}
	if r := reason(doc, both, june, nil); r != "" {
		t.Errorf("good: %q", r)
	}
	if r := reason(doc, anchors2023, june, nil); r != "signer" {
		t.Errorf("anchors of another notice: %q", r)
	}
	if r := reason(doc, both, func() time.Time { return day(2026, 11, 22) }, nil); r != "out-of-date" {
		t.Errorf("after NextUpdate: %q", r)
	}
	if r := reason(lotl2023, both, june, doc); r != "downgrade" {
		t.Errorf("older than what is in use: %q", r)
	}
	// One bit changed, at places all over the file: never accepted as another content.
	for i := 0; i < len(doc); i += len(doc)/40 + 1 {
		changed := bytes.Clone(doc)
		changed[i] ^= 1
		h, err := verifyList(t.Context(), changed, "EU", ders)
		if err != nil {
			continue
		}
		good, err := verifyList(t.Context(), doc, "EU", ders)
		if err != nil || h.Sequence != good.Sequence || len(h.Pointers) != len(good.Pointers) {
			t.Errorf("byte %d changed and the list is accepted", i)
		}
	}
}

// TestSamplesOfVersion6 reads the unsigned samples of format 6.
func TestSamplesOfVersion6(t *testing.T) {
	for name, territory := range map[string]string{"fi-v6.xml": "FI", "eu-lotl-v6-no-sig.xml": "EU"} {
		l, err := parseList(readShared(t, name))
		if err != nil || l.Version != 6 || l.Territory != territory {
			t.Errorf("%s: %+v %v", name, l, err)
		}
	}
}

func TestParseListRefuses(t *testing.T) {
	deep := strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100)
	for name, doc := range map[string]string{
		"empty": "", "page": "<html></html>", "doctype": "<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", "deep": deep,
		"other root": "<TrustServiceStatusList></TrustServiceStatusList>",
	} {
		if _, err := parseList([]byte(doc)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	var ve *VersionError
	head := `<TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#"><SchemeInformation><TSLVersionIdentifier>`
	_, err := parseList([]byte(head + "7</TSLVersionIdentifier></SchemeInformation></TrustServiceStatusList>"))
	if !errors.As(err, &ve) || ve.Version != 7 {
		t.Errorf("got %v", err)
	}
}
