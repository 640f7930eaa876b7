package app

import (
	"testing"
	"time"

	"ceralacca/app/lang"
	"ceralacca/signer"
	"ceralacca/signer/trust"
)

// TestVerdictWords holds what a person is told to what happened to the certificate: seal, title, reason, and what to do.
func TestVerdictWords(t *testing.T) {
	finding := func(code string, args ...string) []signer.Finding {
		f := signer.Finding{Code: code, Args: map[string]string{}}
		for i := 0; i+1 < len(args); i += 2 {
			f.Args[args[i]] = args[i+1]
		}
		return []signer.Finding{f}
	}
	proven := time.Date(2026, 5, 3, 10, 0, 0, 0, time.UTC)
	c := catalog(t, "it")
	for _, tt := range []struct {
		name         string
		s            Signature
		seal         Seal
		title        string
		reason, next string
	}{
		{"good", Signature{Indication: signer.TotalPassed}, SealWhole, "Firma valida", "Il documento non è stato modificato dopo la firma.", ""},
		{
			"changed",
			Signature{Indication: signer.TotalFailed, SubIndication: signer.HashFailure, Integrity: signer.Broken},
			SealBroken,
			"Firma non valida", "il documento è cambiato dopo la firma", "Chieda a chi ha mandato il file di mandarlo di nuovo.",
		},
		{
			"suspended",
			Signature{SubIndication: trust.TryLater, Findings: finding("suspended")},
			SealBlank,
			"Firma da confermare", "il certificato è sospeso", "Non vuol dire che la firma sia falsa. Una sospensione può finire: verifichi di nuovo tra qualche giorno.",
		},
		{
			"unknown",
			Signature{SubIndication: trust.TryLater, Findings: finding("revocation-unknown")},
			SealBlank,
			"Firma da confermare", "chi ha rilasciato il certificato dice di non conoscerlo", "Non vuol dire che la firma sia falsa: manca qualcosa per esserne certi.",
		},
		{
			"responder down",
			Signature{SubIndication: trust.TryLater, Findings: finding("revocation-missing", "detail", "unreachable")},
			SealBlank,
			"Firma da confermare", "lo stato del certificato ora non si può sapere", "Non vuol dire che la firma sia falsa. Controlli la connessione e riprovi più tardi.",
		},
		{
			"the issuer has forgotten",
			Signature{SubIndication: trust.TryLater, Findings: finding("revocation-missing", "detail", "not-covering-expired")},
			SealBlank,
			"Firma da confermare", "il certificato è scaduto, e chi lo ha rilasciato non dice più se è stato revocato", "Non vuol dire che la firma sia falsa: manca qualcosa per esserne certi.",
		},
		{
			"revoked",
			Signature{SubIndication: trust.RevokedNoPOE},
			SealBlank,
			"Firma da confermare", "il certificato oggi è revocato, e manca la prova che la firma sia anteriore", "Non vuol dire che la firma sia falsa. Se sa quando il file è arrivato, lo verifichi a quella data.",
		},
		{
			"expired",
			Signature{SubIndication: trust.OutOfBoundsNotRevoked},
			SealBlank,
			"Firma da confermare", "il certificato è scaduto senza essere revocato, e manca la prova della data", "Non vuol dire che la firma sia falsa. Se sa quando il file è arrivato, lo verifichi a quella data.",
		},
		{
			"a date before the certificate",
			Signature{Indication: signer.TotalFailed, SubIndication: signer.NotYetValid},
			SealBroken,
			"Firma non valida", "alla data della verifica il certificato non era ancora valido", "Controlli la data della verifica e quella di questo computer.",
		},
		{
			"a time-stamp before the certificate",
			Signature{Indication: signer.TotalFailed, SubIndication: signer.NotYetValid, Proven: proven},
			SealBroken,
			"Firma non valida", "la firma è stata fatta prima che il certificato fosse valido", "Chieda a chi ha mandato il file di mandarlo di nuovo.",
		},
		{
			"manipulated",
			Signature{
				Indication: signer.TotalFailed, SubIndication: signer.FormatFailure, Integrity: signer.Intact,
				Findings: []signer.Finding{{Code: "attack-shadow-hide", Severity: signer.Error}},
			},
			SealBroken,
			"Firma non valida", "il file è stato cambiato o danneggiato in un modo che la firma non ammette", "Chieda a chi ha mandato il file di mandarlo di nuovo.",
		},
		{
			"a form of its own, and changed",
			Signature{
				Indication: signer.TotalFailed, SubIndication: signer.FormatFailure, Integrity: signer.Broken,
				Findings: []signer.Finding{{Code: "byterange-past-eof", Severity: signer.Error}, {Code: "content-changed", Severity: signer.Error}},
			},
			SealBroken,
			"Firma non valida", "il documento è cambiato dopo la firma", "Chieda a chi ha mandato il file di mandarlo di nuovo.",
		},
		{
			"nobody known",
			Signature{SubIndication: signer.NoCertificateChainFound},
			SealBlank,
			"Firma da confermare", "chi ha rilasciato il certificato non è tra quelli riconosciuti", "Non vuol dire che la firma sia falsa. Se deve avere valore legale, chieda una firma qualificata.",
		},
	} {
		v := JudgeReport(&Report{Signatures: []Signature{tt.s}})
		if title, reason, next := c.Text(v.Title), c.Text(v.Reason), c.Text(v.Next); v.Seal != tt.seal || title != tt.title || reason != tt.reason || next != tt.next {
			t.Errorf("%s: %v %q, %q, %q", tt.name, v.Seal, title, reason, next)
		}
	}
}

// TestEverySubIndicationHasWords: those of EN 319 102-1 table 6, and the finer causes, in every language.
func TestEverySubIndicationHasWords(t *testing.T) {
	subs := []signer.SubIndication{
		signer.FormatFailure, signer.HashFailure, signer.SigCryptoFailure, signer.NotYetValid, signer.SigConstraintsFailure,
		signer.ChainConstraintsFailure, signer.CryptoConstraintsFailure, signer.CryptoConstraintsFailureNoPOE,
		signer.PolicyProcessingError, signer.NoSigningCertificateFound, signer.NoCertificateChainFound, signer.OutOfBoundsNoPOE,
		signer.SignedDataNotFound, trust.TryLater, trust.Revoked, trust.RevokedNoPOE, trust.RevokedCANoPOE, trust.Expired,
		trust.OutOfBoundsNotRevoked, trust.RevocationOutOfBoundsNoPOE, trust.CertificateChainGeneralFailure,
		"SIGNATURE_POLICY_NOT_AVAILABLE", "TIMESTAMP_ORDER_FAILURE", "NO_POE", "NO_CERTIFICATE_CHAIN_FOUND_NO_POE", "",
	}
	for _, tag := range lang.Languages {
		c := catalog(t, tag)
		for _, sub := range subs {
			for _, failed := range []signer.Indication{signer.Indeterminate, signer.TotalFailed} {
				s := Signature{Indication: failed, SubIndication: sub}
				for _, m := range []lang.Msg{reason(&s), next(&s)} {
					if !c.Has(m.Key) {
						t.Errorf("%s: no %s for %q", tag, m.Key, sub)
					}
				}
			}
		}
	}
}
