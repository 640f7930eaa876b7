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
	caor = Source{"Camera di commercio di Cagliari-Oristano", "Deposito dei bilanci, firma CAdES e non PAdES", "https://www.caor.camcom.it/node/6502", lastRead}

	marche = Source{"Camera di commercio delle Marche", "DPCM 10/12/2008, art. 6 e 7: formato dei documenti", "https://marche.camcom.it/avvia-la-tua-impresa/cosa-fare-per/iscriversi-al-registro-imprese/formato-dei-documenti", lastRead}

	taranto = Source{"Camera di commercio di Taranto", "Formato degli atti da depositare (2009)", "https://www.camcomtaranto.com/Pagine/news/2009/20090213_formato_PDFA_RI.html", lastRead}

	// marcheLarge names the programs that have the limits (Starweb, FedraPlus), and OpenOffice 4.1.7, so it is of 2019 or
	// later. Pesaro-Urbino's own page, now of the same Chamber, said 40 files.
	marcheLarge = Source{"Camera di commercio delle Marche", "Pratiche con allegati voluminosi", "https://marche.camcom.it/avvia-la-tua-impresa/cosa-fare-per/iscriversi-al-registro-imprese/prariche-con-allegati-voluminosi", lastRead}

	chipMarche = Source{"Camera di commercio delle Marche", "Dispositivi di firma digitale con chip scaduti", "https://www.marche.camcom.it/la-camera/news-registro-imprese/dispositivi-di-firma-digitale-con-chip-scaduti", lastRead}

	// chipCuneo moves the day of JSign3 from 29/6/2025, which Pistoia-Prato named in March 2025.
	chipCuneo = Source{"Camera di commercio di Cuneo", "Scadenza dei certificati di sottoscrizione Cosmo V9 e JSign3", "https://cn.camcom.it/assistenza-alle-imprese/servizi-allo-sportello/firma-digitale-carta-nazionale-dei-servizi", lastRead}

	cuneo = Source{"Camera di commercio di Cuneo", "Firma delle pratiche telematiche", "https://www.cn.camcom.it/registro-imprese/che-cos%C3%A8-il-registro-imprese/presentazione-delle-pratiche-comunicazione-unica/firma", lastRead}

	// unioncamere is the manual for the deposit of accounts, read in a copy; § 1.5 is on the instance.
	unioncamere = Source{"Unioncamere", "Manuale operativo per il deposito bilanci, predisposizione dell'istanza XBRL", "https://123dok.org/article/predisposizione-istanza-xbrl-manuale-operativo-deposito-bilanci-registro.yj7m5g9k", lastRead}

	// tebeni is the check of the Register; its codes are read where a maker of software lists them (2024).
	tebeni = Source{"InfoCamere, TEBENI", "Errori bloccanti dell'istanza XBRL: X0 e XU", "https://www.softwareintegrato.it/bilanci-xbrl-errori-validazione-piu-frequenti/", lastRead}

	// regole could not be read itself; DPCM 30/3/2009, art. 3 comma 3, which it followed, was, and says the same.
	regole = Source{"Presidenza del Consiglio dei ministri", "DPCM 22/2/2013, art. 4 comma 3", "https://www.gazzettaufficiale.it/eli/id/2013/05/21/13A04284/sg", time.Time{}}

	cad = Source{"Codice dell'amministrazione digitale", "D.lgs. 82/2005, art. 24 commi 3 e 4-bis", "https://www.normattiva.it/uri-res/N2Ls?urn:nir:stato:decreto.legislativo:2005-03-07;82", lastRead}

	sdiSign = Source{"Sistema di Interscambio", "Firmare la FatturaPA", "https://www.fatturapa.gov.it/opencms/it/comefare/operatori-economici/firmare-la-fatturapa/", lastRead}

	sdiName = Source{"Sistema di Interscambio", "Predisporre la FatturaPA: nome del file", "https://www.fatturapa.gov.it/export/fatturazione/it/c-11.htm", lastRead}

	sdiSize = Source{"Sistema di Interscambio", "Controlli sul file: 00003, dimensione", "https://www.fatturapa.gov.it/it/norme-e-regole/documentazione-fatturapa/", time.Time{}}

	iso32000 = Source{"ISO", "ISO 32000-2, § 12.8", "https://www.iso.org/standard/75839.html", time.Time{}}

	// ours is for what no office has to say: nobody can read it.
	ours = Source{Who: "Ceralacca"}
)
