package signer_test

import (
	"bytes"
	"strings"
	"testing"

	"ceralacca/signer"
)

// The second reader of PDF finds our signatures good and notices a changed byte, and is not shown what could crash it.
func TestSecondOpinionPDF(t *testing.T) {
	s := newServices(t)
	o := s.options(t, signer.PAdES, signer.LevelLT)
	once := sign(t, plainPDF(""), s.key(t), o)
	twice := sign(t, once, testPKI().key(t, "P-384", nil), signer.Options{Format: signer.PAdES})
	harmed := func(b []byte) []byte { return bytes.Replace(b, []byte("0 0 m 9 9 l S"), []byte("0 0 m 9 8 l S"), 1) }
	deep := bytes.Replace(twice, []byte("0 0 m 9 9 l S"), []byte(strings.Repeat("[", 100_000)), 1)
	archived := sign(t, plainPDF(""), s.key(t), s.options(t, signer.PAdES, signer.LevelLTA))
	for name, tt := range map[string]struct {
		in      []byte
		objects bool
	}{
		"B-LT": {once, false}, "second signature": {twice, false}, "document time-stamp behind it": {archived, false},
		"not signed": {plainPDF(""), false}, "no PDF behind a head": {[]byte("%PDF-1.7\n"), false},
		"changed": {harmed(once), true}, "changed, second signature": {harmed(twice), true}, "deep": {deep, false},
	} {
		if err := signer.SecondOpinion(t.Context(), open(t, "f.pdf", tt.in)); (err != nil) != tt.objects {
			t.Errorf("%s: %v", name, err)
		}
	}
}
