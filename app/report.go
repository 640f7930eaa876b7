package app

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"path/filepath"
	"strings"
	"time"

	"ceralacca/app/lang"
	"ceralacca/signer"
)

// FileReport is the report on one file in the form that leaves the program: the stable JSON of the command line,
// and what the reports for people are made of.
type FileReport struct {
	File       string            `json:"file"`
	SHA256     string            `json:"sha256,omitempty"` // lower-case hex
	Format     string            `json:"format,omitempty"`
	Time       string            `json:"time,omitempty"`  // when it was judged
	AsOf       string            `json:"as_of,omitempty"` // the moment that the person declared, if any
	Notes      []string          `json:"notes,omitempty"`
	Practice   bool              `json:"practice,omitempty"`
	Signatures []SignatureReport `json:"signatures"`
	Error      *Fault            `json:"error,omitempty"`
}

// SignatureReport is one signature of a FileReport.
type SignatureReport struct {
	ID            string          `json:"id"`
	Parent        string          `json:"parent"`
	Format        string          `json:"format"`
	Level         string          `json:"level,omitempty"`
	Stamp         string          `json:"stamp,omitempty"` // what a time-stamp covers
	Integrity     string          `json:"integrity"`
	Indication    string          `json:"indication"`
	SubIndication string          `json:"subindication,omitempty"`
	Qualification string          `json:"qualification,omitempty"`
	Signer        *SignerReport   `json:"signer,omitempty"`
	ClaimedTime   string          `json:"claimed_time,omitempty"`
	ProvenTime    string          `json:"proven_time,omitempty"`
	CoversWhole   bool            `json:"covers_whole_file"`
	Findings      []FindingReport `json:"findings"`
	Service       *ServiceReport  `json:"service,omitempty"`
	// Revocation tells, from the signer up, what is known of the certificates of the chain.
	Revocation []RevocationReport `json:"revocation,omitempty"`
}

// ServiceReport is the entry of a trusted list that the signer's chain ends at.
type ServiceReport struct {
	Name      string `json:"name,omitempty"`
	Provider  string `json:"provider,omitempty"`
	Status    string `json:"status,omitempty"` // at the time judged
	Territory string `json:"territory,omitempty"`
	Sequence  int    `json:"sequence,omitempty"` // number of the list
	Issued    string `json:"issued,omitempty"`   // of the list
}

// RevocationReport is what is known of the revocation of one certificate, from where and how old.
type RevocationReport struct {
	CN         string `json:"cn,omitempty"`
	State      string `json:"state,omitempty"` // as in trust.Revocation
	At         string `json:"at,omitempty"`
	Source     string `json:"source,omitempty"`
	Origin     string `json:"origin,omitempty"`
	ThisUpdate string `json:"this_update,omitempty"`
	NextUpdate string `json:"next_update,omitempty"`
	Stale      bool   `json:"stale,omitempty"`
	Detail     string `json:"detail,omitempty"` // why nothing is known
}

// SignerReport is the signer's certificate.
type SignerReport struct {
	CN         string `json:"cn,omitempty"`
	FiscalCode string `json:"fiscal_code,omitempty"`
	IssuerCN   string `json:"issuer_cn,omitempty"`
	Serial     string `json:"serial,omitempty"`
	NotBefore  string `json:"not_before,omitempty"`
	NotAfter   string `json:"not_after,omitempty"`
}

// FindingReport is a finding in words.
type FindingReport struct {
	Code     string `json:"code"`
	Severity string `json:"severity"`
	Cite     string `json:"cite,omitempty"`
	Text     string `json:"text"`
}

// Fault is an Advice in words.
type Fault struct {
	Code string `json:"code"`
	Text string `json:"text"`
	Next string `json:"next"`
}

// FaultOf says an advice in the words of t; nil for nil.
func FaultOf(a *Advice, t *lang.Catalog) *Fault {
	if a == nil {
		return nil
	}
	return &Fault{a.Code, t.Text(a.Title), t.Text(a.Body)}
}

// FormatName is the name of a format in the JSON contract.
func FormatName(f signer.Format) string {
	switch f {
	case signer.CAdES:
		return "CAdES"
	case signer.PAdES:
		return "PAdES"
	case signer.XAdES:
		return "XAdES"
	case signer.ASiCS:
		return "ASiC-S"
	case signer.ASiCE:
		return "ASiC-E"
	case signer.TSD:
		return "TSD"
	case signer.TSR:
		return "TSR"
	case signer.TST:
		return "TST"
	case signer.ERS:
		return "ERS"
	}
	return "none"
}

var (
	integrityNames  = map[signer.Integrity]string{signer.IntegrityUnknown: "unknown", signer.Intact: "intact", signer.Broken: "broken"}
	indicationNames = map[signer.Indication]string{
		signer.Indeterminate: "INDETERMINATE", signer.TotalPassed: "TOTAL-PASSED", signer.TotalFailed: "TOTAL-FAILED",
	}
	severityNames = map[signer.Severity]string{signer.Info: "info", signer.Warning: "warning", signer.Error: "error"}
)

// ReportOf puts the report on what was asked by q into words and stable names.
func ReportOf(q VerifyRequest, r *Report, t *lang.Catalog) FileReport {
	f := FileReport{
		File: q.File, SHA256: hex.EncodeToString(r.SHA256[:]), Format: FormatName(r.Format), Time: Stamp(r.Time), AsOf: Stamp(q.At),
		Notes: r.Notes, Practice: IsPractice(r), Signatures: []SignatureReport{},
	}
	for i := range r.Signatures {
		f.Signatures = append(f.Signatures, signatureReport(&r.Signatures[i], t))
	}
	return f
}

func signatureReport(g *Signature, t *lang.Catalog) SignatureReport {
	s := SignatureReport{
		ID: g.ID, Parent: g.Parent, Format: FormatName(g.Format), Level: g.Level, Stamp: string(g.Stamp),
		Integrity: integrityNames[g.Integrity], Indication: indicationNames[g.Indication],
		SubIndication: string(g.SubIndication), Qualification: string(g.Qualification),
		ClaimedTime: Stamp(g.Claimed), ProvenTime: Stamp(g.Proven), CoversWhole: g.CoversWholeFile, Findings: []FindingReport{},
	}
	if c := g.Signer; c != nil {
		s.Signer = &SignerReport{c.SubjectCN, c.FiscalCode, c.IssuerCN, c.Serial, Stamp(c.NotBefore), Stamp(c.NotAfter)}
	}
	for _, f := range g.Findings {
		s.Findings = append(s.Findings, FindingReport{f.Code, severityNames[f.Severity], f.Cite, t.Text(FindingText(f))})
	}
	if v := g.Service; v != nil {
		s.Service = &ServiceReport{v.Name, v.Provider, v.Status, v.Territory, v.Sequence, Stamp(v.Issued)}
	}
	for i, v := range g.Revocation {
		r := RevocationReport{
			State: v.State, At: Stamp(v.At), Source: v.Source, Origin: v.Origin, ThisUpdate: Stamp(v.ThisUpdate),
			NextUpdate: Stamp(v.NextUpdate), Stale: v.Stale, Detail: v.Detail,
		}
		if i < len(g.Chain) {
			r.CN = g.Chain[i].SubjectCN
		}
		s.Revocation = append(s.Revocation, r)
	}
	return s
}

// Stamp is a time in the JSON contract: RFC 3339 in UTC, empty for the zero time.
func Stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// Basis is what all files of a verification stand on, and what the reports are: the same for each of them.
type Basis struct {
	Trust   TrustReport `json:"trust"`
	Program string      `json:"program"` // name and version
	Notice  string      `json:"notice"`  // that this is no qualified validation service, in words
}

// Reports is the whole of a verification as JSON. As JSON lines each FileReport is a line, and Basis the last one. Names
// and meanings are never changed or taken away, only added to.
type Reports struct {
	Files []FileReport `json:"files"`
	Basis
}

// Basis tells what the verdicts of this engine stand on now, in the words of t.
func (e *Engine) Basis(ctx context.Context, t *lang.Catalog) (Basis, error) {
	lists, err := e.Trust(ctx)
	return Basis{lists, programName, t.T("report.informative")}, err
}

// ReportFormats are the suffixes of the reports that SaveReport writes.
var ReportFormats = []string{".html", ".pdf", ".json"}

// SaveReport writes the report on what was asked by q to dest, which must not exist: in one of ReportFormats by the
// suffix of its name, as JSON with any other.
func (e *Engine) SaveReport(ctx context.Context, q VerifyRequest, r *Report, t *lang.Catalog, dest string) error {
	q.File = filepath.Base(q.File)
	f := ReportOf(q, r, t)
	basis, err := e.Basis(ctx, t)
	if err != nil {
		return err
	}
	p := pageOf(f, q, r, basis.Trust, t)
	return writeNew(ctx, dest, func(w io.Writer) error {
		switch strings.ToLower(filepath.Ext(dest)) {
		case ".html":
			return p.html(w)
		case ".pdf":
			return p.pdf(w, e.cfg.Assets)
		}
		j := json.NewEncoder(w)
		j.SetIndent("", "  ")
		j.SetEscapeHTML(false)
		return j.Encode(Reports{[]FileReport{f}, basis})
	}, nil)
}
