package ui

import (
	"context"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"

	"ceralacca/app"
)

// keysInto types s into whatever has the keyboard.
func keysInto(u *UI, s string) {
	for _, r := range s {
		u.window.Canvas().Focused().TypedRune(r)
	}
}

func pressKey(u *UI, key fyne.KeyName) {
	u.window.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: key})
}

// What is wrong with a codice fiscale is told while it is typed; Enter takes no other than a good one.
func TestSignerIsTyped(t *testing.T) {
	for _, c := range []struct{ name, typed, said, want string }{
		{"nothing", "", "Sedici caratteri", ""},
		{"half of one", "rssmra85", "Mancano otto caratteri", ""},
		{"all but one", "RSSMRA85T10A562", "Manca un carattere", ""},
		{"O for 0", "RSSMRA85T1OA562S", "carattere 11 non può essere «O»", ""},
		{"too long", "RSSMRA85T10A562SS", "più di sedici", ""},
		{"a company", "01234567890", "impresa", ""},
		{"somebody else's", "rssmra85t10a562s", "altra persona: ANNA ESEMPIO", "signer RSSMRA85T10A562S"},
		{"of the card", "SMPNNA80A41F205X", "della carta nel lettore", "signer " + "SMPNNA80A41F205X"},
		{"a last letter that does not fit", "RSSMRA85T10A562T", "L’ultima lettera", "signer RSSMRA85T10A562T"},
		{"omocodia, with blanks", "RSSMRA 85T10 A56NH", "altra persona", "signer RSSMRA85T10A56NH"},
	} {
		t.Run(c.name, func(t *testing.T) {
			u, f, _ := window(t, filingScene(t, "filing-ready"), 800, 600)
			u.nameSigner()
			keysInto(u, c.typed)
			if said := words(u.asking.panel.object); !strings.Contains(said, c.said) {
				t.Errorf("%q is not said:\n%s", c.said, said)
			}
			pressKey(u, fyne.KeyReturn)
			if got := strings.Join(f.said, "; "); got != c.want {
				t.Errorf("%q", got)
			}
		})
	}
}

// What is told of a codice fiscale may take another line: the sheet grows with it, so that all of it can be read.
func TestSignerSheetGrows(t *testing.T) {
	st := *filingScene(t, "filing-ready")
	set := *st.Settings
	set.Scale = 200
	st.Settings = &set
	u, _, _ := window(t, &st, 1280, 800)
	u.nameSigner()
	sheet := u.asking.panel.layout.sheet
	before := sheet.Size().Height
	keysInto(u, "01234567890")
	if after := sheet.Size().Height; after < before+u.k.px(boxFace.size) {
		t.Errorf("the sheet is %v high, and was %v", after, before)
	}
}

// The sheets are opened from the checklist and lead back to it; nobody named before can be named again.
func TestExpectedIsAskedFromTheChecklist(t *testing.T) {
	u, f, _ := window(t, filingScene(t, "filing-details-expected"), 1280, 800)
	u.openFiling()
	inPanel(t, u, "Deve firmare: "+u.k.masked("RSSMRA85T10A562S"))
	if said := words(u.asking.panel.object); !strings.Contains(said, "Chi deve firmare?") {
		t.Fatalf("another sheet:\n%s", said)
	}
	inPanel(t, u, "Non indicare nessuno")
	inPanel(t, u, "Dal portale: un file cambiato, un file confrontato con se stesso, un file non trovato, due file uguali")
	inPanel(t, u, "Togli il confronto")
	inPanel(t, u, "Vedi il confronto")
	pressKey(u, fyne.KeyEscape)
	inPanel(t, u, "Chiudi")
	if want := []string{"signer ", "compare with "}; !slices.Equal(f.said, want) || u.asking != nil {
		t.Errorf("%q, a sheet %v", f.said, u.asking != nil)
	}
}

// Originals come from the system's dialog, by a drop on the sheet, and not at all when the dialog is left.
func TestOriginalsAreChosen(t *testing.T) {
	u, f, q := window(t, filingScene(t, "filing-compare"), 800, 600)
	var asked []pickWhat
	answer := []string{"/scaricati/a.pdf", "/scaricati/b.pdf"}
	u.chooser = func(_ context.Context, c choose) ([]string, error) {
		asked = append(asked, c.what)
		return answer, nil
	}
	chosen := func() { q.until(t, "the sheet is back", func() bool { return u.asking != nil }) }
	u.compareFiles()
	inPanel(t, u, "Scegli i file")
	chosen()
	answer = nil
	inPanel(t, u, "Scegli la cartella")
	chosen()
	u.dropped([]fyne.URI{storage.NewFileURI("/scaricati")})
	if want := []string{"compare with /scaricati/a.pdf /scaricati/b.pdf", "compare with /scaricati"}; !slices.Equal(f.said, want) {
		t.Errorf("%q", f.said)
	}
	if !slices.Equal(asked, []pickWhat{pickFiles, pickFolder}) {
		t.Errorf("asked for %v", asked)
	}
}

// Without a dialog of the system the window's own leads back to the sheet when it is left.
func TestOwnPickerLeadsBack(t *testing.T) {
	u, _, _ := window(t, filingScene(t, "filing-compare"), 800, 600)
	u.chooser = nil
	u.compareFiles()
	inPanel(t, u, "Scegli i file")
	inPanel(t, u, "Annulla")
	if u.asking == nil || !strings.Contains(words(u.asking.panel.object), "Sono i file del portale?") {
		t.Error("the sheet is not back")
	}
}

// The sheet follows the comparison: it says that it is under way, then what came of it.
func TestComparisonIsFollowed(t *testing.T) {
	running := filingScene(t, "filing-compare-running")
	u, _, _ := window(t, running, 800, 600)
	u.compareFiles()
	if said := words(u.asking.panel.object); !strings.Contains(said, "Confronto dei file") {
		t.Fatalf("not under way:\n%s", said)
	}
	done := *running
	done.Filing = &app.Filing{Profile: "registro-imprese", Files: 1, Compared: []app.Comparison{{File: "/a/x.pdf", Sameness: app.OriginalChanged}}}
	u.latest.Store(&done)
	u.show(&done)
	if said := words(u.asking.panel.object); !strings.Contains(said, "Un file cambiato.") {
		t.Errorf("no outcome:\n%s", said)
	}
}

// The store publishes a State at any moment: one that comes while a sheet is being made is shown on it all the same.
func TestStateThatComesWhileASheetIsMade(t *testing.T) {
	u, _, _ := window(t, filingScene(t, "filing-ready"), 800, 600)
	said := *u.latest.Load()
	said.Expected = &app.Expected{Signer: "RSSMRA85T10A562S"}
	built := 0
	u.openSheet(func(a *asking) *panel {
		built++
		a.watch = checking
		p := u.newPanel(u.k.p.ink, vbox(0))
		u.latest.Store(&said)
		return p
	})
	u.show(u.latest.Load())
	if built != 2 {
		t.Errorf("made %d times", built)
	}
	u.show(u.latest.Load())
	if built != 2 {
		t.Error("made again for nothing")
	}
}
