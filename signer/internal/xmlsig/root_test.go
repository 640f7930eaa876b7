package xmlsig

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shared returns a path in the shared corpus, or skips the test.
func shared(t testing.TB, parts ...string) string {
	t.Helper()
	base := os.Getenv("CERALACCA_SHARED")
	if base == "" {
		base = filepath.Join("..", "..", "..", "..", "shared")
	}
	path := filepath.Join(append([]string{base}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skip("the shared corpus is not here: set CERALACCA_SHARED; no " + filepath.Join(parts...))
	}
	return path
}

func readShared(t testing.TB, parts ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(shared(t, parts...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestVerifyRootLists(t *testing.T) {
	tests := []struct {
		file, signer string
		v2           bool
		root         string
	}{
		{"lotl-2023.xml", "", false, "<TrustServiceStatusList"},
		{"TSL-IT-2023.xml", "", false, "<tsl:TrustServiceStatusList"},
		{"lotl-2026-05-seq388.xml", "e0a620fbb6747362bb933ac44169d676a553444716cf5f31605f12a22b8396b1", true, "<TrustServiceStatusList"},
		{"fi-v6.xml", "", true, "<tsl:TrustServiceStatusList"},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			doc := readShared(t, "trust", tt.file)
			r, err := VerifyRoot(context.Background(), doc)
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(r.SignerDER)
			if got := hex.EncodeToString(sum[:]); tt.signer != "" && got != tt.signer {
				t.Errorf("signer %s, want %s", got, tt.signer)
			}
			if r.HasSigningCertificateV2 != tt.v2 {
				t.Errorf("HasSigningCertificateV2 = %v, want %v", r.HasSigningCertificateV2, tt.v2)
			}
			if r.SigningTime.Year() < 2022 {
				t.Errorf("SigningTime = %v", r.SigningTime)
			}
			if !bytes.Contains(r.Canonical[:min(len(r.Canonical), 500)], []byte("TrustServiceStatusList")) {
				t.Errorf("Canonical starts with %.100s", r.Canonical)
			}
			if bytes.Contains(r.Canonical, []byte("<ds:SignatureValue")) {
				t.Error("Canonical holds the signature")
			}
			tamper(t, doc)
		})
	}
}

// tamper changes one thing at a time and expects a refusal.
func tamper(t *testing.T, doc []byte) {
	t.Helper()
	text := string(doc)
	edits := map[string]string{
		"content":           strings.Replace(text, "TSLSequenceNumber>", "TSLSequenceNumber>1", 1),
		"added element":     strings.Replace(text, "<ds:Signature ", "<x/><ds:Signature ", 1),
		"signature twice":   strings.Replace(text, "<ds:Signature ", signatureOf(text)+"<ds:Signature ", 1),
		"signed properties": strings.Replace(text, ":SigningTime>2", ":SigningTime>3", 1),
		"no signature":      strings.Replace(text, signatureOf(text), "", 1),
		"doctype":           strings.Replace(text, "?>", "?><!DOCTYPE x>", 1),
	}
	for name, edited := range edits {
		if edited == text {
			t.Errorf("%s: edit did nothing", name)
			continue
		}
		_, err := VerifyRoot(context.Background(), []byte(edited))
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		var re *RootError
		var dtd *DTDError
		if !errors.As(err, &re) && !errors.As(err, &dtd) {
			t.Errorf("%s: error %T %v", name, err, err)
		}
	}
}

func signatureOf(text string) string {
	i, j := strings.Index(text, "<ds:Signature "), strings.Index(text, "</ds:Signature>")
	if i < 0 || j < 0 {
		return ""
	}
	return text[i : j+len("</ds:Signature>")]
}
