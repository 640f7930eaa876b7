package preview

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"ceralacca/signer"
)

func read(t testing.TB, b []byte) *View {
	t.Helper()
	v, err := tryRead(t, b)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func tryRead(t testing.TB, b []byte) (*View, error) {
	t.Helper()
	s, err := signer.Open("a", bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	d, err := Open(t.Context(), "a", bytes.NewReader(b), int64(len(b)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	return d.Read(t.Context(), s.Kind())
}

func utf16LE(s string) []byte {
	b := []byte("\xff\xfe")
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func TestText(t *testing.T) {
	for name, c := range map[string]struct {
		file     []byte
		lines    []string
		encoding string
		alarms   []string
	}{
		"UTF-8":          {[]byte("perché\r\nno"), []string{"perché", "no"}, "UTF-8", nil},
		"with a mark":    {[]byte("\xef\xbb\xbfciò"), []string{"ciò"}, "UTF-8", nil},
		"Latin-1":        {[]byte("perch\xe9 costa 5 \x80"), []string{"perché costa 5 €"}, "Latin-1", nil},
		"UTF-16":         {utf16LE("però\n"), []string{"però"}, "UTF-16", nil},
		"bell":           {[]byte("perch\xe9 " + strings.Repeat("a", 90) + "\a"), []string{"perché " + strings.Repeat("a", 90) + "[U+0007]"}, "Latin-1", []string{"text-control"}},
		"turned around":  {[]byte("paga \u202e001\u202c euro"), []string{"paga [U+202E]001[U+202C] euro"}, "UTF-8", []string{"text-direction"}},
		"unseen":         {[]byte("pa\u200bga"), []string{"pa[U+200B]ga"}, "UTF-8", nil},
		"another letter": {[]byte("bаnca"), []string{"bаnca"}, "UTF-8", []string{"text-lookalike"}}, // the first a is Cyrillic
		"Greek beside":   {[]byte("il π greco, Ελλάδα"), []string{"il π greco, Ελλάδα"}, "UTF-8", nil},
	} {
		t.Run(name, func(t *testing.T) {
			v := read(t, c.file)
			if v.Form != Lines || !slices.Equal(v.Lines, c.lines) || v.Encoding != c.encoding || !slices.Equal(v.Alarms, c.alarms) {
				t.Errorf("form %d, %q in %s with %q", v.Form, v.Lines, v.Encoding, v.Alarms)
			}
		})
	}
	if v := read(t, []byte{0, 1, 2, 3, 4, 0, 0, 0xff}); v.Form != Nothing {
		t.Errorf("binary data are shown as %d", v.Form)
	}
	if v := read(t, []byte(strings.Repeat("riga\n", maxLines+1))); len(v.Lines) != maxLines || !v.Cut {
		t.Errorf("%d lines, cut %v", len(v.Lines), v.Cut)
	}
}

func TestXML(t *testing.T) {
	for name, c := range map[string]struct {
		file   string
		lines  []string
		alarms []string
	}{
		"indented": {`<a x="1"><b>uno</b><c/>due<!--n--></a>`, []string{`<a x="1">`, "  <b>uno</b>", "  <c></c>", "  due", "  <!--n-->", "</a>"}, nil},
		"prefixes": {`<p:a xmlns:p="u"><p:b>è</p:b></p:a>`, []string{`<p:a xmlns:p="u">`, "  <p:b>è</p:b>", "</p:a>"}, nil},
		"sheet elsewhere": {
			`<?xml-stylesheet type="text/xsl" href="http://example.org/a.xsl"?><a/>`,
			[]string{`<?xml-stylesheet type="text/xsl" href="http://example.org/a.xsl"?>`, "<a></a>"},
			[]string{"xml-external"},
		},
		"entity from a file": {`<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>`, nil, []string{"xml-entities", "xml-external", "xml-broken"}},
		"not closed":         {`<a><b></b>`, []string{"<a><b></b>"}, []string{"xml-broken"}},
		"crossed":            {`<a><b></a></b>`, []string{"<a><b></a></b>"}, []string{"xml-broken"}},
		"broken":             {`<a><b attr=></b></a>`, []string{`<a><b attr=></b></a>`}, []string{"xml-broken"}},
		"page":               {`<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd"><html/>`, nil, nil},
		"page with more":     {`<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "u" [<!ENTITY a "b">]><html/>`, nil, []string{"xml-entities", "xml-external"}},
		"page as it is":      {`<!DOCTYPE html><html><p>uno<p>due</html>`, nil, nil},
		"sheet that reads":   {`<x:stylesheet xmlns:x="u"><x:value-of select="document('a')"/></x:stylesheet>`, nil, []string{"xml-external"}},
	} {
		t.Run(name, func(t *testing.T) {
			v := read(t, []byte(c.file))
			if v.Form != Lines || c.lines != nil && !slices.Equal(v.Lines, c.lines) || !slices.Equal(v.Alarms, c.alarms) {
				t.Errorf("form %d, %q with %q", v.Form, v.Lines, v.Alarms)
			}
		})
	}
	deep := read(t, []byte(strings.Repeat("<a>", 100000)+strings.Repeat("</a>", 100000)))
	if len(deep.Lines) > maxDepth || !deep.Cut {
		t.Errorf("deep document: %d lines, cut %v", len(deep.Lines), deep.Cut)
	}
}

const invoiceXML = `<?xml version="1.0" encoding="UTF-8"?>
<p:FatturaElettronica versione="FPR12" xmlns:p="http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2">
<FatturaElettronicaHeader><DatiTrasmissione><CodiceDestinatario>ABC1234</CodiceDestinatario></DatiTrasmissione>
<CedentePrestatore><DatiAnagrafici><IdFiscaleIVA><IdPaese>IT</IdPaese><IdCodice>01234567890</IdCodice></IdFiscaleIVA>
<Anagrafica><Denominazione>ALFA SRL</Denominazione></Anagrafica></DatiAnagrafici>
<Sede><Indirizzo>Via Roma</Indirizzo><NumeroCivico>1</NumeroCivico><CAP>00100</CAP><Comune>Roma</Comune><Provincia>RM</Provincia></Sede></CedentePrestatore>
<CessionarioCommittente><DatiAnagrafici><CodiceFiscale>RSSMRA80A01H501U</CodiceFiscale><Anagrafica><Nome>Mario</Nome><Cognome>Rossi</Cognome></Anagrafica></DatiAnagrafici></CessionarioCommittente>
</FatturaElettronicaHeader>
<FatturaElettronicaBody><DatiGenerali><DatiGeneraliDocumento><TipoDocumento>TD01</TipoDocumento><Divisa>EUR</Divisa><Data>2026-03-05</Data><Numero>12/A</Numero><ImportoTotaleDocumento>1220.00</ImportoTotaleDocumento></DatiGeneraliDocumento></DatiGenerali>
<DatiBeniServizi><DettaglioLinee><NumeroLinea>1</NumeroLinea><Descrizione>Consulenza</Descrizione><Quantita>1.00</Quantita><PrezzoUnitario>1000.00</PrezzoUnitario><PrezzoTotale>1000.00</PrezzoTotale><AliquotaIVA>22.00</AliquotaIVA></DettaglioLinee>
<DatiRiepilogo><AliquotaIVA>22.00</AliquotaIVA><ImponibileImporto>1000.00</ImponibileImporto><Imposta>220.00</Imposta></DatiRiepilogo></DatiBeniServizi>
</FatturaElettronicaBody></p:FatturaElettronica>`

func printed(sections []Section) string {
	var b strings.Builder
	for _, s := range sections {
		fmt.Fprintf(&b, "%s:", s.Code)
		for _, f := range s.Fields {
			fmt.Fprintf(&b, " %s=%s", f.Code, f.Value.Text)
		}
		for _, r := range s.Rows {
			b.WriteString(" [")
			for i, c := range r {
				if i > 0 {
					b.WriteString("|")
				}
				b.WriteString(strings.TrimSpace(c.Text + " " + c.Unit))
			}
			b.WriteString("]")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestInvoice(t *testing.T) {
	v := read(t, []byte(invoiceXML))
	want := `invoice: supplier=ALFA SRL, IT01234567890, Via Roma 1, 00100 Roma RM customer=Mario Rossi, RSSMRA80A01H501U recipient=ABC1234
document: type=TD01 number=12/A date=2026-03-05 total=1220.00 currency=EUR
lines: [Consulenza|1.00|1000.00|22 %|1000.00]
vat: [22 %|1000.00|220.00]
`
	if got := printed(v.Sections); v.Form != Table || got != want {
		t.Errorf("form %d:\n%s", v.Form, got)
	}
}

// fullInvoice has two documents, what is held back and added, references, a foreign currency, and an element of a later
// version.
const fullInvoice = `<p:FatturaElettronica versione="FPA12" xmlns:p="http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2">
<FatturaElettronicaHeader><CedentePrestatore><DatiAnagrafici><IdFiscaleIVA><IdPaese>IT</IdPaese><IdCodice>01234567890</IdCodice></IdFiscaleIVA><CodiceFiscale>01234567890</CodiceFiscale>
<Anagrafica><Titolo>Avv.</Titolo><Nome>Anna</Nome><Cognome>Esempio</Cognome></Anagrafica><RegimeFiscale>RF01</RegimeFiscale></DatiAnagrafici><Sede><Indirizzo>Rue 1</Indirizzo><CAP>00000</CAP><Comune>Parigi</Comune><Nazione>FR</Nazione></Sede></CedentePrestatore>
<CessionarioCommittente><DatiAnagrafici><CodiceFiscale>RSSMRA80A01H501U</CodiceFiscale><Anagrafica><Denominazione>COMUNE</Denominazione></Anagrafica></DatiAnagrafici></CessionarioCommittente>
<TerzoIntermediarioOSoggettoEmittente><DatiAnagrafici><Anagrafica><Denominazione>STUDIO</Denominazione></Anagrafica></DatiAnagrafici></TerzoIntermediarioOSoggettoEmittente></FatturaElettronicaHeader>
<FatturaElettronicaBody><DatiGenerali><DatiGeneraliDocumento><TipoDocumento>TD06</TipoDocumento><Divisa>EUR</Divisa><Data>2026-03-05</Data><Numero>1</Numero>
<DatiRitenuta><TipoRitenuta>RT01</TipoRitenuta><ImportoRitenuta>200.00</ImportoRitenuta><AliquotaRitenuta>20.00</AliquotaRitenuta><CausalePagamento>A</CausalePagamento></DatiRitenuta>
<DatiBollo><BolloVirtuale>SI</BolloVirtuale><ImportoBollo>2.00</ImportoBollo></DatiBollo>
<DatiCassaPrevidenziale><TipoCassa>TC01</TipoCassa><AlCassa>4.00</AlCassa><ImportoContributoCassa>40.00</ImportoContributoCassa></DatiCassaPrevidenziale>
<ScontoMaggiorazione><Tipo>SC</Tipo><Importo>5.00</Importo></ScontoMaggiorazione><Arrotondamento>0.01</Arrotondamento><Causale>uno</Causale><Causale>due</Causale></DatiGeneraliDocumento>
<DatiOrdineAcquisto><IdDocumento>66685</IdDocumento><Data>2026-01-02</Data><CodiceCUP>CUP1</CodiceCUP><CodiceCIG>CIG1</CodiceCIG></DatiOrdineAcquisto>
<DatiDDT><NumeroDDT>7</NumeroDDT><DataDDT>2026-02-02</DataDDT></DatiDDT></DatiGenerali>
<DatiBeniServizi><DettaglioLinee><NumeroLinea>1</NumeroLinea><CodiceArticolo><CodiceTipo>EAN</CodiceTipo><CodiceValore>80</CodiceValore></CodiceArticolo><Descrizione>Parere</Descrizione><Quantita>2.00</Quantita><UnitaMisura>ore</UnitaMisura><PrezzoUnitario>500.00</PrezzoUnitario><ScontoMaggiorazione><Tipo>SC</Tipo><Percentuale>10.00</Percentuale></ScontoMaggiorazione><PrezzoTotale>900.00</PrezzoTotale><AliquotaIVA>0.00</AliquotaIVA><Natura>N2.1</Natura></DettaglioLinee>
<DatiRiepilogo><AliquotaIVA>0.00</AliquotaIVA><Natura>N2.1</Natura><ImponibileImporto>900.00</ImponibileImporto><Imposta>0.00</Imposta><EsigibilitaIVA>S</EsigibilitaIVA><RiferimentoNormativo>art. 7-ter</RiferimentoNormativo></DatiRiepilogo></DatiBeniServizi>
<DatiPagamento><CondizioniPagamento>TP02</CondizioniPagamento><DettaglioPagamento><ModalitaPagamento>MP05</ModalitaPagamento><DataScadenzaPagamento>2026-04-05</DataScadenzaPagamento><ImportoPagamento>700.00</ImportoPagamento><IBAN>IT60X0542811101000000123456</IBAN></DettaglioPagamento></DatiPagamento>
<Allegati><NomeAttachment>a.pdf</NomeAttachment><FormatoAttachment>PDF</FormatoAttachment><Attachment>JVBERi0xLjQK</Attachment></Allegati></FatturaElettronicaBody>
<FatturaElettronicaBody><DatiGenerali><DatiGeneraliDocumento><TipoDocumento>TD04</TipoDocumento><Divisa>USD</Divisa><Numero>2</Numero><ImportoTotaleDocumento>10.00</ImportoTotaleDocumento></DatiGeneraliDocumento></DatiGenerali><NuovoElemento><Dettaglio>nuovo</Dettaglio></NuovoElemento></FatturaElettronicaBody></p:FatturaElettronica>`

func TestFullInvoice(t *testing.T) {
	want := `invoice: supplier=Avv. Anna Esempio, IT01234567890, Rue 1, 00000 Parigi, FR customer=COMUNE, RSSMRA80A01H501U intermediary=STUDIO
document: type=TD06 number=1 date=2026-03-05 reason=uno due currency=EUR attachment=a.pdf · PDF · 1 KiB
lines: [Parere · EAN 80 · − 10 %|2.00 ore|500.00|N2.1|900.00]
vat: [N2.1|900.00|0.00|S]
extras: [RT01 A|20 %|200.00] [TC01|4 %|40.00] [||2.00] [SC||5.00] [||0.01]
references: [|2026-01-02|66685 · CUP CUP1 · CIG CIG1] [|2026-02-02|7]
payment: [2026-04-05|MP05|700.00|IT60 X054 2811 1010 0000 0123 456]
document: type=TD04 number=2 total=10.00 currency=USD
rest: [Cedente prestatore › Dati anagrafici › Regime fiscale|RF01] [Dati beni servizi › Dati riepilogo › Riferimento normativo|art. 7-ter] [Dati pagamento › Condizioni pagamento|TP02] [Nuovo elemento › Dettaglio|nuovo]
`
	v := read(t, []byte(fullInvoice))
	if got := printed(v.Sections); v.Form != Table || got != want {
		t.Errorf("form %d:\n%s", v.Form, got)
	}
}

// TestSimplifiedInvoice: each DatiBeniServizi is a line, and the parties stand elsewhere.
func TestSimplifiedInvoice(t *testing.T) {
	v := read(t, []byte(`<p:FatturaElettronicaSemplificata versione="FSM10" xmlns:p="http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.0">
<FatturaElettronicaHeader><CedentePrestatore><IdFiscaleIVA><IdPaese>IT</IdPaese><IdCodice>01234567890</IdCodice></IdFiscaleIVA><Denominazione>BAR</Denominazione></CedentePrestatore>
<CessionarioCommittente><IdentificativiFiscali><CodiceFiscale>RSSMRA80A01H501U</CodiceFiscale></IdentificativiFiscali><AltriDatiIdentificativi><Nome>Mario</Nome><Cognome>Rossi</Cognome></AltriDatiIdentificativi></CessionarioCommittente></FatturaElettronicaHeader>
<FatturaElettronicaBody><DatiGenerali><DatiGeneraliDocumento><TipoDocumento>TD07</TipoDocumento><Divisa>EUR</Divisa><Data>2026-03-05</Data><Numero>9</Numero></DatiGeneraliDocumento></DatiGenerali>
<DatiBeniServizi><Descrizione>Pranzo</Descrizione><Importo>22.00</Importo><DatiIVA><Imposta>2.00</Imposta></DatiIVA></DatiBeniServizi>
<DatiBeniServizi><Descrizione>Caffè</Descrizione><Importo>1.22</Importo><DatiIVA><Aliquota>22.00</Aliquota></DatiIVA></DatiBeniServizi></FatturaElettronicaBody></p:FatturaElettronicaSemplificata>`))
	want := `invoice: supplier=BAR, IT01234567890 customer=Mario Rossi, RSSMRA80A01H501U
document: type=TD07 number=9 date=2026-03-05 currency=EUR
lines: [Pranzo||22.00] [Caffè|22 %|1.22]
vat: [|2.00]
`
	if got := printed(v.Sections); got != want {
		t.Errorf("got\n%s", got)
	}
}

var xbrlXML = `<x:xbrl xmlns:x="http://www.xbrl.org/2003/instance" xmlns:link="http://www.xbrl.org/2003/linkbase" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:c="http://www.infocamere.it/itnn/fr/itcc/ci/2018-11-04">
<link:schemaRef xlink:type="simple" xlink:href="itcc-ci-ese-2018-11-04.xsd"/>
<x:context id="i1"><x:entity><x:identifier scheme="http://www.infocamere.it">01234567890</x:identifier></x:entity><x:period><x:instant>2025-12-31</x:instant></x:period></x:context>
<x:context id="i0"><x:entity><x:identifier scheme="http://www.infocamere.it">01234567890</x:identifier></x:entity><x:period><x:instant>2024-12-31</x:instant></x:period></x:context>
<x:context id="d1"><x:entity><x:identifier scheme="http://www.infocamere.it">01234567890</x:identifier></x:entity><x:period><x:startDate>2025-01-01</x:startDate><x:endDate>2025-12-31</x:endDate></x:period></x:context>
<x:unit id="eur"><x:measure>iso4217:EUR</x:measure></x:unit>
<c:DatiAnagraficiDenominazione contextRef="i1">ALFA SRL</c:DatiAnagraficiDenominazione>
<c:TotaleAttivo contextRef="i1" unitRef="eur" decimals="0">1000</c:TotaleAttivo>
<c:TotaleAttivo contextRef="i0" unitRef="eur" decimals="0">900</c:TotaleAttivo>
<c:UtilePerditaEsercizio contextRef="d1" unitRef="eur" decimals="0">-5</c:UtilePerditaEsercizio>
<x:context id="d2"><x:entity><x:identifier scheme="http://www.infocamere.it">01234567890</x:identifier></x:entity><x:period><x:startDate>2025-10-01</x:startDate><x:endDate>2025-12-31</x:endDate></x:period></x:context>
<x:context id="e1"><x:entity><x:identifier scheme="http://www.infocamere.it">01234567890</x:identifier></x:entity><x:period><x:instant>2025-12-31</x:instant></x:period><x:scenario><d:explicitMember dimension="c:Area" xmlns:d="http://xbrl.org/2006/xbrldi">c:EsteroMember</d:explicitMember></x:scenario></x:context>
<x:unit id="usd"><x:measure>iso4217:USD</x:measure></x:unit>
<c:MovimentiCrediti><c:Crediti contextRef="i1" unitRef="eur">1</c:Crediti></c:MovimentiCrediti>
<c:MovimentiCrediti><c:Crediti contextRef="i1" unitRef="eur">2</c:Crediti></c:MovimentiCrediti>
<c:Ricavi contextRef="e1" unitRef="eur">7</c:Ricavi>
<c:AttivoInValuta contextRef="i1" unitRef="usd">8</c:AttivoInValuta>
<c:UtilePerditaEsercizio contextRef="d2" unitRef="eur" decimals="0">-1</c:UtilePerditaEsercizio>
<c:NotaIntegrativaCommento contextRef="d1">&lt;style&gt;p{}&lt;/style&gt;&lt;p&gt;Criteri &amp;amp; &lt;b&gt;principi&lt;/b&gt;&lt;/p&gt;&lt;p&gt;Le voci sono al costo.&lt;br&gt;&lt;table&gt;&lt;tr&gt;&lt;td&gt;Voce&lt;/td&gt;&lt;td&gt;2025&lt;/td&gt;&lt;td&gt;2024&lt;/td&gt;&lt;/tr&gt;&lt;tr&gt;&lt;td&gt;Cassa&lt;/td&gt;&lt;td&gt;10&lt;/td&gt;&lt;td&gt;9&lt;/td&gt;&lt;/tr&gt;&lt;/table&gt;</c:NotaIntegrativaCommento>
<c:Relazione contextRef="d1">` + strings.Repeat("parola ", 60) + `</c:Relazione>
</x:xbrl>`

// TestStyleSheetOfAnInvoice: it is the way in which most invoices are written, and changes nothing of what they say.
func TestStyleSheetOfAnInvoice(t *testing.T) {
	v := read(t, []byte(strings.Replace(invoiceXML, "?>", `?><?xml-stylesheet type="text/xsl" href="fatturaordinaria_v1.2.1.xsl"?>`, 1)))
	if v.Form != Table || len(v.Alarms) > 0 {
		t.Errorf("form %d with %q", v.Form, v.Alarms)
	}
}

func TestMorePages(t *testing.T) {
	// A directory of no entries at 8, and the place of the next.
	one, two := "II*\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00", "MM\x00*\x00\x00\x00\x08\x00\x00\x00\x00\x00\x08"
	for file, want := range map[string]bool{one: false, two: true, two[:12]: false, "II*\x00\xff\xff\xff\xff": false, "GIF89a": false} {
		if got := morePages(strings.NewReader(file)); got != want {
			t.Errorf("%q: %v", file, got)
		}
	}
}

func TestXBRL(t *testing.T) {
	v := read(t, []byte(xbrlXML))
	want := `balance: entity=01234567890 closing=2025-12-31 taxonomy=itcc-ci-ese-2018-11-04.xsd
company: [Dati anagrafici denominazione|ALFA SRL]
facts: [Totale attivo|1000|900] [Utile perdita esercizio|-5|] [Movimenti crediti||] [Crediti|1|] [Movimenti crediti||] [Crediti|2|] [Ricavi (Estero member)|7|] [Attivo in valuta|8 USD|] [Utile perdita esercizio|-1|]
notes: [Nota integrativa commento|Criteri & principi] [|Le voci sono al costo.] [|Voce · 2025 · 2024] [|Cassa · 10 · 9] [Relazione|` + strings.Repeat("parola ", 60)[:419] + `]
`
	if got := printed(v.Sections); v.Form != Table || got != want || v.Cut {
		t.Errorf("form %d, cut %v:\n%s", v.Form, v.Cut, got)
	}
}

// TestXBRLHidesNothing: what has no place in the table is told to be elsewhere.
func TestXBRLHidesNothing(t *testing.T) {
	var periods strings.Builder
	for y := range maxPeriods + 1 {
		fmt.Fprintf(&periods, `<x:context id="y%d"><x:period><x:instant>20%02d-12-31</x:instant></x:period></x:context>`, y, y)
	}
	for name, more := range map[string]string{
		"too many periods": periods.String(),
		"no such context":  `<c:TotaleAttivo contextRef="none" unitRef="eur">5</c:TotaleAttivo>`,
		"too many rows":    strings.Repeat(`<c:T><c:A contextRef="i1" unitRef="eur">5</c:A></c:T>`, maxRows),
	} {
		if v := read(t, []byte(strings.Replace(xbrlXML, "</x:xbrl>", more+"</x:xbrl>", 1))); v.Form != Table || !v.Cut {
			t.Errorf("%s: form %d, cut %v", name, v.Form, v.Cut)
		}
	}
}

func zipped(parts map[string]string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range parts {
		w, err := z.Create(name)
		if err != nil {
			panic(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			panic(err)
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func TestOffice(t *testing.T) {
	for name, c := range map[string]struct {
		part, text string
		alarms     []string
	}{
		"plain":                {"word/document.xml", "<w:document><w:t>DATE</w:t></w:document>", nil},
		"date field":           {"word/document.xml", `<w:document><w:instrText xml:space="preserve"> DATE \@ "d MMMM yyyy" </w:instrText></w:document>`, []string{"office-date"}},
		"simple field":         {"word/header1.xml", `<w:hdr><w:fldSimple w:instr=" TIME "/></w:hdr>`, []string{"office-date"}},
		"date of creation":     {"word/document.xml", `<w:document><w:instrText> CREATEDATE </w:instrText></w:document>`, nil},
		"spreadsheet of today": {"xl/worksheets/sheet1.xml", "<worksheet><c><f>TODAY()+1</f></c></worksheet>", []string{"office-date"}},
		"ODF":                  {"content.xml", `<office:text><text:date text:date-value="2026-01-01">1</text:date></office:text>`, []string{"office-date"}},
		"ODF, fixed":           {"content.xml", `<office:text><text:date text:fixed="true">1</text:date></office:text>`, nil},
		"template elsewhere":   {"word/_rels/settings.xml.rels", `<Relationships><Relationship Type="http://x/attachedTemplate" Target="http://example.org/t.dotm" TargetMode="External"/></Relationships>`, []string{"office-external"}},
		"DDE field":            {"word/document.xml", `<w:document><w:instrText> DDEAUTO c:\\a "b" </w:instrText></w:document>`, []string{"office-external"}},
		"DDE of a sheet":       {"xl/externalLinks/externalLink1.xml", `<externalLink><ddeLink ddeService="cmd"/></externalLink>`, []string{"office-external"}},
		"date and file":        {"word/document.xml", `<w:d><w:fldSimple w:instr=" DATE "/><w:fldSimple w:instr="INCLUDETEXT a.doc"/></w:d>`, []string{"office-date", "office-external"}},
		"a link":               {"word/_rels/document.xml.rels", `<Relationships><Relationship Type="http://x/hyperlink" Target="http://example.org" TargetMode="External"/></Relationships>`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			v := read(t, zipped(map[string]string{c.part: c.text}))
			if v.Form != Nothing || !slices.Equal(v.Alarms, c.alarms) {
				t.Errorf("form %d with %q", v.Form, v.Alarms)
			}
		})
	}
}

func TestPicture(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 3000, 10))
	img.Set(0, 0, color.White)
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	v := read(t, b.Bytes())
	if v.Form != Picture || v.Width != 3000 || v.Picture.Bounds().Dx() != shownSide {
		t.Errorf("form %d, %d wide, shown %v", v.Form, v.Width, v.Picture)
	}
	bomb := bytes.Clone(b.Bytes())
	binary.BigEndian.PutUint32(bomb[16:], 1<<20) // width and height in IHDR; its check sum is now wrong too
	binary.BigEndian.PutUint32(bomb[20:], 1<<20)
	var bad *PictureError
	if _, err := tryRead(t, bomb); !errors.Is(err, ErrTooLarge) && !errors.As(err, &bad) {
		t.Errorf("a picture of a tera pixel: %v", err)
	}
	if _, err := tryRead(t, b.Bytes()[:b.Len()/2]); !errors.As(err, &bad) {
		t.Errorf("half a picture: %v", err)
	}
	huge := []byte("GIF89a\xff\xff\xff\xff\x00\x00\x00")
	if _, err := tryRead(t, huge); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a huge GIF: %v", err)
	}
}

// FuzzRead: whatever the bytes, the view is bounded and nothing panics.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"", "testo", "\xff\xfea\x00", `<a b="c">d</a>`, invoiceXML, xbrlXML, "GIF89a\xff\xff\xff\xff\x00\x00\x00",
		"\x89PNG\r\n\x1a\n", "II*\x00\x08\x00\x00\x00", string(zipped(map[string]string{"word/document.xml": "<a><instrText>DATE</instrText></a>"})),
		`<FatturaElettronica><FatturaElettronicaBody/></FatturaElettronica>`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := signer.Open("a", bytes.NewReader(b), int64(len(b)))
		if err != nil || s.Kind() == signer.PDF {
			return
		}
		v, err := tryRead(t, b)
		if err != nil {
			return
		}
		if len(v.Lines) > maxLines {
			t.Errorf("%d lines", len(v.Lines))
		}
		for _, s := range v.Sections {
			if len(s.Rows) > maxRows {
				t.Errorf("%d rows", len(s.Rows))
			}
			for _, r := range s.Rows {
				if len(r) != len(s.Columns) {
					t.Errorf("a row of %d cells under %d columns", len(r), len(s.Columns))
				}
			}
		}
		for _, l := range v.Lines {
			if strings.ContainsFunc(l, func(r rune) bool { return turning(r) || r < ' ' }) {
				t.Errorf("line %q shows what cannot be seen", l)
			}
		}
	})
}

// FuzzReadMessage: what comes from the helper is bounded.
func FuzzReadMessage(f *testing.F) {
	var b bytes.Buffer
	if err := WriteMessage(&b, &Message{Op: OpDone, Width: 1, Bytes: []byte("abcd")}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := ReadMessage(bytes.NewReader(b)); err == nil && len(m.Bytes) > len(b) {
			t.Errorf("%d bytes out of %d", len(m.Bytes), len(b))
		}
	})
}

// TestEveryCodeHasWords: whatever names a section, a field, a column or a value is a key of the texts.
func TestEveryCodeHasWords(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "assets", "text", "it", "preview.json"))
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]any{}
	if err := json.Unmarshal(b, &words); err != nil {
		t.Fatal(err)
	}
	var codes []string
	for c := range invoiceCodes {
		codes = append(codes, "code."+c)
	}
	for _, r := range referring {
		codes = append(codes, "code."+r.code)
	}
	for _, how := range []string{"I", "D", "S"} {
		codes = append(codes, "code.due-"+how)
	}
	for _, file := range []string{invoiceXML, fullInvoice, xbrlXML} {
		for _, s := range read(t, []byte(file)).Sections {
			codes = append(codes, s.Code)
			for _, f := range s.Fields {
				codes = append(codes, "f."+f.Code)
			}
			for _, c := range s.Columns {
				if c.Code != "" {
					codes = append(codes, "c."+c.Code)
				}
			}
			for _, r := range s.Rows {
				for _, c := range r {
					if c.Code != "" {
						codes = append(codes, "code."+c.Code)
					}
				}
			}
		}
	}
	for _, c := range codes {
		if words["preview."+c] == nil {
			t.Errorf("no words for preview.%s", c)
		}
	}
}
