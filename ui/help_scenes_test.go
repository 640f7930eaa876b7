package ui

import (
	"ceralacca/app"
	"ceralacca/app/lang"
)

func (f *fakeStore) Diagnose(network bool) {
	if network {
		f.said = append(f.said, "diagnose with network")
		return
	}
	f.said = append(f.said, "diagnose")
}

func (f *fakeStore) SaveBundle(folder string, _ *lang.Catalog) {
	f.said = append(f.said, "bundle "+folder)
}

func doctorScenes() []scene {
	with := func(d *app.Doctor) *app.State { return state(func(s *app.State) { s.Doctor = d }) }
	ok := func(code string, args ...string) app.DoctorCheck {
		return app.DoctorCheck{Code: code, Good: true, Args: lang.M("", args...).Args}
	}
	bad := func(s app.Severity, code string, args ...string) app.DoctorCheck {
		return app.DoctorCheck{Code: code, Severity: s, Args: lang.M("", args...).Args}
	}
	fine := []app.DoctorCheck{
		ok("service"), ok("reader", "names", "Lettore di prova 00 00"), ok("card", "kind", "CNS"), ok("modules-none"),
		ok("network"), ok("lists", "date", "2026-11-20T10:00:00Z"), ok("clock", "date", "2026-11-22T10:00:00Z"), ok("folder"),
	}
	ill := []app.DoctorCheck{
		bad(app.SeverityDanger, "service-denied"), bad(app.SeverityWarning, "module-cpu", "name", "bit4xpki.dll"),
		bad(app.SeverityInfo, "network-not-asked"), bad(app.SeverityWarning, "lists-old", "date", "2023-09-26T10:00:00Z"),
		ok("clock", "date", "2026-11-22T10:00:00Z"), bad(app.SeverityWarning, "space-low", "free", "12"),
	}
	unserved := []app.DoctorCheck{bad(app.SeverityDanger, "service-stopped"), ok("clock", "date", "2026-11-22T10:00:00Z")}
	return []scene{
		{"doctor-command", pageHelp, with(&app.Doctor{Checks: unserved}), nil},
		{"doctor-fine", pageHelp, with(&app.Doctor{Network: true, Checks: fine}), nil},
		{"doctor-trouble", pageHelp, with(&app.Doctor{Checks: ill, SavedTo: "/casa/anna/Documenti/ceralacca-assistenza.zip"}), nil},
		{"doctor-running", pageHelp, with(&app.Doctor{Running: true}), nil},
	}
}
