package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"ceralacca/app"
	"ceralacca/app/lang"
	"ceralacca/assets"
	"ceralacca/signer"
)

// TestEachFactSaysWhereItIsFrom: the person at the command line is told, for revocation, list, time and chain, who said
// it, when, and how we came to know it, and what all of it stands on.
func TestEachFactSaysWhereItIsFrom(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	leaf := &signer.Certificate{SubjectCN: "Anna", IssuerCN: "CA di Prova"}
	r := &app.Report{Format: signer.CAdES, Signatures: []app.Signature{{
		ID: "1", Indication: signer.TotalPassed, Integrity: signer.Intact, Signer: leaf,
		Chain:   []*signer.Certificate{leaf, {SubjectCN: "CA di Prova"}, {SubjectCN: "Radice"}},
		Claimed: at.AddDate(0, 0, -3), Proven: at.AddDate(0, 0, -2),
		Findings: []signer.Finding{{Code: "extra-anchor"}},
	}}}
	// What package trust found out, in its own shape.
	if err := json.Unmarshal([]byte(`{
		"Service": {"Territory": "IT", "Provider": "Ente di Prova", "Name": "CA di Prova", "Sequence": 194, "Issued": "2026-11-22T10:00:00Z"},
		"Revocation": [
			{"State": "good", "Source": "ocsp", "Origin": "online", "ThisUpdate": "2026-11-22T10:00:00Z"},
			{"State": "good", "Source": "crl", "Origin": "embedded", "ThisUpdate": "2026-09-22T10:00:00Z", "Stale": true}
		]}`), &r.Signatures[0]); err != nil {
		t.Fatal(err)
	}
	for _, tag := range lang.Languages {
		c, err := lang.Load(assets.FS, tag)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		s := &session{out: &out, texts: c}
		s.tellVerdict(app.VerifyRequest{File: "a.p7m", At: at}, r)
		s.tellBasis(app.Basis{Notice: c.T("report.informative"), Trust: app.TrustReport{ExtraAnchors: 1, Lists: []app.ListReport{{
			Territory: "IT", Sequence: 194, Issued: "2026-05-03T10:00:00Z", NextUpdate: "2026-11-03T10:00:00Z", Origin: "snapshot", OutOfDate: true,
		}}}})
		for _, want := range []string{
			s.labelled(c.T("report.as-of"), ""), s.labelled(c.T("report.issuer"), "CA di Prova"),
			c.Text(lang.M("cli.claimed", "time", c.DateTime(at.AddDate(0, 0, -3)))), s.labelled(c.T("report.proven"), c.DateTime(at.AddDate(0, 0, -2))),
			"Ente di Prova", c.T("revocation.source.ocsp"), c.T("revocation.origin.online"), c.DateTime(at),
			c.T("revocation.source.crl"), c.T("revocation.origin.embedded"), c.T("report.revocation.stale"), c.DateTime(at.AddDate(0, -2, 0)),
			c.T("report.list") + " IT", "194", c.Date(time.Date(2026, 5, 3, 0, 0, 0, 0, time.UTC)), c.T("report.list.origin.snapshot"), c.T("report.list-old"),
			c.Text(app.FindingText(signer.Finding{Code: "extra-anchor"})), c.T("report.extra-anchors"), c.T("report.informative"),
		} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: %q is not told in\n%s", tag, want, out.String())
			}
		}
	}
}

// That no card is there, or which of them is meant, is said as it is, not as something that went wrong.
func TestNoCardIsSaid(t *testing.T) {
	c, err := lang.Load(assets.FS, "it")
	if err != nil {
		t.Fatal(err)
	}
	for _, msg := range []lang.Msg{lang.M("cli.no-card"), lang.M("cli.many-cards", "readers", "A; B")} {
		var out, words strings.Builder
		s := &session{out: &out, words: &words, texts: c}
		s.json = true
		code := s.fail(&chooseError{msg: msg})
		if want := c.Text(msg); code != exitNoCard || words.String() != want+"\n" || !strings.Contains(out.String(), want) {
			t.Errorf("exit %d: %q %q", code, words.String(), out.String())
		}
	}
}
