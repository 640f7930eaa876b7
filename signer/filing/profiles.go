package filing

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"ceralacca/signer"
)

// Codes are the codes of all checks, sorted, each once.
func Codes() []string {
	var codes []string
	for _, p := range profiles {
		for _, c := range p.Checks {
			codes = append(codes, c.Code)
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// Args are the names of the facts that a finding of that code has for its sentence, beside the file's "name".
func Args(code string) []string { return args[code] }

var args = map[string][]string{
	"certificate-expired": {"day"}, "certificate-not-yet": {"day"}, "chip-withdrawn": {"chip"}, "already-signed": {"signers", "when"},
	"active-content": {"features"}, "pdfa-contradicted": {"claim", "features"}, "pdfa-other-part": {"claim"}, "pdfa-claim": {"claim"},
	"pdfa-passed": {"claim"}, "attachments-allowed": {"claim"}, "fonts-not-embedded": {"fonts"}, "changed-since-made": {"program"}, "name-characters": {"characters"},
	"too-large": {"size", "limit"}, "size-mail": {"size", "limit"}, "fattura-large": {"size", "limit"}, "too-many": {"count", "limit"},
	"same-content": {"other"}, "signed-inside": {"count"}, "distinta-signer": {"signer"}, "page-heavy": {"size", "pages", "limit"},
}

// The severities, short enough for a table.
const (
	refused = signer.Error
	doubt   = signer.Warning
	known   = signer.Info
)

// Profiles are all there are. The first is the one for whoever chose none.
func Profiles() []Profile { return profiles }

var profiles = []Profile{
	{ID: "general", Checks: slices.Concat(theSigner, theExpected(ours), []Check{
		{Code: "empty-file", Severity: refused, Source: ours, run: each(emptyFile)},
		{Code: "name-extension-wrong", Severity: doubt, Source: ours, run: each(wrongExtension)},
		{Code: "pdf-damaged", Severity: doubt, Source: ours, run: each(damaged)},
		{Code: "active-content", Severity: doubt, Source: regole, From: sinceRegole, run: each(active)},
		{Code: "macros", Severity: doubt, Source: regole, From: sinceRegole, run: each(macros)},
	})},
	{ID: "registro-imprese", Format: signer.CAdES, Checks: slices.Concat(theSigner, theExpected(cuneo), theChip, registroImprese, theIssuer)},
	{ID: "pdf-email", Format: signer.PAdES, Checks: slices.Concat(theSigner, theExpected(ours), []Check{
		{Code: "p7m-chosen", Severity: known, Source: ours, run: p7mChosen},
		{Code: "not-pdf", Severity: refused, Source: iso32000, run: each(func(l *look) map[string]string { return when(l.kind != signer.PDF) })},
		{Code: "pdf-damaged", Severity: refused, Source: iso32000, run: each(damaged)},
		{Code: "pdf-locked", Severity: refused, Source: iso32000, run: each(func(l *look) map[string]string { return when(l.PDF != nil && l.PDF.Locked) })},
		{Code: "active-content", Severity: doubt, Source: regole, From: sinceRegole, run: each(active)},
		{Code: "signed-inside", Severity: known, Source: iso32000, run: each(signedInside)},
		{Code: "size-mail", Severity: doubt, Source: ours, run: each(tooLarge(20))},
	})},
	{ID: "fatturapa", Checks: slices.Concat(theSigner, theExpected(ours), fatturaPA, theIssuer)},
}

// sinceRegole is the day on which the technical rules were published.
var sinceRegole = day(2013, time.May, 21)

// theSigner is what every office asks of a certificate.
var theSigner = []Check{
	{Code: "login-certificate", Severity: refused, Source: cad, run: loginCertificate},
	{Code: "not-qualified", Severity: refused, Source: cad, run: notQualified},
	{Code: "certificate-expired", Severity: refused, Source: cad, run: expired},
	{Code: "certificate-not-yet", Severity: refused, Source: cad, run: notYetValid},
	{Code: "certificate-revoked", Severity: refused, Source: cad, run: revoked},
	{Code: "certificate-suspended", Severity: refused, Source: cad, run: suspended},
}

// theExpected is for what a person has said of the filing: who is to sign it, and what the portal made. Source s asks
// for the signer.
func theExpected(s Source) []Check {
	return []Check{
		{Code: "other-signer", Severity: refused, Source: s, run: otherSigner},
		{Code: "signer-no-code", Severity: doubt, Source: ours, run: signerWithoutCode},
		{Code: "differs-from-original", Severity: refused, Source: ours, run: each(differs)},
	}
}

// theIssuer is good to know where an office asks the issuer itself.
var theIssuer = []Check{{Code: "revocation-not-known", Severity: known, Source: cad, run: notKnown}}

// theChip is about the chips whose certification ended; their signature certificates are being revoked. The dates are
// those of the chambers' pages, which moved them once.
var theChip = []Check{
	{Code: "chip-withdrawn", Severity: doubt, Source: chipMarche, From: day(2026, time.January, 1), run: chip("cosmov9")},
	{Code: "chip-withdrawn", Severity: doubt, Source: chipCuneo, From: day(2026, time.June, 26), run: chip("jsign3")},
}

var sincePDFA = day(2009, time.January, 15)

var registroImprese = []Check{
	{Code: "pades-chosen", Severity: refused, Source: caor, run: padesChosen},
	{Code: "empty-file", Severity: refused, Source: ours, run: each(emptyFile)},
	{Code: "already-signed", Severity: refused, Source: ours, run: each(alreadySigned)},
	{Code: "encrypted", Severity: refused, Source: marche, From: sincePDFA, run: each(encrypted)},
	{Code: "active-content", Severity: refused, Source: regole, From: sinceRegole, run: each(active)},
	{Code: "macros", Severity: refused, Source: regole, From: sinceRegole, run: each(macros)},
	{Code: "attachments", Severity: refused, Source: marche, From: sincePDFA, run: each(attachments)},
	{Code: "attachments-allowed", Severity: doubt, Source: marche, From: sincePDFA, run: each(attachmentsAllowed)},
	{Code: "xml-malformed", Severity: refused, Source: tebeni, run: each(malformed)},
	{Code: "pdfa-failed", Severity: refused, Source: marche, From: sincePDFA, run: each(pdfaFailed)},
	{Code: "not-pdfa", Severity: doubt, Source: marche, From: sincePDFA, run: each(notPDFA)},
	{Code: "pdfa-contradicted", Severity: doubt, Source: marche, From: sincePDFA, run: each(contradicted)},
	{Code: "fonts-not-embedded", Severity: doubt, Source: marche, From: sincePDFA, run: each(fonts)},
	{Code: "pdf-damaged", Severity: doubt, Source: marche, From: sincePDFA, run: each(damaged)},
	{Code: "changed-since-made", Severity: doubt, Source: ours, run: each(resaved)},
	{Code: "editable-format", Severity: doubt, Source: taranto, From: sincePDFA, run: each(editableFormat)},
	{Code: "format-unusual", Severity: doubt, Source: taranto, From: sincePDFA, run: each(unusual)},
	{Code: "xbrl-not-instance", Severity: refused, Source: tebeni, run: each(notInstance)},
	{Code: "xbrl-images", Severity: refused, Source: tebeni, run: each(xbrlImages)},
	{Code: "xbrl-name", Severity: doubt, Source: unioncamere, run: each(xbrlName)},
	{Code: "name-extension-wrong", Severity: doubt, Source: ours, run: each(wrongExtension)},
	{Code: "name-extension-twice", Severity: doubt, Source: ours, run: each(extensionTwice)},
	{Code: "name-characters", Severity: doubt, Source: ours, run: each(nameCharacters)},
	{Code: "name-long", Severity: doubt, Source: ours, run: each(longName)},
	{Code: "too-large", Severity: doubt, Source: marcheLarge, run: each(tooLarge(10))},
	{Code: "page-heavy", Severity: doubt, Source: marcheLarge, run: each(heavyPages)},
	{Code: "too-many", Severity: doubt, Source: marcheLarge, run: tooMany},
	{Code: "same-content", Severity: doubt, Source: ours, run: sameContent},
	{Code: "same-name", Severity: doubt, Source: ours, run: sameName},
	{Code: "pdfa-other-part", Severity: known, Source: marche, From: sincePDFA, run: each(otherPart)},
	{Code: "pdfa-claim", Severity: known, Source: marche, From: sincePDFA, run: each(claimOnly)},
	{Code: "pdfa-passed", Severity: known, Source: marche, From: sincePDFA, run: each(pdfaPassed)},
	{Code: "only-attachment", Severity: known, Source: taranto, From: sincePDFA, run: each(onlyAttachment)},
	{Code: "signed-inside", Severity: known, Source: ours, run: each(signedInside)},
	{Code: "distinta-signer", Severity: known, Source: cuneo, From: day(2023, time.January, 1), run: distintaSigner},
}

func padesChosen(e *examined) []hit { return one(e.Format == signer.PAdES) }

func p7mChosen(e *examined) []hit { return one(e.Format == signer.CAdES) }

// part is the part of ISO 19005 that a PDF claims, such as "1"; empty when it claims none, or is no readable PDF.
func part(l *look) string {
	if l.PDF == nil || l.PDF.Claim == "" {
		return ""
	}
	return l.PDF.Claim[:1]
}

func readable(l *look) bool { return l.PDF != nil && !l.PDF.Unread && !l.PDF.Locked }

func notPDFA(l *look) map[string]string { return when(readable(l) && part(l) == "") }

func claimed(l *look) map[string]string {
	return map[string]string{"claim": "PDF/A-" + l.PDF.Claim[:1] + strings.ToLower(l.PDF.Claim[1:])}
}

// otherPart tells a claim of a part that some chambers do not name.
func otherPart(l *look) map[string]string {
	if p := part(l); p == "" || p == "1" {
		return nil
	}
	return claimed(l)
}

// claimOnly tells that a claim is no proof, unless a validator was asked. For the other parts otherPart tells it.
func claimOnly(l *look) map[string]string {
	if part(l) != "1" || l.Validated != ValidationUnknown {
		return nil
	}
	return claimed(l)
}

// pdfaFailed is about files that claim to be PDF/A: of the others notPDFA says all.
func pdfaFailed(l *look) map[string]string {
	return when(part(l) != "" && l.Validated == ValidationFailed)
}

func pdfaPassed(l *look) map[string]string {
	if part(l) == "" || l.Validated != ValidationPassed {
		return nil
	}
	return claimed(l)
}

// contradicted finds what the claimed part forbids: ISO 19005-1 has no transparency, layers or JPEG 2000, no part has
// LZW.
func contradicted(l *look) map[string]string {
	p := part(l)
	if p == "" {
		return nil
	}
	var found []string
	for _, f := range l.PDF.Features {
		switch f {
		case "lzw":
			found = append(found, f)
		case "transparent", "layers", "jpeg2000":
			if p == "1" {
				found = append(found, f)
			}
		}
	}
	if len(found) == 0 {
		return nil
	}
	facts := claimed(l)
	facts["features"] = strings.Join(found, ",")
	return facts
}

func fonts(l *look) map[string]string {
	if l.PDF == nil || len(l.PDF.Unembedded) == 0 {
		return nil
	}
	return map[string]string{"fonts": strings.Join(l.PDF.Unembedded[:min(3, len(l.PDF.Unembedded))], ", ")}
}

func hasAttachment(l *look) bool {
	return l.PDF != nil && slices.Contains(l.PDF.Features, "attachment")
}

// attachments are forbidden by ISO 19005-1. Parts 2 and 4 take those that are PDF/A, parts 3 and 4F any.
func attachments(l *look) map[string]string { return when(hasAttachment(l) && part(l) <= "1") }

func attachmentsAllowed(l *look) map[string]string {
	if !hasAttachment(l) || part(l) <= "1" {
		return nil
	}
	return claimed(l)
}

// ofPortal are the names that the portals give to the files they make: the summary (distinta, U3R), the forms.
var ofPortal = regexp.MustCompile(`(?i)distinta|riepilogo|modello|comunica|\.u3[a-z]`)

// resaved finds files of a portal that a program has written again: it appended a version, or says that it changed the
// file more than a minute after it was made.
func resaved(l *look) map[string]string {
	if l.PDF == nil || l.PDF.Signed > 0 || !ofPortal.MatchString(l.Name) || l.Original != [32]byte{} {
		return nil
	}
	later := !l.PDF.Created.IsZero() && l.PDF.Modified.After(l.PDF.Created.Add(time.Minute))
	if l.PDF.Revisions < 2 && !later {
		return nil
	}
	program := l.PDF.Producer
	if program == "" {
		program = "?"
	}
	return map[string]string{"program": program}
}

// unusual finds formats that no page of a chamber names. What is written and not kept has a rule of its own.
func unusual(l *look) map[string]string {
	switch l.kind {
	case signer.PDF, signer.XML, signer.Text, signer.SignedData, signer.DetachedCMS, signer.TimeStamped, signer.ASiC:
		return nil
	case signer.Image:
		return when(l.ext != ".tif" && l.ext != ".tiff")
	case signer.Other, signer.ZIP, signer.Mail:
	}
	return when(l.size > 0 && editableFormat(l) == nil && malformed(l) == nil)
}

// notInstance finds .xbrl files that hold something else (XBRL 2.1 § 4.2: the root is xbrl).
func notInstance(l *look) map[string]string {
	return when(l.ext == ".xbrl" && l.XML != nil && !l.XML.Malformed && l.XML.Root != "xbrl" && l.XML.Root != "")
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

func xbrlName(l *look) map[string]string {
	return when(l.ext == ".xbrl" && !plainName.MatchString(l.Name))
}

// xbrlImages finds what the check of the Register stops at.
func xbrlImages(l *look) map[string]string {
	return when(l.ext == ".xbrl" && l.XML != nil && l.XML.Images)
}

// onlyAttachment tells what may go along with an act and not be one.
func onlyAttachment(l *look) map[string]string {
	return when(l.ext == ".tif" || l.ext == ".tiff" || l.ext == ".txt" && l.kind == signer.Text)
}

// heavyPages finds PDF files of more than a megabyte a page; a large one has a rule of its own.
func heavyPages(l *look) map[string]string {
	if l.PDF == nil || l.PDF.Pages == 0 || l.size <= int64(l.PDF.Pages)*mega || tooLarge(10)(l) != nil {
		return nil
	}
	return map[string]string{"size": megabytes(l.size), "pages": strconv.Itoa(l.PDF.Pages), "limit": "1"}
}

// distintas are the names that programs give to the summary of a filing.
var distintas = regexp.MustCompile(`(?i)distinta|\.u3r`)

// distintaSigner tells with whose card the summary would be signed, unless the person has said who is to sign. What
// stands in the summary is not read: see the package comment.
func distintaSigner(e *examined) []hit {
	if e.Signer == nil || e.Signer.Certificate == nil || len(e.Signer.Named) > 0 {
		return nil
	}
	for i := range e.files {
		if name := e.files[i].Name; distintas.MatchString(name) {
			return []hit{{i, map[string]string{"name": name, "signer": signer.Describe(e.Signer.Certificate).SubjectCN}}}
		}
	}
	return nil
}

// maxAttachments counts the files of the filing itself and its summary too.
const maxAttachments = 30

func tooMany(e *examined) []hit {
	return one(len(e.Files) > maxAttachments, "count", strconv.Itoa(len(e.Files)), "limit", strconv.Itoa(maxAttachments))
}

var sinceFattura = day(2014, time.June, 6)

var fatturaPA = []Check{
	{Code: "fattura-pades", Severity: refused, Source: sdiSign, From: sinceFattura, run: padesChosen},
	{Code: "empty-file", Severity: refused, Source: ours, run: each(emptyFile)},
	{Code: "xml-malformed", Severity: refused, Source: sdiName, From: sinceFattura, run: each(malformed)},
	{Code: "fattura-not-invoice", Severity: refused, Source: sdiName, From: sinceFattura, run: each(notInvoice)},
	{Code: "fattura-name", Severity: refused, Source: sdiName, From: sinceFattura, run: each(fatturaName)},
	{Code: "fattura-same-name", Severity: refused, Source: sdiName, From: sinceFattura, run: sameName},
	{Code: "fattura-signed", Severity: refused, Source: sdiSign, From: sinceFattura, run: each(fatturaSigned)},
	{Code: "fattura-large", Severity: refused, Source: sdiSize, From: sinceFattura, run: each(tooLarge(5))},
	{Code: "fattura-private", Severity: known, Source: sdiSign, run: each(private)},
}

func notInvoice(l *look) map[string]string {
	if l.size == 0 || malformed(l) != nil || envelope(l) != nil {
		return nil
	}
	return when(l.XML == nil || l.XML.Root != "FatturaElettronica" && !(l.XML.Unknown && l.XML.Root == ""))
}

// fatturaNames: the country, the sender's tax number (11 to 16 characters for Italy, 2 to 28 elsewhere), up to five
// letters or digits.
var fatturaNames = regexp.MustCompile(`^(IT[A-Za-z0-9]{11,16}|[A-HJ-Z][A-Z][A-Za-z0-9]{2,28}|I[A-SU-Z][A-Za-z0-9]{2,28})_[A-Za-z0-9]{1,5}\.xml(\.p7m)?$`)

func fatturaName(l *look) map[string]string { return when(!fatturaNames.MatchString(l.Name)) }

func fatturaSigned(l *look) map[string]string {
	return when(l.XML != nil && l.XML.Signatures > 0 || l.kind == signer.SignedData)
}

// private tells invoices between private parties, which need no signature.
func private(l *look) map[string]string {
	return when(l.XML != nil && strings.HasPrefix(l.XML.Version, "FPR"))
}
