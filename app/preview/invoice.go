package preview

import (
	"strconv"
	"strings"
)

// This file lays out an Italian electronic invoice (FatturaPA, Provvedimento AdE 89757/2018, Allegato A, versions 1.2 to
// 1.9, ordinary and simplified). Names in any name space are taken.

// invoiceCodes are the codes of the format for which there are words (preview.code.TD01 and so on).
var invoiceCodes = func() map[string]bool {
	known := map[string]bool{}
	for _, c := range strings.Fields("TD01 TD02 TD03 TD04 TD05 TD06 TD07 TD08 TD09 TD16 TD17 TD18 TD19 TD20 TD21 TD22 TD23 TD24 " +
		"TD25 TD26 TD27 TD28 TD29 MP01 MP02 MP03 MP05 MP08 MP12 MP16 MP18 MP19 MP22 MP23 N1 N2 N3 N4 N5 N6 N7 SC MG") {
		known[c] = true
	}
	return known
}()

// coded is a code of the format, with its words where there are some. Of a code such as N2.1 the words are those of N2.
func coded(text string) Value {
	v := Value{Text: text}
	if main, _, _ := strings.Cut(text, "."); invoiceCodes[main] {
		v.Code = main
	}
	return v
}

// maxRows is how many rows of a table are shown.
const maxRows = 2000

// readInvoice lays an invoice out for a person: who to whom, what, how much, and whatever else stands in it. It is false
// when it is none.
func readInvoice(src []byte) ([]Section, bool) {
	root := readTree(src)
	bodies := root.all("FatturaElettronicaBody")
	if len(bodies) == 0 {
		return nil, false
	}
	h := root.at("FatturaElettronicaHeader")
	parties := Section{Code: "invoice"}
	parties.add("supplier", party(h.at("CedentePrestatore")))
	parties.add("representative", party(h.at("RappresentanteFiscale")))
	parties.add("customer", party(h.at("CessionarioCommittente")))
	parties.add("intermediary", party(h.at("TerzoIntermediarioOSoggettoEmittente")))
	parties.add("recipient", joined(" ", h.take("DatiTrasmissione", "CodiceDestinatario"), h.take("DatiTrasmissione", "PECDestinatario")))
	out := []Section{parties}
	for _, b := range bodies {
		out = append(out, invoiceBody(b)...)
	}
	rest := Section{Code: "rest", Columns: columns("concept", "value")}
	root.rest(nil, func(path []string, text string) {
		names := make([]string, 0, len(path))
		for _, p := range path {
			switch p {
			case "FatturaElettronicaHeader", "FatturaElettronicaBody", "DatiGenerali":
			default:
				names = append(names, spaced(p))
			}
		}
		rest.row(Value{Text: strings.Join(names, " › ")}, Value{Text: text})
	})
	return filled(append(out, rest)), true
}

// invoiceBody lays out one of the documents of an invoice.
func invoiceBody(b *element) []Section {
	doc := b.at("DatiGenerali", "DatiGeneraliDocumento")
	currency := doc.take("Divisa")
	foreign := ""
	if currency != "EUR" {
		foreign = currency
	}
	s := Section{Code: "document"}
	s.value("type", coded(doc.take("TipoDocumento")))
	s.add("number", doc.take("Numero"))
	s.value("date", Value{Text: doc.take("Data"), Is: Day})
	reasons := doc.all("Causale")
	texts := make([]string, 0, len(reasons))
	for _, c := range reasons {
		texts = append(texts, c.take())
	}
	s.add("reason", strings.Join(texts, " "))
	s.value("total", Value{Text: doc.take("ImportoTotaleDocumento"), Is: Amount, Unit: foreign})
	s.add("currency", currency)
	for _, a := range b.all("Allegati") {
		s.add("attachment", attached(a))
	}
	return []Section{s, goods(b), invoiceSummary(b, foreign), extras(doc), references(b), payments(b, foreign)}
}

// attached tells a file within the invoice, which is not shown.
func attached(a *element) string {
	a.shown = true // the file itself is Base64
	size := ""
	if n := len(a.take("Attachment")) * 3 / 4; n > 0 {
		size = strconv.Itoa((n+1023)/1024) + " KiB"
	}
	return joined(" · ", a.take("NomeAttachment"), a.take("DescrizioneAttachment"), a.take("FormatoAttachment"), size)
}

// goods are the lines, those of a simplified invoice too, where each DatiBeniServizi is one.
func goods(b *element) Section {
	s := Section{Code: "lines", Columns: columns("description", "quantity", "price", "vat", "amount")}
	for _, g := range b.all("DatiBeniServizi") {
		if g.at("Importo") != nil {
			s.row(Value{Text: g.take("Descrizione")}, Value{}, Value{}, rate(g.take("DatiIVA", "Aliquota"), g.take("Natura")),
				Value{Text: g.take("Importo"), Is: Amount})
		}
		for _, x := range g.all("DettaglioLinee") {
			x.take("NumeroLinea")
			s.row(Value{Text: described(x)},
				Value{Text: x.take("Quantita"), Is: Amount, Unit: x.take("UnitaMisura")}, Value{Text: x.take("PrezzoUnitario"), Is: Amount},
				rate(x.take("AliquotaIVA"), x.take("Natura")), Value{Text: x.take("PrezzoTotale"), Is: Amount})
		}
	}
	return s
}

// described is what a line is about, with what else is said of it.
func described(x *element) string {
	parts := []string{x.take("Descrizione")}
	for _, c := range x.all("CodiceArticolo") {
		parts = append(parts, joined(" ", c.take("CodiceTipo"), c.take("CodiceValore")))
	}
	parts = append(parts, joined(" – ", x.take("DataInizioPeriodo"), x.take("DataFinePeriodo")))
	for _, c := range x.all("ScontoMaggiorazione") {
		parts = append(parts, discount(c))
	}
	for _, c := range x.all("AltriDatiGestionali") {
		parts = append(parts, joined(" ", c.take("TipoDato"), c.take("RiferimentoTesto"), c.take("RiferimentoNumero"), c.take("RiferimentoData")))
	}
	return joined(" · ", parts...)
}

// discount is a reduction, or an increase, of a line.
func discount(c *element) string {
	sign := "−"
	if c.take("Tipo") == "MG" {
		sign = "+"
	}
	percent := c.take("Percentuale")
	if percent != "" {
		percent = sign + " " + percentage(percent)
	}
	amount := c.take("Importo")
	if amount != "" {
		amount = sign + " " + amount
	}
	return joined(" · ", percent, amount)
}

func invoiceSummary(b *element, unit string) Section {
	s := Section{Code: "vat", Columns: columns("vat", "base", "tax", "due-how")}
	for _, g := range b.all("DatiBeniServizi") {
		if tax := g.take("DatiIVA", "Imposta"); tax != "" {
			s.row(Value{}, Value{}, Value{Text: tax, Is: Amount, Unit: unit}, Value{})
		}
		for _, x := range g.all("DatiRiepilogo") {
			how := Value{Text: x.take("EsigibilitaIVA")}
			if how.Text == "S" || how.Text == "D" || how.Text == "I" {
				how.Code = "due-" + how.Text
			}
			s.row(rate(x.take("AliquotaIVA"), x.take("Natura")), Value{Text: x.take("ImponibileImporto"), Is: Amount, Unit: unit},
				Value{Text: x.take("Imposta"), Is: Amount, Unit: unit}, how)
		}
	}
	return s
}

// extras are what is added to the goods of a document, or held back.
func extras(doc *element) Section {
	s := Section{Code: "extras", Columns: columns("kind", "rate", "amount")}
	for _, x := range doc.all("DatiRitenuta") {
		kind := joined(" ", x.take("TipoRitenuta"), x.take("CausalePagamento"))
		s.row(Value{Text: kind, Code: "withholding"}, Value{Text: percentage(x.take("AliquotaRitenuta"))}, Value{Text: x.take("ImportoRitenuta"), Is: Amount})
	}
	for _, x := range doc.all("DatiCassaPrevidenziale") {
		s.row(Value{Text: x.take("TipoCassa"), Code: "fund"}, Value{Text: percentage(x.take("AlCassa"))}, Value{Text: x.take("ImportoContributoCassa"), Is: Amount})
	}
	if x := doc.at("DatiBollo"); x != nil {
		x.take("BolloVirtuale")
		s.row(Value{Code: "stamp"}, Value{}, Value{Text: x.take("ImportoBollo"), Is: Amount})
	}
	for _, x := range doc.all("ScontoMaggiorazione") {
		s.row(coded(x.take("Tipo")), Value{Text: percentage(x.take("Percentuale"))}, Value{Text: x.take("Importo"), Is: Amount})
	}
	if r := doc.take("Arrotondamento"); r != "" {
		s.row(Value{Code: "rounding"}, Value{}, Value{Text: r, Is: Amount})
	}
	return s
}

// referring are the elements that name another document, and the code of the words for each.
var referring = []struct{ name, code string }{
	{"DatiOrdineAcquisto", "ref-order"},
	{"DatiContratto", "ref-contract"},
	{"DatiConvenzione", "ref-agreement"},
	{"DatiRicezione", "ref-receipt"},
	{"DatiFattureCollegate", "ref-invoice"},
	{"DatiDDT", "ref-transport"},
}

// references are the orders, contracts, transport documents and invoices that the document goes back to.
func references(b *element) Section {
	s := Section{Code: "references", Columns: columns("kind", "date", "reference")}
	general := b.at("DatiGenerali")
	for _, r := range referring {
		for _, x := range general.all(r.name) {
			numbers := []string{x.take("IdDocumento"), x.take("NumeroDDT")}
			for _, c := range []string{"CUP", "CIG"} {
				if code := x.take("Codice" + c); code != "" {
					numbers = append(numbers, c+" "+code)
				}
			}
			s.row(Value{Code: r.code}, Value{Text: x.take("Data") + x.take("DataDDT"), Is: Day}, Value{Text: joined(" · ", numbers...)})
		}
	}
	return s
}

func payments(b *element, unit string) Section {
	s := Section{Code: "payment", Columns: columns("due", "method", "amount", "iban")}
	for _, p := range b.all("DatiPagamento") {
		for _, d := range p.all("DettaglioPagamento") {
			s.row(Value{Text: d.take("DataScadenzaPagamento"), Is: Day}, coded(d.take("ModalitaPagamento")),
				Value{Text: d.take("ImportoPagamento"), Is: Amount, Unit: unit}, Value{Text: grouped(d.take("IBAN"))})
		}
	}
	return s
}

// grouped writes an IBAN by fours, as it is printed (ISO 13616), so that it can be compared, and go to a second line.
func grouped(iban string) string {
	var b strings.Builder
	for i, r := range iban {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// rate is a percentage, or the reason for there being none.
func rate(percent, nature string) Value {
	if nature != "" {
		return coded(nature)
	}
	return Value{Text: percentage(percent)}
}

func percentage(s string) string {
	if s == "" {
		return ""
	}
	return strings.TrimSuffix(s, ".00") + " %"
}

// party is who takes part, in a line. A simplified invoice has the same data at other places.
func party(p *element) string {
	if p == nil {
		return ""
	}
	data := []*element{p.at("DatiAnagrafici"), p.at("DatiAnagrafici", "Anagrafica"), p.at("IdentificativiFiscali"), p.at("AltriDatiIdentificativi"), p}
	take := func(path ...string) string {
		for _, d := range data {
			if t := d.take(path...); t != "" {
				return t
			}
		}
		return ""
	}
	name := joined(" ", take("Denominazione"), take("Titolo"), take("Nome"), take("Cognome"))
	vat := take("IdFiscaleIVA", "IdPaese") + take("IdFiscaleIVA", "IdCodice")
	code := take("CodiceFiscale")
	if code != "" && strings.HasSuffix(vat, code) {
		code = ""
	}
	street := joined(" ", take("Sede", "Indirizzo"), take("Sede", "NumeroCivico"))
	town := joined(" ", take("Sede", "CAP"), take("Sede", "Comune"), take("Sede", "Provincia"))
	country := take("Sede", "Nazione")
	if country == "IT" {
		country = ""
	}
	return joined(", ", name, vat, code, street, town, country)
}

// joined puts what is not empty together.
func joined(sep string, parts ...string) string {
	kept := make([]string, 0, len(parts))
	for _, s := range parts {
		if s = strings.TrimSpace(s); s != "" {
			kept = append(kept, s)
		}
	}
	return strings.Join(kept, sep)
}

func columns(codes ...string) []Value {
	out := make([]Value, 0, len(codes))
	for _, c := range codes {
		out = append(out, Value{Code: c})
	}
	return out
}

func (s *Section) add(code, text string) { s.value(code, Value{Text: text}) }

func (s *Section) value(code string, v Value) {
	if v = clean(v); v.Text != "" {
		s.Fields = append(s.Fields, Field{code, v})
	}
}

func (s *Section) row(cells ...Value) {
	if len(s.Rows) >= maxRows {
		s.cut = true
		return
	}
	for i := range cells {
		cells[i] = clean(cells[i])
	}
	s.Rows = append(s.Rows, cells)
}

// maxCell is how many bytes of a value are shown.
const maxCell = 4000

// clean makes one line of a value and spells out what would not be seen.
func clean(v Value) Value {
	s := strings.Join(strings.Fields(v.Text), " ")
	if len(s) > maxCell {
		s = strings.ToValidUTF8(s[:maxCell], "") + "…"
	}
	v.Text = (&View{}).line(s)
	return v
}

// filled are the sections that have something in them, without the columns that have nothing.
func filled(all []Section) []Section {
	var out []Section
	for _, s := range all {
		if len(s.Fields)+len(s.Rows) == 0 {
			continue
		}
		for i := len(s.Columns) - 1; i > 0; i-- {
			if s.emptyColumn(i) {
				s.Columns = append(s.Columns[:i:i], s.Columns[i+1:]...)
				for n, r := range s.Rows {
					s.Rows[n] = append(r[:i:i], r[i+1:]...)
				}
			}
		}
		out = append(out, s)
	}
	return out
}

func (s *Section) emptyColumn(i int) bool {
	for _, r := range s.Rows {
		if i < len(r) && (r[i].Text != "" || r[i].Code != "") {
			return false
		}
	}
	return true
}
