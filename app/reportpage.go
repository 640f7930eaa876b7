package app

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"strings"
	"time"

	"ceralacca/app/lang"
	"ceralacca/app/paper"
	"ceralacca/signer"
	"ceralacca/signer/trust"
)

// programName is how reports name who made them.
const programName = "Ceralacca " + Version

// page is a report in words, the same for a browser and for paper.
type page struct {
	Lang, Seal          string
	Title, Reason, Next string
	Practice            string
	Sections            []section
	Notes               []string
	made                time.Time
}

// section is a heading with facts below it.
type section struct {
	Title string
	Facts []paper.Fact
	Items []string
}

func (s *section) add(label, value string) {
	if value != "" {
		s.Facts = append(s.Facts, paper.Fact{Label: label, Value: Visible(value)})
	}
}

// pageOf puts the report into words. Names come from the files of strangers and are made [Visible].
func pageOf(f FileReport, q VerifyRequest, r *Report, basis TrustReport, t *lang.Catalog) *page {
	v := JudgeReport(r)
	p := &page{
		Lang: t.Tag(), Seal: [...]string{"blank", "whole", "broken"}[v.Seal], made: r.Time,
		Title: t.Text(v.Title), Reason: sentence(t.Text(v.Reason)), Next: t.Text(v.Next),
	}
	if f.Practice {
		p.Practice = t.T("verdict.practice")
	}
	file := section{Title: Visible(f.File)}
	file.add(t.T("report.format"), f.Format)
	file.add(t.T("report.sha256"), f.SHA256)
	file.add(t.T("report.judged"), t.Moment(r.Time))
	if !q.At.IsZero() {
		file.add(t.T("report.as-of"), t.Text(lang.M("report.as-of.value", "when", t.Moment(q.At))))
	}
	file.add(t.T("report.signatures"), countText(r, t))
	for _, n := range r.Notes {
		if key := "note." + n; t.Has(key) {
			file.Items = append(file.Items, t.T(key))
		}
	}
	p.Sections = append(p.Sections, file)
	for i := range r.Signatures {
		p.Sections = append(p.Sections, signatureSection(&r.Signatures[i], t))
	}
	p.Sections = append(p.Sections, basisSection(basis, t))
	p.Notes = []string{t.T("report.informative")}
	return p
}

// countText counts several signatures by their verdict, the worst first: among pages of good ones a bad one is not to be
// overlooked. It is empty for one, and leaves time-stamps out.
func countText(r *Report, t *lang.Catalog) string {
	n, all := map[Seal]int{}, 0
	for i := range r.Signatures {
		if r.Signatures[i].Format != signer.TST {
			n[JudgeReport(&Report{Signatures: r.Signatures[i : i+1]}).Seal]++
			all++
		}
	}
	if all < 2 {
		return ""
	}
	var words []string
	for _, s := range []struct {
		seal Seal
		key  string
	}{{SealBroken, "broken"}, {SealBlank, "blank"}, {SealWhole, "whole"}} {
		if n[s.seal] > 0 {
			words = append(words, t.Text(lang.MN("report.count."+s.key, n[s.seal])))
		}
	}
	return strings.Join(words, ", ")
}

// signatureSection tells all of one signature.
func signatureSection(g *Signature, t *lang.Catalog) section {
	name := t.T("report.no-signer")
	if g.Signer != nil && g.Signer.SubjectCN != "" {
		name = g.Signer.SubjectCN
	}
	s := section{Title: Visible(g.ID + " · " + name)}
	codes := indicationNames[g.Indication]
	if g.SubIndication != "" {
		codes += ", " + string(g.SubIndication)
	}
	s.add(t.T("report.verdict"), fmt.Sprintf("%s (%s)", t.Text(SignatureReason(g)), codes))
	if g.Parent != "" {
		s.add(t.T("report.parent"), t.Text(lang.M("report.parent.value", "id", g.Parent)))
	}
	s.add(t.T("report.integrity"), t.T("report.integrity."+integrityNames[g.Integrity]))
	s.add(t.T("report.format"), strings.TrimSpace(FormatName(g.Format)+" "+g.Level))
	if g.Format == signer.PAdES {
		s.add(t.T("report.covers"), t.T(map[bool]string{true: "report.covers.whole", false: "report.covers.part"}[g.CoversWholeFile]))
	}
	s.add(t.T("report.qualification"), QualificationText(g.Qualification, t))
	if !g.Claimed.IsZero() {
		s.add(t.T("report.claimed"), t.Moment(g.Claimed))
	}
	if g.Proven.IsZero() {
		s.add(t.T("report.proven"), t.T("report.unproven"))
	} else {
		s.add(t.T("report.proven"), t.Moment(g.Proven))
	}
	if c := g.Signer; c != nil {
		s.add(t.T("report.fiscal-code"), c.FiscalCode)
		s.add(t.T("report.issuer"), c.IssuerCN)
		s.add(t.T("report.serial"), c.Serial)
		if !c.NotAfter.IsZero() {
			s.add(t.T("report.validity"), t.Date(c.NotBefore)+" – "+t.Date(c.NotAfter))
		}
	}
	if v := g.Service; v != nil {
		s.add(t.T("report.service"), ServiceText(v, t))
	}
	for i := range g.Revocation {
		s.add(t.T("report.revocation"), RevocationText(g, i, t))
	}
	for _, f := range g.Findings {
		words := t.Text(FindingText(f))
		if f.Cite != "" {
			words += " (" + f.Cite + ")"
		}
		s.Items = append(s.Items, Visible(words))
	}
	return s
}

// QualificationText says in words what a signature counts as, with the code of the standard.
func QualificationText(q signer.Qualification, t *lang.Catalog) string {
	if q == "" {
		return ""
	}
	plain, unsure := strings.CutPrefix(string(q), "Indeterminate ")
	key := "report.qualification." + strings.ToLower(plain)
	if !t.Has(key) {
		return string(q)
	}
	words := t.T(key)
	if unsure {
		words = t.Text(lang.M("report.qualification.unsure", "quality", words))
	}
	return words + " (" + string(q) + ")"
}

// ServiceText names the authority that a trusted list vouches for, and the list.
func ServiceText(v *trust.ServiceInfo, t *lang.Catalog) string {
	return t.Text(lang.M("report.service.value", "name", v.Name, "provider", v.Provider, "territory", v.Territory,
		"number", lang.Digits(v.Sequence), "date", t.Date(v.Issued)))
}

// RevocationText tells what is known of the revocation of the certificate at i of the chain of g: the state, who said
// so, when, and how we came to know it.
func RevocationText(g *Signature, i int, t *lang.Catalog) string {
	v, name := g.Revocation[i], ""
	if i < len(g.Chain) {
		name = g.Chain[i].SubjectCN
	}
	var state string
	switch {
	case t.Has("revocation.state." + v.State):
		state = t.Text(lang.M("revocation.state."+v.State, "when", t.Date(v.At)))
	case t.Has("revocation.detail." + v.Detail):
		state = t.T("revocation.detail." + v.Detail)
	default:
		return ""
	}
	if v.ThisUpdate.IsZero() || !t.Has("revocation.source."+v.Source) || !t.Has("revocation.origin."+v.Origin) {
		return named(t.Text(lang.M("report.revocation.short", "certificate", name, "state", state)))
	}
	origin := t.T("revocation.origin." + v.Origin)
	if v.Stale {
		origin += ", " + t.T("report.revocation.stale")
	}
	return named(t.Text(lang.M("report.revocation.line", "certificate", name, "state", state, "source", t.T("revocation.source."+v.Source),
		"when", t.Moment(v.ThisUpdate), "origin", origin)))
}

// named is a sentence that begins with a name and a colon; of one without the name the colon goes too.
func named(s string) string { return strings.TrimLeft(s, ": \u00a0") }

// basisSection names the lists, their age and their origin.
func basisSection(basis TrustReport, t *lang.Catalog) section {
	s := section{Title: t.T("report.basis")}
	for _, l := range basis.Lists {
		s.add(t.T("report.list")+" "+l.Territory, ListText(l, t))
	}
	if len(basis.Lists) == 0 {
		s.Items = append(s.Items, t.T("report.lists.none"))
	}
	if basis.ExtraAnchors > 0 {
		s.Items = append(s.Items, t.T("report.extra-anchors"))
	}
	s.add(t.T("report.program"), programName)
	return s
}

// ListText tells number, date, origin and next update of a trusted list.
func ListText(l ListReport, t *lang.Catalog) string {
	day := func(s string) string {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			return ""
		}
		return t.Date(v)
	}
	origin := l.Origin
	if key := "report.list.origin." + l.Origin; t.Has(key) {
		origin = t.T(key)
	}
	words := t.Text(lang.M("report.list.value", "number", lang.Digits(l.Sequence), "date", day(l.Issued), "origin", origin))
	if l.NextUpdate != "" {
		words += "; " + t.Text(lang.M("report.list.next", "date", day(l.NextUpdate)))
	}
	if l.OutOfDate {
		words += " (" + t.T("report.list-old") + ")"
	}
	return words
}

//go:embed report.html
var reportPage string

var reportTemplate = template.Must(template.New("report").Parse(reportPage))

// html writes a page that holds all it needs: no script, no picture, no address to fetch.
func (p *page) html(w io.Writer) error { return reportTemplate.Execute(w, p) }

// reportFonts are the regular and the bold font of what is made for paper.
func reportFonts(assets fs.FS) (fonts [2][]byte, err error) {
	for i, name := range []string{"fonts/TitilliumWeb-Regular.ttf", "fonts/TitilliumWeb-SemiBold.ttf"} {
		if assets == nil {
			return fonts, fmt.Errorf("reading %s: %w", name, fs.ErrNotExist)
		}
		if fonts[i], err = fs.ReadFile(assets, name); err != nil {
			return fonts, fmt.Errorf("reading a font: %w", err)
		}
	}
	return fonts, nil
}

// pdf writes the page for paper, in the fonts of the assets.
func (p *page) pdf(w io.Writer, assets fs.FS) error {
	fonts, err := reportFonts(assets)
	if err != nil {
		return err
	}
	d, err := paper.New(paper.Info{
		Title: p.Title + " · " + p.Sections[0].Title, Language: p.Lang, Program: programName, Made: p.made,
	}, fonts[0], fonts[1])
	if err != nil {
		return err
	}
	d.Verdict(map[string]paper.Tone{"whole": paper.Good, "blank": paper.Doubt, "broken": paper.Bad}[p.Seal], p.Title, p.Reason, p.Next, p.Practice)
	for _, s := range p.Sections {
		d.Heading(s.Title)
		d.Facts(s.Facts)
		d.List(s.Items)
	}
	d.Space()
	for _, n := range p.Notes {
		d.Note(n)
	}
	_, err = d.WriteTo(w)
	return err
}
