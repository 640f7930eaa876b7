package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ceralacca/app/lang"
	"ceralacca/assets"
	"ceralacca/signer"
)

// Whatever a judgement can tell has its sentence in every language.
func TestFindingTexts(t *testing.T) {
	for _, tag := range lang.Languages {
		c, err := lang.Load(assets.FS, tag)
		if err != nil {
			t.Fatal(err)
		}
		has := func(key string) {
			text := c.Text(lang.Msg{Key: key})
			if !c.Has(key) || text == "" || !strings.HasSuffix(text, ".") {
				t.Errorf("%s: %s is %q, not a sentence", tag, key, text)
			}
			if strings.ContainsAny(text, "!") || strings.Contains(strings.ToLower(text), "errore") {
				t.Errorf("%s: %s speaks in the wrong voice: %q", tag, key, text)
			}
		}
		for _, code := range signer.FindingCodes() {
			has(FindingText(signer.Finding{Code: code}).Key)
		}
		for _, code := range signer.NoteCodes() {
			has("note." + code)
		}
		for _, code := range signer.RevocationDetails() {
			has("revocation.detail." + code)
		}
	}
}

// No sentence over a file of the corpus is left with an empty place in it.
func TestFindingTextsAreFilled(t *testing.T) {
	root := os.Getenv("CERALACCA_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "shared")
	}
	dirs, err := filepath.Glob(filepath.Join(root, "corpus", "files", "*"))
	if err != nil || len(dirs) == 0 {
		t.Skip("the shared corpus is not here: set CERALACCA_SHARED")
	}
	c, err := lang.Load(assets.FS, "it")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range files[:min(len(files), 60)] { // a sample of every source of files
			filled(t, c, p)
		}
	}
}

func filled(t *testing.T, c *lang.Catalog, p string) {
	f, err := os.Open(p)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil || st.IsDir() {
		return
	}
	d, err := signer.Open(filepath.Base(p), f, st.Size())
	if err != nil {
		t.Fatal(err)
	}
	r, err := signer.Verify(t.Context(), d, signer.VerifyOptions{})
	if err != nil {
		return // a kind that is not judged
	}
	for _, s := range r.Signatures {
		for _, f := range s.Findings {
			text := c.Text(FindingText(f))
			if strings.ContainsAny(text, "{}") || strings.Contains(text, "«»") || strings.Contains(text, "()") {
				t.Errorf("%s: %s: %q with %v", p, f.Code, text, f.Args)
			}
		}
	}
}
