package signer

import (
	"slices"

	"ceralacca/signer/internal/cert"
	"ceralacca/signer/internal/cms"
	"ceralacca/signer/internal/pdf"
	"ceralacca/signer/internal/xmlsig"
	"ceralacca/signer/trust"
)

// baseline is what the form of a signature allows to say about its level. What its time-stamps and its validation
// data are worth is judged apart.
type baseline struct {
	b        bool // it is a baseline signature at all
	mixed    bool // it has properties that a baseline signature has at no level above B-T
	archived bool // an archive time-stamp is there
}

// level tells the baseline level by what is there (EN 319 122-1, 132-1 and 142-1 §6.3). From B-LT on there are
// certificates and revocation data; that they answer for the signer and the time-stamp authorities is looked at.
func (v *verifier) level(b baseline, e *evidence, stamps []*evidence) string {
	whole := v.keeps(e, e)
	stamped := false
	for _, s := range stamps {
		if s.sig.Stamp == StampSignature {
			stamped = true
			whole = whole && v.keeps(s, e)
		}
	}
	switch {
	case !b.b:
		return ""
	case !stamped:
		return "B-B"
	case b.mixed || !whole:
		return "B-T"
	case !b.archived:
		return "B-LT"
	}
	return "B-LTA"
}

// keeps reports whether the revocation data of the signature of or of the file answer for the signer of e.
func (v *verifier) keeps(e, of *evidence) bool {
	if e.signer == nil {
		return false
	}
	return trust.Answered(v.chainOf(e), slices.Concat(e.ocsp, of.ocsp, v.ocsp), slices.Concat(e.crls, of.crls, v.crls))
}

// cadesBaseline is EN 319 122-1 §6.3.
func cadesBaseline(si *cms.SignerInfo, k cms.Check) baseline {
	unsigned := func(o cert.OID) bool { return cms.Count(si.UnsignedAttrs, o) > 0 }
	ess := k.ESS == cms.ESSMatch || k.ESS == cms.ESSIssuerMismatch
	return baseline{
		b: ess && cms.Count(si.SignedAttrs, cms.OIDMessageDigest) == 1 && cms.Count(si.SignedAttrs, cms.OIDSigningTime) == 1 &&
			!k.Has(cms.AttrsNotDER),
		mixed: slices.ContainsFunc([]cert.OID{
			cms.OIDCertificateValues, cms.OIDRevocationValues, cms.OIDCertificateRefs, cms.OIDRevocationRefs, cms.OIDCertCRLTimeStamp,
		}, unsigned),
		archived: unsigned(cms.OIDArchiveTimeStampV3),
	}
}

// padesBaseline is EN 319 142-1 §6.3; document time-stamps behind the signature are looked at later.
func padesBaseline(s *pdf.Signature, si *cms.SignerInfo, sd *cms.SignedData) baseline {
	ess := cms.Count(si.SignedAttrs, cms.OIDSigningCertificateV2)+cms.Count(si.SignedAttrs, cms.OIDSigningCertificate) == 1
	return baseline{
		b: s.SubFilter == "ETSI.CAdES.detached" && ess && len(sd.SignerInfos) == 1 && sd.Detached &&
			cms.Count(si.SignedAttrs, cms.OIDSigningTime) == 0 && !s.Claimed.IsZero(),
	}
}

// xadesBaseline is EN 319 132-1 §6.3, with the SigningCertificate of TS 103 171, which DSS accepts too.
func xadesBaseline(s *xmlsig.Signature) baseline {
	x := s.XAdES
	b := baseline{b: x.Covered && x.SigningCertificate == xmlsig.Good && !x.SigningTime.IsZero(), mixed: x.HasRefs}
	for _, r := range s.References { // each of a document has a DataObjectFormat
		_, formatted := x.Formats["#"+r.ID]
		own := r.SignedProperties || r.Local == "KeyInfo" || r.Local == "SignatureProperties" || r.Local == "SignatureValue" || len(r.Manifest) > 0
		b.b = b.b && (own || formatted)
	}
	for _, t := range x.TimeStamps {
		switch t.Kind {
		case xmlsig.Archive:
			b.archived = true
		case xmlsig.ArchiveOld:
			b.b = false
		case xmlsig.SigAndRefs, xmlsig.RefsOnly:
			b.mixed = true
		case xmlsig.AllDataObjects, xmlsig.IndividualDataObjects, xmlsig.SignatureTime:
		}
	}
	return b
}
