package app

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ceralacca/app/lang"
	"ceralacca/assets"
)

// saving waits for an outcome other than the last one.
func (w *watched) saving(last *Saved) *Saved {
	w.t.Helper()
	return w.until("saved", func(st *State) bool { return st.Saved != last }).Saved
}

func TestStoreSavesWhatBelongsToTheCard(t *testing.T) {
	e, _ := practiceEngine(t)
	w := runStore(t, e, &answers{})
	cert := w.until("ready", ready).Cards.Card().Signing()
	dir := t.TempDir()
	words, err := lang.Load(assets.FS, "it")
	if err != nil {
		t.Fatal(err)
	}

	w.SaveCalendar(words, filepath.Join(dir, "scadenze.ics"))
	first := w.saving(nil)
	if first.Advice != nil {
		t.Fatalf("%+v", first.Advice)
	}
	if b := read(t, filepath.Join(dir, "scadenze.ics")); strings.Count(string(b), "BEGIN:VALARM") != 3 {
		t.Errorf("calendar:\n%s", b)
	}
	w.SaveCalendar(words, filepath.Join(dir, "scadenze.ics"))
	second := w.saving(first)
	if second.Advice != nil || second.Path == first.Path {
		t.Errorf("a second time: %+v", second)
	}
	if len(read(t, second.Path)) == 0 {
		t.Errorf("nothing at %s", second.Path)
	}

	w.ExportCertificate(cert.ID, filepath.Join(dir, "firma.pem"))
	last := w.saving(second)
	block, rest := pem.Decode(read(t, last.Path))
	if block == nil || len(rest) > 0 || !bytes.Equal(block.Bytes, cert.DER) {
		t.Error("the PEM is not the certificate")
	}
	w.ExportCertificate(cert.ID, filepath.Join(dir, "firma.der"))
	last = w.saving(last)
	if x, err := x509.ParseCertificate(read(t, last.Path)); err != nil || !bytes.Equal(x.Raw, cert.DER) {
		t.Errorf("the DER is not the certificate: %v", err)
	}

	w.ExportCertificate("none", filepath.Join(dir, "x.pem"))
	if last = w.saving(last); last.Advice == nil || last.Advice.Code != "no-such-certificate" || last.Path != "" {
		t.Errorf("an unknown certificate: %+v", last)
	}
	w.ExportCertificate(cert.ID, filepath.Join(dir, "nowhere", "x.pem"))
	if last = w.saving(last); last.Advice == nil || last.Advice.Code != "folder-gone" {
		t.Errorf("a folder that is not there: %+v", last.Advice)
	}
	w.ForgetSaved()
	w.until("forgotten", func(st *State) bool { return st.Saved == nil })
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
