package lang_test

import (
	"regexp"
	"strings"
	"testing"

	"ceralacca/app/lang"
)

// terms is how each thing is called: one word a language, from the law or the administration that uses it. Read on
// 22 November 2026. EU 910/2014 is the eIDAS regulation in each of its languages (Italian, English, German, French and
// Slovene), with articles; where no source is named the word is ours.
var terms = []struct {
	words  [5]string // in the order of lang.Languages; how a word begins is enough where it is inflected
	source string
}{
	{[5]string{"firma elettronica qualificata", "qualified electronic signature", "qualifizierte elektronische Signatur", "signature électronique qualifiée", "kvalificirani elektronski podpis"}, "EU 910/2014, art. 3(12)"},
	{[5]string{"sigillo elettronico", "electronic seal", "elektronisches Siegel", "cachet électronique", "elektronski žig"}, "EU 910/2014, art. 3(25)"},
	{[5]string{"marca temporale", "time-stamp", "Zeitstempel", "horodatage", "časovni žig"}, "EU 910/2014, art. 3(33); Italian: CAD, DPCM 22/2/2013"},
	{[5]string{"certificato", "certificate", "Zertifikat", "certificat", "potrdil"}, "EU 910/2014, art. 3(14)"},
	{[5]string{"elenco di fiducia", "trusted list", "Vertrauensliste", "liste de confiance", "zanesljivi seznam"}, "EU 910/2014, art. 22"},
	{[5]string{"revocat", "revoked", "widerrufen", "révoqué", "preklican"}, "EU 910/2014, art. 28(4)"},
	{[5]string{"sospes", "suspended", "ausgesetzt", "suspendu", "začasno ukinjen"}, "EU 910/2014, art. 28(5); Austrian SVG, § 6; the Slovene word is ours"},
	{[5]string{"servizio qualificato di convalida", "qualified validation service", "qualifizierten Validierungsdienst", "service qualifié de validation", "storitve potrjevanja veljavnosti"}, "EU 910/2014, art. 33"},
	{[5]string{"autenticazione", "authentication", "Authentifizierung", "authentification", "avtentikacij"}, "EU 910/2014, art. 3(5)"},
	{[5]string{"servizio di marcatura", "time-stamp service", "Zeitstempeldienst", "service d’horodatage", "storitev časovnega žiga"}, ""},
	{[5]string{"Registro Imprese", "Business Register", "Handelsregister", "Registre des entreprises", "Register podjetij"}, "handelskammer.bz.it; slo.ts.camcom.it"},
	{[5]string{"Camera di commercio", "chamber of commerce", "Handelskammer", "Chambre de commerce", "trgovinsk"}, "handelskammer.bz.it; slo.ts.camcom.it"},
	{[5]string{"Carta Nazionale dei Servizi", "National Service Card", "Nationalen Servicekarte", "carte nationale des services", "državno kartico za storitve"}, "handelskammer.bz.it; slo.ts.camcom.it"},
	{[5]string{"essera sanitaria", "ealth card", "Gesundheitskarte", "arte sanitaire", "dravstvena izkaznica"}, "my.civis.bz.it: Gesundheitskarte and Bürgerkarte are one card"},
	{[5]string{"odice fiscale", "ax code", "Steuernummer", "ode fiscal", "avčna številka"}, "my.civis.bz.it; slo.ts.camcom.it"},
	{[5]string{"chiavetta", "USB token", "USB-Stick", "clé USB", "ključek"}, "slo.ts.camcom.it"},
	{[5]string{"impronta", "ingerprint", "ingerabdruck", "mpreinte", "dtis"}, ""},
	{[5]string{"carta finta", "practice card", "Übungskarte", "arte d’exercice", "adbena kartica"}, ""},
}

// not are words that stood for one of the terms once.
var not = map[string]*regexp.Regexp{
	"it": regexp.MustCompile(`(?i)carta di pratica|firma di pratica|autorità di marcatura|timestamp|lista di fiducia|certificato[^.]* finisce|\berror[ei]\b`),
	"en": regexp.MustCompile(`(?i)time-?stamp(ing)? authority|timestamp|signature certificate|\bdigest\b|\be-mail|demo card|trust list|administrator`),
	"de": regexp.MustCompile(`(?i)prüfsumme|zertifikat[^.]* gesperrt|zeitstempelautorität|\b(den|dem) PIN\b|PIN-Code`),
	"fr": regexp.MustCompile(`(?i)liste de révocation de confiance|tampon|autorité d’horodatage|\b(le|un|ce|du|au|son|les|des) timbres?\b|timbre temporel|\bla PIN\b`),
	"sl": regexp.MustCompile(`(?i)digitalni certifikat|časovna žig|seznam zaupanja|blokiran|gospodarsk\pL* zbornic`),
}

func TestTermsAreThoseOfTheTable(t *testing.T) {
	for i, tag := range lang.Languages {
		var all strings.Builder
		for key, forms := range readForms(t, tag) {
			for _, s := range forms {
				all.WriteString(s + "\n")
				if m := not[tag].FindString(s); m != "" && key != "cli.help" && key != "toolkit.Error" {
					t.Errorf("%s %s says %q, which is not the word of the table: %q", tag, key, m, s)
				}
			}
		}
		for _, term := range terms {
			if !strings.Contains(all.String(), term.words[i]) {
				t.Errorf("%s: no text says %q (%s)", tag, term.words[i], term.source)
			}
		}
	}
}
