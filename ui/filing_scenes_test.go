package ui

import (
	"time"

	"ceralacca/app"
)

func (f *fakeStore) SetProfile(id string) { f.said = append(f.said, "profile "+id) }
func (f *fakeStore) SetChoices(c app.SignChoices) {
	f.choices = c
	f.said = append(f.said, "format "+app.FormatName(c.Format))
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
	details := func(u *UI) { u.openFiling() }
	return []scene{
		{"filing-ready", pageSign, ready(ri, filingOf(ri, claimItem)), nil},
		{"filing-doubt", pageSign, ready(ri, filingOf(ri, doubtItem, claimItem)), nil},
		{"filing-refused", pageSign, ready(ri, filingOf(ri, padesItem, emptyItem, doubtItem)), nil},
		{"filing-checking", pageSign, ready(ri, &app.Filing{Profile: ri, Files: 5, Running: true}), nil},
		{"filing-general-silent", pageSign, ready("", filingOf("general")), nil},
		{"filing-general-doubt", pageSign, ready("", filingOf("general", activeItem)), nil},
		{"filing-details", pageSign, ready(ri, filingOf(ri, padesItem, activeItem, emptyItem, doubtItem, claimItem)), details},
		{"filing-choose", pageSign, ready(ri, filingOf(ri)), func(u *UI) { u.chooseProfile() }},
	}
}
