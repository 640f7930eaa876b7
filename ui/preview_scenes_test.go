package ui

import (
	"image"
	"image/color"
	"image/draw"
	"strings"

	"ceralacca/app"
)

const exampleHash = "3f9a71c208de5b14a7e03f9a71c208de5b14a7e03f9a71c208de5b14a7e0aa01"

// drawnPage stands in for a page of a PDF: lines of text, a heading, a table.
func drawnPage(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
	bar := func(x, y, bw, bh int, c color.Color) {
		draw.Draw(img, image.Rect(x, y, x+bw, y+bh), image.NewUniform(c), image.Point{}, draw.Src)
	}
	bar(w/10, h/12, w/2, h/40, color.Gray{0x30})
	for i := range 24 {
		long := w*8/10 - (i*37%9)*w/60
		bar(w/10, h/6+i*h/40, long, h/120, color.Gray{0x90})
	}
	return img
}

// digestScene is the digest on its sheet.
func digestScene() scene {
	return scene{"preview-digest", pageSign, previewed("distinta_EX2611.pdf", nil), func(u *UI) { u.views[pageSign].(*signView).preview.openDigest() }}
}

func previewed(name string, change func(*app.Preview)) *app.State {
	return state(func(s *app.State) {
		s.Docs = docs(app.DocReady, fiveNames...)
		p := &app.Preview{Path: s.Docs.List[0].Path, Name: name, Size: 184000, SHA256: exampleHash, View: &app.View{Form: app.ViewPages}}
		p.View.Facts.Pages = 12
		p.Page = &app.PreviewPage{Image: drawnPage(595, 842), Points: app.PageSize{Width: 595, Height: 842}}
		if change != nil {
			change(p)
		}
		s.Preview = p
	})
}

func section(code string, pairs ...string) app.ViewSection {
	s := app.ViewSection{Code: code}
	for i := 0; i+1 < len(pairs); i += 2 {
		f := app.ViewField{Code: pairs[i], Value: app.ViewValue{Text: pairs[i+1]}}
		switch pairs[i] {
		case "date", "closing":
			f.Value.Is = app.ValueDay
		case "total":
			f.Value.Is = app.ValueAmount
		case "type":
			f.Value.Code = pairs[i+1]
		}
		s.Fields = append(s.Fields, f)
	}
	return s
}

func rowsUnder(s app.ViewSection, columns string, rows ...string) app.ViewSection {
	for _, c := range strings.Fields(columns) {
		v := app.ViewValue{Code: c}
		if c[0] == '2' {
			v = app.ViewValue{Text: c, Is: app.ValueDay}
		}
		s.Columns = append(s.Columns, v)
	}
	for _, r := range rows {
		var cells []app.ViewValue
		for i, c := range strings.Split(r, "|") {
			v := app.ViewValue{Text: c}
			if i > 0 && !strings.Contains(c, "%") {
				v.Is = app.ValueAmount
			}
			cells = append(cells, v)
		}
		s.Rows = append(s.Rows, cells)
	}
	return s
}

func invoiceSections() []app.ViewSection {
	return []app.ViewSection{
		section("invoice", "supplier", "ALFA ESEMPIO SRL, IT00000000000, Via Roma 1, 00100 Roma RM", "customer", "BETA PROVA SPA, IT00000000001, Corso Italia 22, 20100 Milano MI", "recipient", "ABC1234"),
		section("document", "type", "TD01", "number", "12/A", "date", "2026-03-05", "reason", "Consulenza di marzo", "total", "2440.00", "currency", "EUR"),
		rowsUnder(section("lines"), "description quantity price vat amount", "Consulenza tecnica sull'impianto di via Garibaldi, come da offerta del 3 febbraio|1.00|1500.00|22 %|1500.00", "Sopralluogo|2.00|250.00|22 %|500.00"),
		rowsUnder(section("vat"), "vat base tax", "22 %|2000.00|440.00"),
		{Code: "extras", Columns: []app.ViewValue{{Code: "kind"}, {Code: "rate"}, {Code: "amount"}}, Rows: [][]app.ViewValue{
			{{Code: "withholding", Text: "RT01 A"}, {Text: "20 %"}, {Text: "400.00", Is: app.ValueAmount}},
			{{Code: "stamp"}, {}, {Text: "2.00", Is: app.ValueAmount}},
		}},
		{Code: "references", Columns: []app.ViewValue{{Code: "kind"}, {Code: "date"}, {Code: "reference"}}, Rows: [][]app.ViewValue{
			{{Code: "ref-order"}, {Text: "2026-01-02", Is: app.ValueDay}, {Text: "66685 · CUP C12H34567890123 · CIG ZA12345678"}},
		}},
		{Code: "payment", Columns: []app.ViewValue{{Code: "due"}, {Code: "method"}, {Code: "amount"}, {Code: "iban"}}, Rows: [][]app.ViewValue{
			{{Text: "2026-04-05", Is: app.ValueDay}, {Code: "MP05", Text: "MP05"}, {Text: "2042.00", Is: app.ValueAmount}, {Text: "IT60 X054 2811 1010 0000 0123 456"}},
		}},
	}
}

func previewScenes() []scene {
	table := func(s []app.ViewSection) func(*app.Preview) {
		return func(p *app.Preview) {
			p.View, p.Page = &app.View{Form: app.ViewTable, Sections: s, Lines: []string{"<a>", "  <b>uno</b>", "</a>"}}, nil
		}
	}
	alarm := func(p *app.Preview, codes ...string) {
		for _, c := range codes {
			p.Alarms = append(p.Alarms, advice(c, app.SeverityWarning, 0))
		}
	}
	return []scene{
		{"preview-loading", pageSign, previewed("distinta_EX2611.pdf", func(p *app.Preview) { p.View, p.Page, p.SHA256 = nil, nil, "" }), nil},
		{"preview-pdf", pageSign, previewed("distinta_EX2611.pdf", nil), nil},
		{"preview-drawing", pageSign, previewed("distinta_EX2611.pdf", func(p *app.Preview) { p.Page = nil }), nil},
		{"preview-pdf-alarm", pageSign, previewed("distinta_EX2611.pdf", func(p *app.Preview) { alarm(p, "pdf-javascript") }), nil},
		{"preview-pdf-alarms", pageSign, previewed("distinta_EX2611.pdf", func(p *app.Preview) { alarm(p, "pdf-javascript", "pdf-attachment", "pdf-later") }), nil},
		{"preview-page-broken", pageSign, previewed("distinta_EX2611.pdf", func(p *app.Preview) {
			p.Page = &app.PreviewPage{Advice: advice("preview-page", app.SeverityWarning, 0)}
		}), nil},
		{"preview-stopped", pageSign, previewed("distinta_EX2611.pdf", func(p *app.Preview) {
			p.View, p.Page, p.Advice = nil, nil, advice("preview-stopped", app.SeverityWarning, 0)
		}), nil},
		{"preview-text", pageSign, previewed("lettera.txt", func(p *app.Preview) {
			p.View, p.Page = &app.View{Form: app.ViewLines, Encoding: "UTF-8", Lines: strings.Split("Gentile signora,\n\n"+strings.Repeat("le confermo che la pratica è stata depositata e che la ricevuta arriverà per posta certificata entro dieci giorni lavorativi da oggi. ", 4)+"\n\nCordiali saluti\npaga [U+202E]001[U+202C] euro", "\n")}, nil
			alarm(p, "text-direction")
		}), nil},
		{"preview-xml", pageSign, previewed("dati.xml", func(p *app.Preview) {
			p.View, p.Page = &app.View{Form: app.ViewLines, Encoding: "UTF-8", Lines: []string{`<?xml version="1.0"?>`, "<pratica>", "  <numero>12</numero>", "  <soci>", `    <socio quota="50">ANNA ESEMPIO</socio>`, `    <socio quota="50">MARIO PROVA</socio>`, "  </soci>", "</pratica>"}}, nil
		}), nil},
		{"preview-invoice", pageSign, previewed("IT00000000000_00012.xml", table(invoiceSections())), nil},
		{"preview-accounts", pageSign, previewed("bilancio_2025.xbrl", table([]app.ViewSection{
			section("balance", "entity", "00000000000", "closing", "2025-12-31", "taxonomy", "itcc-ci-abb-2018-11-04.xsd"),
			rowsUnder(section("facts"), "concept 2025-12-31 2024-12-31", "Totale crediti verso soci per versamenti ancora dovuti|0|0", "Totale immobilizzazioni|120450|98000", "Totale attivo|1250300|1100020", "Utile perdita esercizio|-5400|12010"),
			{Code: "notes", Columns: []app.ViewValue{{Code: "concept"}, {Code: "text"}}, Rows: [][]app.ViewValue{
				{{Text: "Introduzione nota integrativa"}, {Text: "Il bilancio è redatto secondo gli articoli 2423 e seguenti del codice civile."}},
				{{}, {Text: "Non vi sono crediti né debiti di durata residua superiore a cinque anni."}},
			}},
		})), nil},
		{"preview-picture", pageSign, previewed("planimetria.png", func(p *app.Preview) {
			p.View, p.Page = &app.View{Form: app.ViewPicture, Picture: drawnPage(800, 500), Width: 800, Height: 500}, nil
		}), nil},
		{"preview-nothing", pageSign, previewed("disegno.dwg", func(p *app.Preview) { p.View, p.Page = &app.View{}, nil }), nil},
		{"preview-inside", pageSign, previewed("contratto.pdf.p7m", func(p *app.Preview) { p.Inside = "contratto.pdf" }), nil},
	}
}
