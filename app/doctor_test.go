package app

import (
	"archive/zip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"ceralacca/app/lang"
	"ceralacca/assets"
	"ceralacca/card"
)

func codesOf(d *Doctor) []string {
	var out []string
	for _, c := range d.Checks {
		if c.told != nil {
			out = append(out, "card:"+c.told.Code)
			continue
		}
		out = append(out, c.Code)
	}
	return out
}

// Every check has its words, and every trouble its fix.
func TestDoctorTexts(t *testing.T) {
	fine, fixes := DoctorCodes()
	for _, tag := range lang.Languages {
		c, err := lang.Load(assets.FS, tag)
		if err != nil {
			t.Fatal(err)
		}
		args := lang.M("", "names", "x", "name", "x", "kind", "CNS", "date", "2026-05-03T10:00:00Z", "free", "12").Args
		for _, code := range slices.Concat(fine, fixes) {
			x := DoctorCheck{Code: code, Good: slices.Contains(fine, code), Args: args}.Text(c)
			if x.Title == "" || strings.ContainsAny(x.Title+x.Fix, "{}[]") || (x.Fix == "") == slices.Contains(fixes, code) {
				t.Errorf("%s %s: %+v", tag, code, x)
			}
			if line := (DoctorCheck{Code: code}).Command(); code != "reader-driver" && !strings.Contains(x.Fix, line) {
				t.Errorf("%s %s: %q is not in %q", tag, code, line, x.Fix)
			}
		}
		for _, k := range c.Keys() {
			if code, ok := strings.CutPrefix(k, "doctor."); ok && strings.HasSuffix(code, ".title") {
				if code = strings.TrimSuffix(code, ".title"); !slices.Contains(slices.Concat(fine, fixes), code) {
					t.Errorf("%s: nothing uses %s", tag, k)
				}
			}
		}
	}
}

func TestServiceTrouble(t *testing.T) {
	const socket, program = "/run/pcscd/pcscd.comm", "/usr/sbin/pcscd"
	for _, c := range []struct {
		name, goos string
		files      []string
		dial       error
		want       string
	}{
		{"Windows", "windows", nil, nil, "windows"},
		{"macOS", "darwin", nil, nil, "macos"},
		{"Flatpak", "linux", []string{"/.flatpak-info"}, nil, "flatpak"},
		{"polkit", "linux", []string{socket, program}, nil, "denied"},
		{"socket of another", "linux", []string{socket}, syscall.EACCES, "denied"},
		{"socket without service", "linux", []string{socket, program}, syscall.ECONNREFUSED, "stopped"},
		{"installed", "linux", []string{program}, nil, "stopped"},
		{"not installed", "linux", nil, nil, "missing"},
	} {
		m := machine{c.goos, func(p string) bool { return slices.Contains(c.files, p) }, func(string) error { return c.dial }}
		if got := serviceTrouble(m); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	m := machine{"linux", func(string) bool { return false }, nil}
	if got := checkReaders(m, nil).Code; got != "reader-driver" {
		t.Errorf("no reader and no driver: %s", got)
	}
	m.goos = "windows"
	if got := checkReaders(m, nil).Code; got != "reader-none" {
		t.Errorf("no reader: %s", got)
	}
}

func TestClockAndLists(t *testing.T) {
	issued := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		now  time.Time
		want string
	}{
		{issued.AddDate(0, 0, 2), "clock"},
		{issued.Add(-23 * time.Hour), "clock"},
		{issued.Add(-25 * time.Hour), "clock-wrong"},
		{time.Unix(0, 0), "clock-wrong"},
		{issued.AddDate(11, 0, 0), "clock-wrong"},
	} {
		if got := checkClock(Trust{ItalianList: issued}, c.now).Code; got != c.want {
			t.Errorf("%v: %s, want %s", c.now, got, c.want)
		}
	}
	if got := checkClock(Trust{}, issued).Code; got != "clock" {
		t.Errorf("without a list: %s", got)
	}
	for want, tr := range map[string]Trust{"lists-none": {}, "lists-old": {ItalianList: issued, OutOfDate: true}, "lists": {ItalianList: issued}} {
		if got := checkLists(tr).Code; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestDiagnose(t *testing.T) {
	e, bus := practiceEngine(t)
	e.cfg.Modules = &fakeModules{installed: []Module{{Name: "good.so", State: card.LibraryWorks}, {Name: "old.dll", State: card.LibraryWrongCPU}, {Name: "bad.so", State: card.LibraryFails, Err: errors.New("no")}}}
	look := func() []string {
		t.Helper()
		d, err := e.Diagnose(t.Context(), false)
		if err != nil {
			t.Fatal(err)
		}
		return codesOf(d)
	}
	if got := look(); !slices.Equal(got, []string{"service", "reader", "card", "module", "module-cpu", "module-fails", "network-not-asked", "lists-none", "clock", "folder"}) {
		t.Errorf("all in place: %v", got)
	}
	bus.Remove()
	if got := look(); slices.Contains(got, "card") || !slices.Contains(got, "reader") {
		t.Errorf("without a card: %v", got)
	}
	bus.Service(false)
	if got := look(); !strings.HasPrefix(got[0], "service-") || slices.Contains(got, "reader") {
		t.Errorf("without the service: %v", got)
	}
	e.cfg.Offline = true
	if d, err := e.Diagnose(t.Context(), true); err != nil || !slices.Contains(codesOf(d), "network-off") {
		t.Errorf("offline: %v, %v", d, err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	e.cfg.Dir = filepath.Join(file, "below")
	if got := look(); !slices.Contains(got, "folder-fails") {
		t.Errorf("a folder that cannot be: %v", got)
	}
	if withPIN(bus) != 0 {
		t.Error("a PIN was sent")
	}
}

// The bundle is opened and searched for everything that must not be in it.
func TestBundleHoldsNoSecrets(t *testing.T) {
	e, _ := practiceEngine(t)
	dir := t.TempDir()
	d, err := e.Diagnose(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	holder := d.found.cards[0]
	// What drivers, libraries and the system are known to write into their words.
	d.Checks = append(d.Checks, DoctorCheck{
		Code: "module-fails", Args: lang.M("", "name", "x.so").Args,
		Detail: "open " + home + "/Documenti/contratto segreto.pdf: " + holder.FiscalCode + " card " + holder.Serial + " of " + holder.Surname + " " + holder.Name,
	})
	d.found.readers = append(d.found.readers, card.Slot{Reader: "Reader 00 [serial 1234567890] RSSMRA85T10A562S"})
	c, err := lang.Load(assets.FS, "it")
	if err != nil {
		t.Fatal(err)
	}
	dest := filepath.Join(dir, "b.zip")
	if err := e.SaveBundle(t.Context(), d, c, dest); err != nil {
		t.Fatal(err)
	}
	z, err := zip.OpenReader(dest)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		secrets := []string{
			PracticePIN, PracticePUK, holder.FiscalCode, "RSSMRA85T10A562S", holder.Serial, holder.Surname, holder.Name, home, "1234567890", "contratto", dir,
		}
		for _, x := range holder.Certificates {
			secrets = append(secrets, x.SubjectCN, x.Serial, x.FiscalCode, x.SHA256)
		}
		for _, s := range secrets {
			if s == "" {
				t.Fatal("a secret of this test is empty, and would be found nowhere")
			}
			if strings.Contains(strings.ToLower(string(b)), strings.ToLower(s)) {
				t.Errorf("%s holds %q", f.Name, s)
			}
		}
	}
	if !slices.Equal(names, []string{"ceralacca.json", "leggimi.txt"}) {
		t.Errorf("the bundle holds %v", names)
	}
	if text, err := e.BundleText(d, c); err != nil || !strings.Contains(text, holder.ATR) {
		t.Errorf("no answer to reset in it: %v", err)
	}
	if err := e.SaveBundle(t.Context(), d, c, dest); Explain(err).Code != "output-exists" {
		t.Errorf("a second time: %v", err)
	}
}

func TestStoreDiagnoses(t *testing.T) {
	e, _ := practiceEngine(t)
	w := runStore(t, e, &answers{})
	w.until("ready", ready)
	w.Diagnose(false)
	w.until("looked at", func(st *State) bool { return st.Doctor != nil && !st.Doctor.Running && len(st.Doctor.Checks) > 4 })
	c, err := lang.Load(assets.FS, "en")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, want := range []string{BundleName, strings.Replace(BundleName, ".zip", " (2).zip", 1)} {
		w.SaveBundle(dir, c)
		w.until("saved "+want, func(st *State) bool { return st.Doctor.SavedTo == filepath.Join(dir, want) })
	}
	w.SaveBundle(filepath.Join(dir, "not", "there"), c)
	w.until("told", func(st *State) bool { return st.Doctor.Advice != nil })
}
