package preview

import "strings"

// The elements of an Italian electronic invoice that a person looks for (FatturaPA, Provvedimento AdE 89757/2018,
// Allegato A, version 1.8). Names in any namespace are taken: versions differ in it.
type invoice struct {
	Header struct {
		Transmission struct {
			Recipient string `xml:"CodiceDestinatario"`
			PEC       string `xml:"PECDestinatario"`
		} `xml:"DatiTrasmissione"`
		Supplier party `xml:"CedentePrestatore"`
		Customer party `xml:"CessionarioCommittente"`
	} `xml:"FatturaElettronicaHeader"`
	Bodies []struct {
		General struct {
			Document struct {
				Type     string   `xml:"TipoDocumento"`
				Currency string   `xml:"Divisa"`
				Date     string   `xml:"Data"`
				Number   string   `xml:"Numero"`
				Total    string   `xml:"ImportoTotaleDocumento"`
				Reasons  []string `xml:"Causale"`
			} `xml:"DatiGeneraliDocumento"`
		} `xml:"DatiGenerali"`
		Goods struct {
			Lines   []invoiceLine    `xml:"DettaglioLinee"`
			Summary []invoiceSummary `xml:"DatiRiepilogo"`
			simplified
		} `xml:"DatiBeniServizi"`
		Payments []struct {
			Details []struct {
				Method string `xml:"ModalitaPagamento"`
				Due    string `xml:"DataScadenzaPagamento"`
				Amount string `xml:"ImportoPagamento"`
				IBAN   string `xml:"IBAN"`
			} `xml:"DettaglioPagamento"`
		} `xml:"DatiPagamento"`
		Attachments []struct {
			Name string `xml:"NomeAttachment"`
		} `xml:"Allegati"`
	} `xml:"FatturaElettronicaBody"`
}

// simplified are the goods of a simplified invoice, where each DatiBeniServizi is a line.
type simplified struct {
	Description string `xml:"Descrizione"`
	Amount      string `xml:"Importo"`
}

type party struct {
	Person struct {
		VAT struct {
			Country string `xml:"IdPaese"`
			Code    string `xml:"IdCodice"`
		} `xml:"IdFiscaleIVA"`
		FiscalCode string `xml:"CodiceFiscale"`
		Name       struct {
			Company string `xml:"Denominazione"`
			First   string `xml:"Nome"`
			Last    string `xml:"Cognome"`
		} `xml:"Anagrafica"`
	} `xml:"DatiAnagrafici"`
	Seat struct {
		Street   string `xml:"Indirizzo"`
		Number   string `xml:"NumeroCivico"`
		Postcode string `xml:"CAP"`
		Town     string `xml:"Comune"`
		Province string `xml:"Provincia"`
		Country  string `xml:"Nazione"`
	} `xml:"Sede"`
}

type invoiceLine struct {
	Number      string `xml:"NumeroLinea"`
	Description string `xml:"Descrizione"`
	Quantity    string `xml:"Quantita"`
	Price       string `xml:"PrezzoUnitario"`
	Total       string `xml:"PrezzoTotale"`
	Rate        string `xml:"AliquotaIVA"`
	Nature      string `xml:"Natura"`
}

type invoiceSummary struct {
	Rate   string `xml:"AliquotaIVA"`
	Nature string `xml:"Natura"`
	Base   string `xml:"ImponibileImporto"`
	Tax    string `xml:"Imposta"`
}

// invoiceTypes are the kinds of document for which there are words (preview.code.TD01 and so on).
var invoiceTypes = map[string]bool{
	"TD01": true, "TD02": true, "TD03": true, "TD04": true, "TD05": true, "TD06": true, "TD07": true, "TD08": true,
	"TD16": true, "TD17": true, "TD18": true, "TD19": true, "TD20": true, "TD24": true, "TD25": true, "TD26": true,
	"TD27": true, "TD28": true,
}

// maxRows is how many rows of a table are shown.
const maxRows = 2000

// readInvoice lays an invoice out for a person: who to whom, what, how much. It is false when it is none.
func readInvoice(src []byte) ([]Section, bool) {
	var f invoice
	if err := newDecoder(src).Decode(&f); err != nil || len(f.Bodies) == 0 {
		return nil, false
	}
	parties := Section{Code: "invoice"}
	parties.add("supplier", f.Header.Supplier.line())
	parties.add("customer", f.Header.Customer.line())
	recipient := f.Header.Transmission.Recipient
	if p := f.Header.Transmission.PEC; p != "" {
		recipient = strings.TrimSpace(recipient + " " + p)
	}
	parties.add("recipient", recipient)
	out := []Section{parties}
	for i := range f.Bodies {
		b := &f.Bodies[i]
		doc := &b.General.Document
		s := Section{Code: "document"}
		kind := Value{Text: doc.Type}
		if invoiceTypes[doc.Type] {
			kind.Code = doc.Type
		}
		s.value("type", kind)
		s.add("number", doc.Number)
		s.value("date", Value{Text: doc.Date, Is: Day})
		s.add("reason", strings.Join(doc.Reasons, " "))
		s.value("total", Value{Text: doc.Total, Is: Amount})
		s.add("currency", doc.Currency)
		for _, a := range b.Attachments {
			s.add("attachment", a.Name)
		}
		out = append(out, s)
		out = append(out, goods(b.Goods.Lines, b.Goods.Summary, b.Goods.simplified)...)
		pay := Section{Code: "payment", Columns: columns("due", "method", "amount", "iban")}
		for _, p := range b.Payments {
			for _, d := range p.Details {
				pay.row(Value{Text: d.Due, Is: Day}, Value{Text: d.Method}, Value{Text: d.Amount, Is: Amount}, Value{Text: d.IBAN})
			}
		}
		out = append(out, pay)
	}
	return filled(out), true
}

func goods(lines []invoiceLine, summary []invoiceSummary, one simplified) []Section {
	l := Section{Code: "lines", Columns: columns("description", "quantity", "price", "vat", "amount")}
	if one.Description != "" {
		l.row(Value{Text: one.Description}, Value{}, Value{}, Value{}, Value{Text: one.Amount, Is: Amount})
	}
	for _, x := range lines {
		l.row(Value{Text: x.Description}, Value{Text: x.Quantity, Is: Amount}, Value{Text: x.Price, Is: Amount},
			rate(x.Rate, x.Nature), Value{Text: x.Total, Is: Amount})
	}
	s := Section{Code: "vat", Columns: columns("vat", "base", "tax")}
	for _, x := range summary {
		s.row(rate(x.Rate, x.Nature), Value{Text: x.Base, Is: Amount}, Value{Text: x.Tax, Is: Amount})
	}
	return []Section{l, s}
}

// rate is a percentage, or the reason for there being none.
func rate(percent, nature string) Value {
	if nature != "" {
		return Value{Text: nature}
	}
	return Value{Text: strings.TrimSuffix(percent, ".00") + " %"}
}

func (p *party) line() string {
	n := p.Person.Name
	parts := []string{strings.TrimSpace(n.Company + " " + strings.TrimSpace(n.First+" "+n.Last))}
	if v := p.Person.VAT; v.Code != "" {
		parts = append(parts, v.Country+v.Code)
	}
	if c := p.Person.FiscalCode; c != "" && c != p.Person.VAT.Code {
		parts = append(parts, c)
	}
	s := p.Seat
	street := strings.TrimSpace(s.Street + " " + s.Number)
	town := strings.Join(strings.Fields(s.Postcode+" "+s.Town+" "+s.Province), " ")
	return strings.Join(kept(append(parts, street, town)), ", ")
}

func kept(all []string) []string {
	var out []string
	for _, s := range all {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func columns(codes ...string) []Value {
	var out []Value
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
		return
	}
	for i := range cells {
		cells[i] = clean(cells[i])
	}
	s.Rows = append(s.Rows, cells)
}

// maxCell is how many bytes of a value are shown.
const maxCell = 600

// clean makes one line of a value and spells out what would not be seen.
func clean(v Value) Value {
	s := strings.Join(strings.Fields(v.Text), " ")
	if len(s) > maxCell {
		s = strings.ToValidUTF8(s[:maxCell], "") + "…"
	}
	v.Text = (&View{}).line(s)
	return v
}

// filled are the sections that have something in them.
func filled(all []Section) []Section {
	var out []Section
	for _, s := range all {
		if len(s.Fields)+len(s.Rows) > 0 {
			out = append(out, s)
		}
	}
	return out
}
