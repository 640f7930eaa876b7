package app

import (
	"context"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"html/template"
	"io"
	"path/filepath"
	"strings"
	"time"

	"ceralacca/app/lang"
	"ceralacca/signer"
)

// FileReport is the report on one file in the form that leaves the program: the stable JSON of the command line,
// and what the HTML report is made of.
type FileReport struct {
	File       string            `json:"file"`
	SHA256     string            `json:"sha256,omitempty"` // lower-case hex
	Format     string            `json:"format,omitempty"`
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
	Integrity     string          `json:"integrity"`
	Indication    string          `json:"indication"`
	SubIndication string          `json:"subindication,omitempty"`
	Qualification string          `json:"qualification,omitempty"`
	Signer        *SignerReport   `json:"signer,omitempty"`
	ClaimedTime   string          `json:"claimed_time,omitempty"`
	ProvenTime    string          `json:"proven_time,omitempty"`
	CoversWhole   bool            `json:"covers_whole_file"`
	Findings      []FindingReport `json:"findings"`

	reason          string // in words
	claimed, proven time.Time
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

// ReportOf puts the report on the file into words and stable names.
func ReportOf(file string, r *Report, t *lang.Catalog) FileReport {
	f := FileReport{
		File: file, SHA256: hex.EncodeToString(r.SHA256[:]), Format: FormatName(r.Format), Notes: r.Notes,
		Practice: IsPractice(r), Signatures: []SignatureReport{},
	}
	for i := range r.Signatures {
		f.Signatures = append(f.Signatures, signatureReport(&r.Signatures[i], t))
	}
	return f
}

func signatureReport(g *Signature, t *lang.Catalog) SignatureReport {
	s := SignatureReport{
		ID: g.ID, Parent: g.Parent, Format: FormatName(g.Format), Level: g.Level,
		Integrity: integrityNames[g.Integrity], Indication: indicationNames[g.Indication],
		SubIndication: string(g.SubIndication), Qualification: string(g.Qualification),
		ClaimedTime: Stamp(g.Claimed), ProvenTime: Stamp(g.Proven), CoversWhole: g.CoversWholeFile,
		Findings: []FindingReport{}, reason: t.Text(SignatureReason(g)), claimed: g.Claimed, proven: g.Proven,
	}
	if c := g.Signer; c != nil {
		s.Signer = &SignerReport{c.SubjectCN, c.FiscalCode, c.IssuerCN, c.Serial, Stamp(c.NotBefore), Stamp(c.NotAfter)}
	}
	for _, f := range g.Findings {
		s.Findings = append(s.Findings, FindingReport{f.Code, severityNames[f.Severity], f.Cite, t.Text(FindingText(f))})
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

// Reports is the whole of a verification as JSON.
type Reports struct {
	Files []FileReport `json:"files"`
	Trust TrustReport  `json:"trust"`
}

//go:embed report.html
var reportPage string

// SaveReport writes the report on r to dest, which must not exist: as HTML in one file when the name ends in
// .html, as JSON otherwise.
func (e *Engine) SaveReport(ctx context.Context, file string, r *Report, t *lang.Catalog, dest string) error {
	f := ReportOf(filepath.Base(file), r, t)
	basis, err := e.Trust(ctx)
	if err != nil {
		return err
	}
	return writeNew(ctx, dest, func(w io.Writer) error {
		if strings.EqualFold(filepath.Ext(dest), ".html") {
			return writeHTML(w, f, r, basis, t)
		}
		j := json.NewEncoder(w)
		j.SetIndent("", "  ")
		j.SetEscapeHTML(false)
		return j.Encode(Reports{[]FileReport{f}, basis})
	}, nil)
}

// writeHTML writes a page that holds all it needs: no script, no picture, no address to fetch.
func writeHTML(w io.Writer, f FileReport, r *Report, basis TrustReport, t *lang.Catalog) error {
	page, err := template.New("report").Funcs(template.FuncMap{
		"T":    t.T,
		"when": t.DateTime,
		"zero": time.Time.IsZero,
		"day": func(s string) string {
			if v, err := time.Parse(time.RFC3339, s); err == nil {
				return t.Date(v)
			}
			return s
		},
		"claimed": func(s SignatureReport) time.Time { return s.claimed },
		"proven":  func(s SignatureReport) time.Time { return s.proven },
		"reason":  func(s SignatureReport) string { return s.reason },
	}).Parse(reportPage)
	if err != nil {
		return err
	}
	v := JudgeReport(r)
	return page.Execute(w, map[string]any{
		"Lang": t.Tag(), "Seal": [...]string{"blank", "whole", "broken"}[v.Seal],
		"Title": t.Text(v.Title), "Reason": t.Text(v.Reason), "Next": t.Text(v.Next),
		"File": f, "Time": r.Time, "Version": Version, "Trust": basis,
	})
}
