package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ceralacca/app/lang"
	"ceralacca/assets"
	"ceralacca/card"
	"ceralacca/signer"
)

// This file holds the words to what they promise: a next step, nothing left empty, and nobody else to call.

// deskWords presume somebody who looks after the computer for the person. Most have nobody.
var deskWords = regexp.MustCompile(`(?i)\b(` +
	`amministrator[ei]|sistemist[ai]|reparto (it|informatico|tecnico)|responsabile informatico|ufficio (it|informatico)|` +
	`administrators?|sysadmin|system admins?|it (department|desk|support|team)|help ?desk|service desk|` +
	`systemadministrator(in)?|administrator(in)?|it-abteilung|systembetreuer(in)?|edv-abteilung|` +
	`administrateur(s|rice)?|service informatique|` +
	`skrbnik(a|u|om)?|administrator(ja|ju)?|oddel(ek|ka) it|informatik(a|u)?` +
	`)\b`)

// tongues are all languages there is a folder of texts for, in lang.Languages or not yet.
func tongues(t *testing.T) []*lang.Catalog {
	t.Helper()
	dirs, err := fs.ReadDir(assets.FS, "text")
	if err != nil {
		t.Fatal(err)
	}
	var list []*lang.Catalog
	for _, d := range dirs {
		if c, err := lang.Load(assets.FS, d.Name()); err == nil {
			list = append(list, c)
		}
	}
	if len(list) < 2 {
		t.Fatalf("%d languages", len(list))
	}
	return list
}

func TestNobodyElseIsToBeCalled(t *testing.T) {
	for _, c := range tongues(t) {
		for _, k := range c.Keys() {
			for _, n := range []int{1, 2} {
				if m := deskWords.FindString(c.Text(lang.Msg{Key: k, N: n})); m != "" {
					t.Errorf("%s %s presumes somebody who runs the computer: %q", c.Tag(), k, m)
				}
			}
		}
	}
	for _, planted := range []string{"Contatti l'amministratore di sistema.", "Ask your IT department.", "Contact your administrator.", "Wenden Sie sich an Ihren Administrator.", "Contactez votre administrateur."} {
		if !deskWords.MatchString(planted) {
			t.Errorf("%q is not found", planted)
		}
	}
}

// nextStep are the words by which an advice says what to do. A new advice either says it with one of them, or brings
// another.
var nextStep = map[string]*regexp.Regexp{
	"it": regexp.MustCompile(`(?i)\b(accorci|aggiorni|apra|aspetti|cerchi|chieda|chiuda|colleghi|controlli|copi|corregga|crei|dia|digiti|esporti|faccia|firmi|generi|guardi|imposti|indichi|inserisca|installi|legga|liberi|prema|provi|riapra|ricominci|riavvii|riduca|rimetta|rinnovi|riprovi|salvi|sblocchi|scarichi|scelga|scriva|serva|sposti|stampi|tenga|tolga|usi|verifichi)\b`),
	"en": regexp.MustCompile(`(?i)\b(add|ask|check|choose|close|connect|copy|correct|download|export|fetch|firm|free|get|give|have it|insert|install|keep|look|make|mend|move|open|print|put|read|renew|restart|run|save|send|shorten|sign|start|take|try|type|unblock|unlock|use|verify|wait)\b`),
	"de": regexp.MustCompile(`(?i)(beantragen|beginnen|bewahren|bitten|drucken|entsperren|erneuern|erzeugen|fragen|geben|installieren|kontrollieren|kopieren|kürzen|legen|lesen|nehmen|prüfen|schaffen|schließen|schreiben|sehen|signieren|speichern|starten|stecken|suchen|verlangen|verschieben|versuchen|verwenden|warten|wählen|öffnen) Sie\b`),
	"sl": regexp.MustCompile(`(?i)\b(berite|dodajte|hranite|izberite|kopirajte|namestite|natisnite|navedite|obrnite|odklenite|odprite|oglejte|podaljšajte|podpišite|poiščite|popravite|poskusite|počakajte|preglejte|premaknite|preverite|priključite|prosite|shranite|skrajšajte|sprostite|uporabite|ustvarite|vpišite|vprašajte|vrnite|vstavite|vtipkajte|vzemite|zahtevajte|zaprite|zaprosite|začnite|zaženite)\b`),
}

func TestEveryAdviceSaysWhatToDo(t *testing.T) {
	for _, c := range tongues(t) {
		step := nextStep[c.Tag()]
		for _, code := range Codes() {
			if !c.Has("advice."+code+".title") && !slices.Contains(lang.Languages, c.Tag()) {
				continue // a language on its way; the catalog's own test wants every key once it is listed
			}
			title, body := c.T("advice."+code+".title"), c.T("advice."+code+".body")
			if title == "" || strings.HasPrefix(title, "[") || body == "" || strings.HasPrefix(body, "[") {
				t.Errorf("%s %s: %q, %q", c.Tag(), code, title, body)
			}
			if !strings.ContainsAny(title[len(title)-1:], ".?") || !strings.ContainsAny(body[len(body)-1:], ".?") {
				t.Errorf("%s %s is no sentence: %q, %q", c.Tag(), code, title, body)
			}
			if step != nil && !step.MatchString(body) {
				t.Errorf("%s %s has no next step: %q", c.Tag(), code, body)
			}
		}
	}
}

// placeholder is a place that an argument fills; those of the number are always filled.
var placeholder = regexp.MustCompile(`\{([a-z_]+)\}`)

// An advice with places to fill is made by a real error here, and nothing is left empty in it.
func TestNoPlaceIsLeftEmpty(t *testing.T) {
	real := []error{
		&card.PINError{Ref: card.SignPIN, TriesLeft: 2}, &card.PINError{Ref: card.SignPIN, PUK: true, TriesLeft: 1},
		&card.FormatError{Min: 5, Max: 8}, &card.StatusError{INS: 0x20, SW: 0x6F00},
		&ExistsError{"/a/b.p7m"}, &AlreadySignedError{File: "/a/b.p7m"}, &NotAFileError{"/a"}, &FolderError{"/a"}, &FolderGoneError{"/a"},
		&NothingInsideError{File: "/a/b.p7s"}, &NoAnchorsError{"/a.pem"}, &ProfileError{"x"}, &FilingError{&Filing{}},
		&LibraryError{Module{Name: "a.so", State: card.LibraryWrongCPU}}, &LibraryError{Module{Name: "a.so", Err: errors.New("x")}},
		&LibraryError{Module{Name: "a.so", Err: os.ErrNotExist}}, &AuthorityError{"x"}, &SpaceError{}, &OtherCardError{"ANNA ESEMPIO"}, &NoMatchError{"*.pdf"},
		&signer.UseError{Reason: "expired"}, &NoCertificateError{Use: ForLogin},
		&NoCertificateError{Expiry: &Certificate{Withdrawn: "JSign3", Status: CertStatus{State: "revoked"}}}, context.Canceled, os.ErrNotExist, errors.New("anything"),
	}
	made := map[string]bool{}
	for _, c := range tongues(t) {
		told := []*Advice{cardAdvice(endsSoon(5)), cardAdvice(endsSoon(0))}
		for _, err := range real {
			told = append(told, Explain(err))
		}
		for _, a := range told {
			made[a.Code] = true
			if s := c.Text(a.Title) + c.Text(a.Body); strings.ContainsAny(s, "{}[]") || strings.Contains(s, "«»") || strings.Contains(s, "»«") || strings.Contains(s, "()") {
				t.Errorf("%s %s: %q", c.Tag(), a.Code, s)
			}
		}
	}
	for _, c := range tongues(t) {
		for _, code := range Codes() {
			for _, m := range placeholder.FindAllStringSubmatch(c.T("advice."+code+".title")+c.T("advice."+code+".body"), -1) {
				if !made[code] {
					t.Errorf("%s %s has a place for %s, and no error of this test fills it", c.Tag(), code, m[1])
				}
			}
		}
	}
}

// endsSoon is a card of an issuer without a known rule of renewal.
func endsSoon(days int) *Card {
	return &Card{Certificates: []Certificate{{Use: ForSigning, CanSign: true, Renewal: RenewalUnsaid, DaysLeft: days, IssuerO: "Actalis S.p.A."}}}
}
