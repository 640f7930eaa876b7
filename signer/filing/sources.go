package filing

import "time"

// Source is who asks for something, and where it is written.
type Source struct {
	Who  string // the office or authority, in its own language
	What string // law and article, or the page
	URL  string // https
	// Read is the day on which we last read the text itself; zero where we know it only through others. Offices change
	// their pages without notice.
	Read time.Time
}

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

var lastRead = day(2026, 11, 22)

// The sources. Several pages are old and still online; their date stands in What where they bear one.
var (
	caor = Source{"Camera di commercio di Cagliari-Oristano", "Deposito dei bilanci, firma CAdES e non PAdES", "https://www.caor.camcom.it/node/6502", time.Time{}}

	marche = Source{"Camera di commercio delle Marche", "DPCM 10/12/2008, art. 6 e 7: formato dei documenti", "https://marche.camcom.it/avvia-la-tua-impresa/cosa-fare-per/iscriversi-al-registro-imprese/formato-dei-documenti", lastRead}

	taranto = Source{"Camera di commercio di Taranto", "Formato degli atti da depositare (2009)", "https://www.camcomtaranto.com/Pagine/news/2009/20090213_formato_PDFA_RI.html", lastRead}

	pesaro = Source{"Camera di commercio di Pesaro-Urbino", "Gestione allegati voluminosi", "https://www.ps.camcom.gov.it/portale-registro-imprese/utilita/gestione-allegati-voluminosi", lastRead}

	romagna = Source{"Camera di commercio della Romagna", "Bilanci: istanza XBRL e verifica in Telemaco", "https://www.romagna.camcom.it/registro-imprese/atti-societari-e-bilanci/bilanci-e-situazioni-patrimoniali/index.htm?ID_D=6", lastRead}

	chipMarche = Source{"Camera di commercio delle Marche", "Dispositivi di firma digitale con chip scaduti", "https://www.marche.camcom.it/la-camera/news-registro-imprese/dispositivi-di-firma-digitale-con-chip-scaduti", lastRead}

	chipPrato = Source{"Camera di commercio di Pistoia-Prato", "Blocco rinnovi smart card e token (2025)", "https://www.ptpo.camcom.it/news/comunica/2025/20250325-blocco-rinnovi-smart-card-token", lastRead}

	regole = Source{"Presidenza del Consiglio dei ministri", "DPCM 22/2/2013, art. 4 comma 3", "https://www.gazzettaufficiale.it/eli/id/2013/05/21/13A04284/sg", time.Time{}}

	cad = Source{"Codice dell'amministrazione digitale", "D.lgs. 82/2005, art. 24", "https://www.normattiva.it/uri-res/N2Ls?urn:nir:stato:decreto.legislativo:2005-03-07;82", time.Time{}}

	sdiSign = Source{"Sistema di Interscambio", "Firmare la FatturaPA", "https://www.fatturapa.gov.it/opencms/it/comefare/operatori-economici/firmare-la-fatturapa/", lastRead}

	sdiName = Source{"Sistema di Interscambio", "Predisporre la FatturaPA: nome del file", "https://www.fatturapa.gov.it/export/fatturazione/it/c-11.htm", lastRead}

	sdiSize = Source{"Sistema di Interscambio", "Controlli sul file: 00003, dimensione", "https://www.fatturapa.gov.it/it/norme-e-regole/documentazione-fatturapa/", time.Time{}}

	iso32000 = Source{"ISO", "ISO 32000-2, § 12.8", "https://www.iso.org/standard/75839.html", time.Time{}}

	// ours is for what no office has to say: nobody can read it.
	ours = Source{Who: "Ceralacca"}
)
