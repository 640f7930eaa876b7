package app

import (
	"archive/zip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/user"
	"regexp"
	"runtime"
	"strings"

	"ceralacca/app/lang"
	"ceralacca/card"
)

// The bundle for support holds what stands in these types and nothing else: no PIN, no name, no codice fiscale, no number
// of card or certificate, no file names and no folders.
type (
	bundleDoc struct {
		Made     string         `json:"made"`
		Program  string         `json:"program"`
		System   string         `json:"system"`
		Practice bool           `json:"practice,omitempty"`
		Checks   []bundleCheck  `json:"checks"`
		Readers  []bundleReader `json:"readers"`
		Cards    []bundleCard   `json:"cards"`
		Modules  []bundleModule `json:"modules"`
		Lists    []ListReport   `json:"lists"`
		Settings bundleSettings `json:"settings"`
	}
	bundleCheck struct {
		Code   string `json:"code"`
		Good   bool   `json:"good"`
		Title  string `json:"title"`
		Fix    string `json:"fix,omitempty"`
		Detail string `json:"detail,omitempty"`
	}
	bundleReader struct {
		Name   string `json:"name"`
		PINPad bool   `json:"pin_pad"`
		Empty  bool   `json:"empty"`
	}
	bundleCard struct {
		ATR          string              `json:"atr"`
		Kind         string              `json:"kind"`
		Issuer       string              `json:"issuer"`
		Via          string              `json:"via"`
		Certificates []bundleCertificate `json:"certificates"`
		PINs         []bundlePIN         `json:"pins"`
	}
	bundleCertificate struct {
		Use       int    `json:"use"`
		Qualified bool   `json:"qualified"`
		CanSign   bool   `json:"can_sign"`
		Issuer    string `json:"issuer"`
		KeyType   string `json:"key_type"`
		DaysLeft  int    `json:"days_left"`
	}
	bundlePIN struct {
		Ref       string `json:"ref"`
		TriesLeft int    `json:"tries_left"` // -1 when the card does not tell
		Blocked   bool   `json:"blocked"`
	}
	bundleModule struct {
		Name   string      `json:"name"`
		State  ModuleState `json:"state"`
		Detail string      `json:"detail,omitempty"`
	}
	bundleSettings struct {
		Language string `json:"language,omitempty"`
		Theme    string `json:"theme,omitempty"`
		Scale    int    `json:"scale,omitempty"`
		Profile  string `json:"profile,omitempty"`
	}
)

// bundle gathers what goes into the file.
func (e *Engine) bundle(d *Doctor, t *lang.Catalog) bundleDoc {
	s := newScrubber(d.found.cards)
	b := bundleDoc{
		Made: Stamp(d.found.at), Program: "Ceralacca " + Version + ", " + runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH,
		Practice: e.Practice(), Checks: []bundleCheck{}, Readers: []bundleReader{}, Cards: []bundleCard{}, Modules: []bundleModule{}, Lists: d.found.trust.Lists,
	}
	for _, c := range d.Checks {
		x := c.Text(t)
		code := c.Code
		if c.told != nil {
			code = c.told.Code
		}
		b.Checks = append(b.Checks, bundleCheck{code, c.Good, s.clean(x.Title), s.clean(x.Fix), s.clean(c.Detail)})
	}
	for _, r := range d.found.readers {
		b.Readers = append(b.Readers, bundleReader{s.clean(r.Reader), r.PINPad, r.State == card.Empty})
	}
	for _, c := range d.found.cards {
		x := bundleCard{ATR: c.ATR, Kind: c.Kind, Issuer: s.clean(c.Issuer), Via: c.Via, Certificates: []bundleCertificate{}, PINs: []bundlePIN{}}
		for _, k := range c.Certificates {
			x.Certificates = append(x.Certificates, bundleCertificate{int(k.Use), k.Qualified, k.CanSign, s.clean(k.IssuerCN), k.KeyType, k.DaysLeft})
		}
		for _, p := range c.PINs {
			x.PINs = append(x.PINs, bundlePIN{fmt.Sprintf("%02X", byte(p.Ref)), p.TriesLeft, p.Blocked})
		}
		b.Cards = append(b.Cards, x)
	}
	for _, m := range d.found.modules {
		x := bundleModule{Name: m.Name, State: m.State}
		if m.Err != nil {
			x.Detail = s.clean(detail(m.Err))
		}
		b.Modules = append(b.Modules, x)
	}
	f := d.found.settings
	b.Settings = bundleSettings{f.Language, f.Theme, f.Scale, f.Profile}
	return b
}

// scrubber takes out of free text what the types above cannot keep out: names, numbers and folders in the words of a
// driver or of the system.
type scrubber struct{ known *strings.Replacer }

var (
	fiscalCodeInText = regexp.MustCompile(`(?i)[A-Z]{6}[0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]`)
	longNumber       = regexp.MustCompile(`[0-9]{6,}`)
	pathInText       = regexp.MustCompile(`(?:[A-Za-z]:)?[\\/][^\s:"'<>|]*[\\/][^\s:"'<>|]*`)
)

func newScrubber(cards []Card) *scrubber {
	var pairs []string
	hide := func(s string) {
		if len(s) > 2 {
			pairs = append(pairs, s, "…")
		}
	}
	if home, err := os.UserHomeDir(); err == nil {
		hide(home)
	}
	if u, err := user.Current(); err == nil && u.Username != "root" {
		hide(u.Username)
		hide(u.Name)
	}
	for _, c := range cards {
		for _, x := range c.Certificates {
			hide(x.SubjectCN)
			hide(x.Serial)
		}
		for _, x := range []string{c.FiscalCode, c.Serial, c.Surname, c.Name} {
			hide(x)
		}
	}
	return &scrubber{strings.NewReplacer(pairs...)}
}

func (s *scrubber) clean(text string) string {
	text = fiscalCodeInText.ReplaceAllString(s.known.Replace(text), "…")
	return longNumber.ReplaceAllString(pathInText.ReplaceAllString(text, "…"), "…")
}

// BundleText is the bundle as it will be saved, for people to read before they hand it on.
func (e *Engine) BundleText(d *Doctor, t *lang.Catalog) (string, error) {
	b, err := json.MarshalIndent(e.bundle(d, t), "", "  ")
	return string(b) + "\n", err
}

// BundleName is the name of the bundle for support.
const BundleName = "ceralacca-assistenza.zip"

// SaveBundle writes the bundle for support to dest, which must not exist.
func (e *Engine) SaveBundle(ctx context.Context, d *Doctor, t *lang.Catalog, dest string) error {
	text, err := e.BundleText(d, t)
	if err != nil {
		return fmt.Errorf("writing the bundle: %w", err)
	}
	return writeNew(ctx, dest, func(w io.Writer) error {
		z := zip.NewWriter(w)
		for _, f := range []struct{ name, text string }{{"ceralacca.json", text}, {"leggimi.txt", t.T("doctor.bundle.readme") + "\n"}} {
			x, err := z.Create(f.name)
			if err == nil {
				_, err = io.WriteString(x, f.text)
			}
			if err != nil {
				return err
			}
		}
		return z.Close()
	}, func(*os.File) error { return nil })
}
