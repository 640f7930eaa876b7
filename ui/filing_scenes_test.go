package ui

import (
	"strings"
	"time"

	"ceralacca/app"
)

func (f *fakeStore) SetProfile(id string) { f.said = append(f.said, "profile "+id) }
func (f *fakeStore) SetChoices(c app.SignChoices) {
	f.choices = c
	f.said = append(f.said, "format "+app.FormatName(c.Format))
}

func (f *fakeStore) ExpectSigner(code string) { f.said = append(f.said, "signer "+code) }
func (f *fakeStore) CompareWith(paths ...string) {
	f.said = append(f.said, "compare with "+strings.Join(paths, " "))
}

// filingOf is a checklist over the example files.
func filingOf(profile string, items ...app.FilingItem) *app.Filing {
	for i := range items {
		if items[i].File != "" {
			items[i].File = "/casa/anna/Documenti/pratica_EX2611/" + items[i].File
		}
	}
	return &app.Filing{Profile: profile, Files: 5, SignerChecked: true, Items: items}
}

func chamber(code string, s app.Severity, file string, args map[string]string) app.FilingItem {
	return app.FilingItem{
		Code: code, Severity: s, File: file, Args: args, Who: "Camera di commercio di Prova", What: "DPCM 10/12/2008, art. 6 e 7",
		URL: "https://prova.camcom.example/formati", Read: day(2026, time.November, 22), Since: day(2009, time.January, 15),
	}
}

var (
	padesItem  = app.FilingItem{Code: "pades-chosen", Severity: app.SeverityDanger, Who: "Camera di commercio di Prova", What: "Deposito dei bilanci", URL: "https://prova.camcom.example/firma", Action: app.FilingUseP7M}
	emptyItem  = app.FilingItem{Code: "empty-file", Severity: app.SeverityDanger, File: "verbale_assemblea.pdf", Who: "Ceralacca", Action: app.FilingRemove}
	activeItem = chamber("active-content", app.SeverityDanger, "relazione_sindaco.pdf", map[string]string{"features": "javascript,launch"})
	claimItem  = chamber("pdfa-claim", app.SeverityInfo, "nota_integrativa.pdf", map[string]string{"claim": "PDF/A-1b"})
	doubtItem  = chamber("not-pdfa", app.SeverityWarning, "nota_integrativa.pdf", nil)
)

func filingScenes() []scene {
	ready := func(profile string, f *app.Filing) *app.State {
		return state(func(s *app.State) {
			s.Docs = docs(app.DocReady, fiveNames...)
			s.Settings.Profile, s.Filing, s.Choices = profile, f, &app.SignChoices{}
		})
	}
	ri := "registro-imprese"
	// compared is a set of which the person has named the signer and the originals.
	compared := func(f *app.Filing, outcome ...app.Sameness) *app.State {
		st := ready(ri, f)
		st.Expected = &app.Expected{Signer: "RSSMRA85T10A562S", Originals: []string{"/casa/anna/Scaricati"}}
		for i, s := range outcome {
			c := app.Comparison{File: st.Docs.List[i].Path, Sameness: s, Original: "/casa/anna/Scaricati/" + st.Docs.List[i].Name}
			if i == len(outcome)-1 {
				c.Original = "/casa/anna/Scaricati/verbale (1).pdf"
			}
			f.Compared = append(f.Compared, c)
		}
		return st
	}
	mixed := []app.Sameness{app.OriginalSame, app.OriginalChanged, app.OriginalItself, app.OriginalAbsent, app.OriginalSame}
	same := []app.Sameness{app.OriginalSame, app.OriginalSame, app.OriginalSame, app.OriginalSame, app.OriginalSame}
	itself := []app.Sameness{app.OriginalItself, app.OriginalItself, app.OriginalItself, app.OriginalItself, app.OriginalItself}
	changed := app.FilingItem{Code: "differs-from-original", Severity: app.SeverityDanger, File: "bilancio_2025.xbrl", Who: "Ceralacca", Action: app.FilingShowCompared}
	other := chamber("other-signer", app.SeverityDanger, "", nil)
	other.Action = app.FilingNameSigner
	typing := func(code string) func(*UI) {
		return func(u *UI) {
			u.nameSigner()
			u.asking.panel.first.(*lineField).SetText(code)
		}
	}
	compare := func(u *UI) { u.compareFiles() }
	details := func(u *UI) { u.openFiling() }
	return []scene{
		{"filing-ready", pageSign, ready(ri, filingOf(ri, claimItem)), nil},
		{"filing-doubt", pageSign, ready(ri, filingOf(ri, doubtItem, claimItem)), nil},
		{"filing-refused", pageSign, ready(ri, filingOf(ri, padesItem, emptyItem, doubtItem)), nil},
		{"filing-checking", pageSign, ready(ri, &app.Filing{Profile: ri, Files: 5, Running: true}), nil},
		{"filing-general-long", pageSign, ready("", &app.Filing{Profile: "general", Files: 5, Running: true, Long: true}), nil},
		{"filing-general-silent", pageSign, ready("", filingOf("general")), nil},
		{"filing-general-doubt", pageSign, ready("", filingOf("general", activeItem)), nil},
		{"filing-details", pageSign, ready(ri, filingOf(ri, padesItem, activeItem, emptyItem, doubtItem, claimItem)), details},
		{"filing-details-expected", pageSign, compared(filingOf(ri, other, changed, claimItem), mixed...), details},
		{"filing-details-checking", pageSign, ready(ri, &app.Filing{Profile: ri, Files: 5, Running: true}), details},
		{"filing-signer", pageSign, ready(ri, filingOf(ri)), typing("")},
		{"filing-signer-wrong", pageSign, ready(ri, filingOf(ri)), typing("rssmra85t1oa562s")},
		{"filing-signer-company", pageSign, ready(ri, filingOf(ri)), typing("01234567890")},
		{"filing-signer-other", pageSign, compared(filingOf(ri)), typing("RSSMRA85T10A562S")},
		{"filing-compare", pageSign, ready(ri, filingOf(ri)), compare},
		{"filing-compare-running", pageSign, compared(&app.Filing{Profile: ri, Files: 5, Running: true}), compare},
		{"filing-compare-mixed", pageSign, compared(filingOf(ri, changed), mixed...), compare},
		{"filing-compare-same", pageSign, compared(filingOf(ri), same...), compare},
		{"filing-compare-itself", pageSign, compared(filingOf(ri), itself...), compare},
		{"filing-choose", pageSign, ready(ri, filingOf(ri)), func(u *UI) { u.chooseProfile() }},
	}
}
