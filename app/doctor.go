package app

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"ceralacca/app/lang"
	"ceralacca/card"
)

// Module is how far a PKCS #11 library of a card's maker gets on this machine, and ModuleState that in a word.
type (
	Module      = card.Library
	ModuleState = card.LibraryState
)

// DoctorCheck is one thing that was looked at, and what to do about it.
type DoctorCheck struct {
	Code     string // its words are doctor.<code>.title and .fix
	Good     bool   // nothing is to be done
	Severity Severity
	Args     map[string]string
	Detail   string  // for support, free of secrets and personal data
	told     *Advice // words that come from elsewhere
}

// Doctor is what was looked at; nil in the State before the first time.
type Doctor struct {
	Running bool
	Network bool // the network was tried too
	Checks  []DoctorCheck
	SavedTo string  // path of the bundle for support, once there is one
	Advice  *Advice // why it could not be saved
	found   *found
}

// found are the facts behind the checks, for the bundle.
type found struct {
	at       time.Time
	readers  []card.Slot
	cards    []Card
	modules  []Module
	trust    TrustReport
	settings Settings
}

// machine is what the checks ask of the system; tests put another one in its place.
type machine struct {
	goos   string
	exists func(path string) bool
	dial   func(socket string) error
}

func thisMachine() machine {
	return machine{
		goos:   runtime.GOOS,
		exists: func(p string) bool { _, err := os.Stat(p); return err == nil },
		dial: func(p string) error {
			c, err := net.DialTimeout("unix", p, time.Second) // a socket of this machine, not of the network
			if err == nil {
				c.Close()
			}
			return err
		},
	}
}

// Diagnose looks at the reader service, readers, cards, makers' libraries, trusted lists, folder and clock. It asks for
// no PIN and costs no try. It uses the network only with network set, and then fetches the trusted lists.
func (e *Engine) Diagnose(ctx context.Context, network bool) (*Doctor, error) {
	d := &Doctor{Network: network, found: &found{at: e.cfg.Now()}}
	f := d.found
	f.settings, _ = e.Settings() // unreadable ones are told by the folder check
	sn, err := e.Look(ctx)
	if err != nil {
		return nil, err
	}
	f.readers = sn.Slots
	d.add(checkService(thisMachine(), sn.Err)...)
	if sn.Err == nil {
		d.add(checkReaders(thisMachine(), sn.Slots))
		for _, s := range sn.Slots {
			if s.State != card.Empty {
				d.add(e.checkCard(ctx, s, f))
			}
		}
	}
	if e.cfg.Modules != nil {
		f.modules = e.cfg.Modules.Probe(ctx)
		d.add(checkModules(f.modules)...)
	}
	d.add(e.checkNetwork(ctx, network))
	t := e.trusted(ctx)
	f.trust, _ = e.Trust(ctx)
	d.add(checkLists(t), checkClock(t, f.at), e.checkFolder())
	return d, ctx.Err()
}

func (d *Doctor) add(c ...DoctorCheck) {
	for _, x := range c {
		if x.Code != "" || x.told != nil {
			d.Checks = append(d.Checks, x)
		}
	}
}

// Trouble counts what there is to do.
func (d *Doctor) Trouble() int {
	n := 0
	for _, c := range d.Checks {
		if c.State() == "bad" {
			n++
		}
	}
	return n
}

func good(code string, args ...string) DoctorCheck {
	return DoctorCheck{Code: code, Good: true, Args: lang.M("", args...).Args}
}

func trouble(s Severity, code string, args ...string) DoctorCheck {
	return DoctorCheck{Code: code, Severity: s, Args: lang.M("", args...).Args}
}

// Where the reader service of Linux lies.
var (
	pcscSockets  = []string{"/run/pcscd/pcscd.comm", "/var/run/pcscd/pcscd.comm"}
	pcscPrograms = []string{"/usr/sbin/pcscd", "/usr/bin/pcscd", "/sbin/pcscd", "/usr/local/sbin/pcscd"}
	ccidDrivers  = []string{"/usr/lib/pcsc/drivers/ifd-ccid.bundle", "/usr/lib64/pcsc/drivers/ifd-ccid.bundle", "/usr/lib/x86_64-linux-gnu/pcsc/drivers/ifd-ccid.bundle"}
)

func checkService(m machine, err error) []DoctorCheck {
	if err == nil {
		return []DoctorCheck{good("service")}
	}
	c := trouble(SeverityDanger, "service-"+serviceTrouble(m))
	c.Detail = detail(err)
	return []DoctorCheck{c}
}

// serviceTrouble tells why the service does not answer, as far as the system shows.
func serviceTrouble(m machine) string {
	switch m.goos {
	case "windows":
		return "windows"
	case "darwin":
		return "macos"
	}
	if m.exists("/.flatpak-info") {
		return "flatpak"
	}
	for _, s := range pcscSockets {
		if !m.exists(s) {
			continue
		}
		err := m.dial(s)
		if err == nil || errors.Is(err, os.ErrPermission) {
			return "denied" // it is there, and will not talk to us: polkit
		}
		return "stopped"
	}
	if slices.ContainsFunc(pcscPrograms, m.exists) {
		return "stopped"
	}
	return "missing"
}

func checkReaders(m machine, slots []card.Slot) DoctorCheck {
	var names []string
	for _, s := range slots {
		names = append(names, s.Reader)
	}
	switch {
	case len(slots) > 0:
		return good("reader", "names", strings.Join(names, ", "))
	case m.goos == "linux" && !slices.ContainsFunc(ccidDrivers, m.exists):
		return trouble(SeverityWarning, "reader-driver")
	}
	return trouble(SeverityWarning, "reader-none")
}

// checkCard reads the card in the slot; its advice is what the card page shows.
func (e *Engine) checkCard(ctx context.Context, s card.Slot, f *found) DoctorCheck {
	c, err := e.Inspect(ctx, s)
	if err != nil {
		a := Explain(err)
		return DoctorCheck{Severity: a.Severity, Detail: a.Detail, told: a}
	}
	f.cards = append(f.cards, c)
	switch {
	case c.Advice != nil:
		return DoctorCheck{Severity: c.Advice.Severity, told: c.Advice}
	case c.Library != "":
		return good("card-library", "kind", c.Kind, "name", c.Library)
	}
	return good("card", "kind", c.Kind)
}

func checkModules(list []Module) []DoctorCheck {
	if len(list) == 0 {
		return []DoctorCheck{{Code: "modules-none", Good: true}}
	}
	var out []DoctorCheck
	for _, m := range list {
		var c DoctorCheck
		switch m.State {
		case card.LibraryWorks:
			c = good("module", "name", m.Name)
		case card.LibraryWrongCPU:
			c = trouble(SeverityWarning, "module-cpu", "name", m.Name)
		default:
			c = trouble(SeverityWarning, "module-fails", "name", m.Name)
		}
		if m.Err != nil {
			c.Detail = detail(m.Err)
		}
		out = append(out, c)
	}
	return out
}

func (e *Engine) checkNetwork(ctx context.Context, wanted bool) DoctorCheck {
	switch {
	case e.offline():
		return trouble(SeverityInfo, "network-off")
	case !wanted:
		return trouble(SeverityInfo, "network-not-asked")
	}
	if err := e.RefreshTrust(ctx); err != nil {
		code := "network-fails"
		if failed := scripts.Failed(); failed != nil {
			code, err = "network-script", failed
		}
		c := trouble(SeverityWarning, code)
		c.Detail = detail(err)
		return c
	}
	return good("network")
}

func checkLists(t Trust) DoctorCheck {
	on := t.ItalianList.UTC().Format(time.RFC3339)
	switch {
	case t.ItalianList.IsZero():
		return trouble(SeverityWarning, "lists-none")
	case t.OutOfDate:
		return trouble(SeverityWarning, "lists-old", "date", on)
	}
	return good("lists", "date", on)
}

// checkClock finds a clock that cannot be right: the newest list in use was issued later, or more than ten years ago.
func checkClock(t Trust, now time.Time) DoctorCheck {
	on := now.UTC().Format(time.RFC3339)
	if !t.ItalianList.IsZero() && (now.Before(t.ItalianList.Add(-24*time.Hour)) || now.After(t.ItalianList.AddDate(10, 0, 0))) {
		return trouble(SeverityDanger, "clock-wrong", "date", on)
	}
	return good("clock", "date", on)
}

// lowSpace is what a program needs to write anything in peace.
const lowSpace = 200 << 20

// checkFolder tries to write where settings and lists are kept.
func (e *Engine) checkFolder() DoctorCheck {
	if e.cfg.Dir == "" {
		return trouble(SeverityInfo, "folder-none")
	}
	err := os.MkdirAll(e.cfg.Dir, 0o700)
	if err == nil {
		var f *os.File
		if f, err = os.CreateTemp(e.cfg.Dir, ".try-*"); err == nil {
			f.Close()
			err = os.Remove(f.Name())
		}
	}
	if err == nil {
		_, err = e.Settings()
	}
	if err != nil {
		c := trouble(SeverityWarning, "folder-fails")
		c.Detail = detail(err)
		return c
	}
	if free, known := freeSpace(filepath.Clean(e.cfg.Dir)); known && free < lowSpace {
		return trouble(SeverityWarning, "space-low", "free", lang.Count(int(free/1_000_000)))
	}
	return good("folder")
}

// State is "good", "bad" for what is to be mended, or "note" for what is good to know.
func (c DoctorCheck) State() string {
	switch {
	case c.Good:
		return "good"
	case c.Severity == SeverityInfo:
		return "note"
	}
	return "bad"
}

// doctorCommands are the fixes that can be had by one line in a terminal; the words of the fix tell of it too.
var doctorCommands = map[string]string{
	"service-missing": "sudo apt install pcscd",
	"service-stopped": "sudo systemctl enable --now pcscd.socket",
	"service-flatpak": "flatpak override --user --socket=pcsc it.ceralacca.Ceralacca",
	"reader-driver":   "sudo apt install libccid",
}

// Command is a line for a terminal that mends it, as it can be copied; empty when there is none.
func (c DoctorCheck) Command() string {
	if c.Good {
		return ""
	}
	return doctorCommands[c.Code]
}

// DoctorText is a check in words.
type DoctorText struct{ Title, Fix string }

// Text puts the check into the words of a language.
func (c DoctorCheck) Text(t *lang.Catalog) DoctorText {
	if c.told != nil {
		return DoctorText{t.Text(c.told.Title), t.Text(c.told.Body)}
	}
	args := map[string]string{}
	for k, v := range c.Args {
		args[k] = v
		if at, err := time.Parse(time.RFC3339, v); err == nil && k == "date" {
			args[k] = t.Date(at)
		}
	}
	out := DoctorText{Title: t.Text(lang.Msg{Key: "doctor." + c.Code + ".title", Args: args})}
	if !c.Good {
		out.Fix = t.Text(lang.Msg{Key: "doctor." + c.Code + ".fix", Args: args})
	}
	return out
}

// DoctorCodes are all codes of checks, those with a fix in the second list.
func DoctorCodes() (fine, fixes []string) {
	return []string{"service", "reader", "card", "card-library", "modules-none", "module", "network", "lists", "clock", "folder"},
		[]string{
			"service-windows", "service-macos", "service-flatpak", "service-denied", "service-stopped", "service-missing",
			"reader-driver", "reader-none", "module-cpu", "module-fails", "network-off", "network-not-asked", "network-fails", "network-script",
			"lists-none", "lists-old", "clock-wrong", "folder-none", "folder-fails", "space-low",
		}
}
