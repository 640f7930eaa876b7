package paper_test

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ceralacca/app/paper"
	"ceralacca/assets"
)

var keep = flag.String("keep", "", "folder to keep the documents in")

func begin(t *testing.T, title string) *paper.Document {
	t.Helper()
	var fonts [2][]byte
	for i, name := range []string{"fonts/TitilliumWeb-Regular.ttf", "fonts/TitilliumWeb-SemiBold.ttf"} {
		b, err := assets.FS.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		fonts[i] = b
	}
	d, err := paper.New(paper.Info{Title: title, Language: "it", Program: "Ceralacca", Made: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}, fonts[0], fonts[1])
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func save(t *testing.T, d *paper.Document) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := d.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	dir := *keep
	if dir == "" {
		dir = t.TempDir()
	}
	path := filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "-")+".pdf")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// program runs a foreign program and returns what it says.
func program(t *testing.T, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed (.ci/install check)", name)
	}
	out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

func sample(t *testing.T, name string) *paper.Document {
	d := begin(t, "Firma valida · "+name)
	d.Verdict(paper.Good, "Firma valida", "Il documento non è stato modificato dopo la firma.", "Perché l’acqua è così.")
	d.Heading(name)
	d.Facts([]paper.Fact{{"Formato", "CAdES"}, {"Niente", ""}, {"Impronta SHA-256", strings.Repeat("3f9a71c208de5b14", 4)}})
	d.Heading("1 · " + name)
	d.Facts([]paper.Fact{{"Esito", "valida"}, {"Rilasciato da", name}})
	d.List([]string{"Il primo fatto.", "Il secondo fatto (EN 319 102-1)."})
	d.Space()
	d.Note("Il rapporto è informativo.")
	return d
}

// Every program that we did not write finds the document whole, with its words in the order in which they were set.
func TestDocument(t *testing.T) {
	for name, who := range map[string]string{
		"plain":    "ANNA ESEMPIO",
		"hostile":  "ANNA ) Tj ET (\\ <</Type /Catalog>> endstream endobj \x00\x1b[31m\r\n\u202Efdp.exe\u200b",
		"strange":  "山田太郎 Ελένη Владимир 🙈 a\u0301",
		"long":     strings.Repeat("unnomelunghissimosenzaspazi", 40),
		"no name":  "",
		"not utf8": "a\xff\xfeb",
	} {
		t.Run(name, func(t *testing.T) {
			file := save(t, sample(t, who))
			if said := program(t, "qpdf", "--check", file); strings.Contains(said, "WARNING") {
				t.Errorf("qpdf says %s", said)
			}
			words := strings.Join(strings.Fields(program(t, "pdftotext", file, "-")), " ")
			at := 0
			for _, want := range []string{
				"Firma valida", "Il documento non è stato modificato", "così.", "Formato", "CAdES", "Impronta SHA-256", "3f9a71c2",
				"Esito", "valida", "Il primo fatto.", "Il secondo fatto", "Il rapporto è informativo.",
			} {
				i := strings.Index(words[at:], want)
				if i < 0 {
					t.Fatalf("%q is not there in its turn:\n%s", want, words)
				}
				at += i
			}
			if name == "hostile" && !strings.Contains(words, "[U+202E]fdp.exe") {
				t.Errorf("what turns the writing round is not shown:\n%s", words)
			}
		})
	}
}

func TestManyPages(t *testing.T) {
	d := begin(t, "Molte firme")
	d.Verdict(paper.Bad, "Firme non valide", "Sono tante.")
	for range 60 {
		d.Heading("Una firma")
		d.Facts([]paper.Fact{{"Esito", strings.Repeat("il documento è cambiato dopo la firma ", 30)}, {"Numero", "5a17"}})
	}
	file := save(t, d)
	program(t, "qpdf", "--check", file)
	if said := program(t, "pdfinfo", file); !strings.Contains(said, "Tagged:          yes") || strings.Contains(said, "Pages:           1\n") {
		t.Errorf("pdfinfo says\n%s", said)
	}
	if words := program(t, "pdftotext", file, "-"); strings.Count(words, "Una firma") != 60 {
		t.Errorf("%d of 60 headings are there", strings.Count(words, "Una firma"))
	}
}

func TestEveryFontIsEmbedded(t *testing.T) {
	for _, l := range strings.Split(program(t, "pdffonts", save(t, sample(t, "ANNA"))), "\n")[2:] {
		if f := strings.Fields(l); len(f) > 0 && (len(f) < 8 || f[4] != "yes" || f[6] != "yes") {
			t.Errorf("not embedded, or without its characters: %s", l)
		}
	}
}

func TestBadFont(t *testing.T) {
	if _, err := paper.New(paper.Info{}, []byte("no font"), nil); err == nil {
		t.Error("a font that is none was taken")
	}
}

// Whatever is written, the document can be ended and no call panics.
func FuzzDocument(f *testing.F) {
	f.Add("ANNA", "\x00)")
	f.Fuzz(func(t *testing.T, a, b string) {
		fonts := [2][]byte{}
		for i, name := range []string{"fonts/TitilliumWeb-Regular.ttf", "fonts/TitilliumWeb-SemiBold.ttf"} {
			fonts[i], _ = assets.FS.ReadFile(name)
		}
		d, err := paper.New(paper.Info{Title: a, Language: "it"}, fonts[0], fonts[1])
		if err != nil {
			t.Fatal(err)
		}
		d.Verdict(paper.Plain, a, b)
		d.Heading(b)
		d.Facts([]paper.Fact{{a, b}, {b, a}})
		d.List([]string{a, b})
		d.Note(a)
		if _, err := d.WriteTo(&bytes.Buffer{}); err != nil {
			t.Fatal(err)
		}
	})
}
