package p11

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"ceralacca/card"
)

func FuzzFrames(f *testing.F) {
	var b bytes.Buffer
	if err := writeJSON(&b, request{Op: opLogin, Slot: 3, Secrets: 1}); err != nil {
		f.Fatal(err)
	}
	p := card.NewPIN()
	for _, r := range "12345" {
		p.Add(r)
	}
	if err := writeSecret(&b, p); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	b.Reset()
	if err := writeJSON(&b, reply{Code: ckrPINLocked, Function: "C_Login", Slots: []slotInfo{{ID: 1, Token: &tokenInfo{}}}}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte{0xFF, 0xFF, 0xFF, 0xFF, 'J', '{'})
	f.Add([]byte{0, 0, 0, 0, 'S'})
	f.Add([]byte{0, 0, 0, 3, 'J', '{', '}'})
	f.Fuzz(func(t *testing.T, b []byte) {
		var r reply
		_ = readJSON(bytes.NewReader(b), &r)
		c := insertion{slots: r.Slots}
		if len(r.Slots) > 0 {
			_ = c.pad()
		}
		for _, g := range group(r.Slots, "m") {
			g.fill(slices.Repeat([]reply{r}, len(g.slots)))
			if g.state == card.Present { // no other is opened
				g.info(&module{path: "/m"})
			}
			g.rank()
		}
		in := bytes.NewReader(b)
		var q request
		if readJSON(in, &q) == nil {
			if s, err := readSecret(in); err == nil && s.n > maxSecret {
				t.Errorf("secret of %d bytes", s.n)
			}
		}
	})
}

func TestFrames(t *testing.T) {
	frame := func(n uint32, kind byte, content string) io.Reader {
		b := binary.BigEndian.AppendUint32(nil, n)
		return strings.NewReader(string(append(b, kind)) + content)
	}
	for name, r := range map[string]io.Reader{
		"empty":            strings.NewReader(""),
		"half a head":      strings.NewReader("\x00\x00"),
		"no length":        frame(0, 'J', ""),
		"too long":         frame(maxFrame+2, 'J', "{}"),
		"cut":              frame(100, 'J', "{}"),
		"another kind":     frame(3, 'S', "{}"),
		"no JSON":          frame(3, 'J', "xx"),
		"noise of printf":  strings.NewReader("noise on the standard output\n"),
		"number too large": frame(40, 'J', `{"Code":99999999999999999999999999999}`),
	} {
		if err := readJSON(r, new(reply)); err == nil {
			t.Errorf("%s: was read", name)
		}
	}
	for name, r := range map[string]io.Reader{
		"too long": frame(maxSecret+2, 'S', strings.Repeat("1", maxSecret+1)),
		"cut":      frame(6, 'S', "123"),
		"JSON":     frame(3, 'J', "{}"),
	} {
		if s, err := readSecret(r); err == nil || s != nil {
			t.Errorf("%s: was read", name)
		}
	}
	s, err := readSecret(frame(6, 'S', "12345"))
	if err != nil || string(s.b[:s.n]) != "12345" {
		t.Fatalf("secret %v, %v", s, err)
	}
	s.wipe()
	if s.n != 0 || s.b != [maxSecret]byte{} {
		t.Error("a secret was not wiped")
	}
	if err := writeJSON(io.Discard, request{Data: make([]byte, maxFrame)}); !errors.Is(err, errFrame) {
		t.Errorf("a request of %d bytes: %v", maxFrame, err)
	}
}

// No request and no answer has a place for a PIN.
func TestSecretsHaveNoField(t *testing.T) {
	for _, v := range []any{request{}, reply{}, tokenInfo{}} {
		for f := range reflect.TypeOf(v).Fields() {
			if strings.Contains(strings.ToLower(f.Name), "pin") && f.Type.Kind() != reflect.Uint || f.Type == reflect.TypeFor[card.PIN]() {
				t.Errorf("%T.%s", v, f.Name)
			}
		}
	}
}

func TestGroup(t *testing.T) {
	slot := func(id uint, name, label, serial string) slotInfo {
		s := slotInfo{ID: id, Description: name, Present: label != ""}
		if label != "" {
			s.Token = &tokenInfo{Label: label, Serial: serial, Model: "m"}
		}
		return s
	}
	for _, c := range []struct {
		name  string
		slots []slotInfo
		want  string
	}{
		{"OpenSC: one name, one serial", []slotInfo{slot(0, "R 00 00", "A (PIN CNS0)", "1"), slot(1, "R 00 00", "A (PIN CNS1)", "1")}, "R 00 00:2"},
		{"empty slots kept for a reader", []slotInfo{slot(0, "R", "", ""), slot(1, "R", "A", "1"), slot(2, "R", "", "")}, "R:1"},
		{"two empty readers", []slotInfo{slot(0, "R 00 00", "", ""), slot(1, "R 01 00", "", "")}, "R 00 00:1 R 01 00:1"},
		{"marks behind the name", []slotInfo{slot(0, "R [PIN]", "A", "77"), slot(1, "R [PIN 2]", "B", "77"), slot(2, "R #3", "C", "77")}, "R [PIN]:3"},
		{"marks, and serial numbers that tell nothing", []slotInfo{slot(0, "R (1)", "A", "0000"), slot(1, "R (2)", "B", "0000")}, "R (1):1 R (2):1"},
		{"two readers with one name", []slotInfo{slot(0, "R", "A", "1"), slot(1, "R", "B", "2")}, "R:1 R:1"},
		{"one serial in readers of other names", []slotInfo{slot(0, "Left", "A", "1"), slot(1, "Right", "B", "1")}, "Left:1 Right:1"},
		{"no name", []slotInfo{slot(4, "  ", "A", "1"), slot(5, "", "B", "2")}, "m 4:1 m 5:1"},
		{"nothing", nil, ""},
	} {
		var got []string
		for _, g := range group(c.slots, "m") {
			got = append(got, fmt.Sprintf("%s:%d", g.reader, len(g.slots)))
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %s, want %s", c.name, s, c.want)
		}
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct{ min, max, lo, hi uint }{
		{5, 8, 5, 8},
		{4, 255, 4, 16},
		{0, 8, 1, 8},
		{0, 0, 5, 8},
		{8, 5, 5, 8},
		{^uint(0), ^uint(0), 5, 8},
		{20, 30, 5, 8},
	} {
		if p := limits(tokenInfo{MinPIN: c.min, MaxPIN: c.max}); p.Min != int(c.lo) || p.Max != int(c.hi) {
			t.Errorf("%d to %d: %d to %d", c.min, c.max, p.Min, p.Max)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		err  error
		text string
		is   error
	}{
		{&Error{"/a/libx.so", "C_Sign", ckrDeviceRemoved}, "C_Sign of libx.so: CKR_DEVICE_REMOVED (0x32)", card.ErrRemoved},
		{&Error{"/a/libx.so", "C_Login", 0x102}, "C_Login of libx.so: CKR_USER_PIN_NOT_INITIALIZED (0x102)", nil},
		{&Error{"x", "f", 0x80000001}, "f of x: code of the maker (0x80000001)", nil},
		{&Error{"x", "f", 0x7777}, "f of x: unnamed code (0x7777)", nil},
		{&Error{"x", "f", ckrMechanismInvalid}, "f of x: CKR_MECHANISM_INVALID (0x70)", card.ErrUnsupported},
		{&CrashError{"x", "sign", "exit status 2"}, `module x ended its process during "sign": exit status 2`, card.ErrReset},
		{&TimeoutError{"x", "sign", 1e9}, `module x did not answer to "sign" within 1s`, card.ErrMute},
		{&LoadError{"x", "why"}, "loading module x: why", nil},
		{ErrNotBuilt, "", card.ErrUnsupported},
	} {
		if c.text != "" && c.err.Error() != c.text {
			t.Errorf("%q, want %q", c.err, c.text)
		}
		if c.is != nil && !errors.Is(c.err, c.is) {
			t.Errorf("%v is not %v", c.err, c.is)
		}
	}
}

func TestEnvironment(t *testing.T) {
	got := environment([]string{"HOME=/h", "OPENSC_DEBUG=9", "opensc_debug=9", "SOFTHSM2_CONF=x", "PKCS11SPY=y", "GOTRACEBACK=all"})
	if s := strings.Join(got, " "); s != "HOME=/h SOFTHSM2_CONF=x GOTRACEBACK=none" {
		t.Error(s)
	}
}

func TestKnown(t *testing.T) {
	for system, p := range known {
		if last := p.names[len(p.names)-1]; !strings.HasPrefix(last, "opensc") {
			t.Errorf("%s: OpenSC is not the last, but %s", system, last)
		}
		seen := map[string]bool{}
		for _, n := range append(slices.Clone(p.names), p.folders...) {
			if seen[n] {
				t.Errorf("%s: %s twice", system, n)
			}
			seen[n] = true
		}
	}
	if _, ok := known[runtime.GOOS]; ok && len(Known()) == 0 {
		t.Error("no paths for this system")
	}
	for _, p := range Known() {
		if !filepath.IsAbs(p) {
			t.Errorf("%s is not absolute", p)
		}
	}
	values := map[string]string{"SystemRoot": `C:\Windows`}
	if got := expand(`${SystemRoot}\System32`, func(n string) string { return values[n] }); got != `C:\Windows\System32` {
		t.Error(got)
	}
	if got := expand(`${ProgramFiles}\x`, func(n string) string { return values[n] }); got != "" {
		t.Error(got)
	}
}

func TestRegistered(t *testing.T) {
	name := slices.Clone(known["linux"].names)[0]
	if runtime.GOOS != "linux" {
		t.Skip("the registry of modules is Linux's")
	}
	dir := t.TempDir()
	put := func(file, text string) string {
		path := filepath.Join(dir, file)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	real := put(name, "")
	put("a.module", "# comment\nmodule:  "+real+"\ntrust-policy: no\n")
	put("b.module", "module: p11-kit-trust.so\n")
	put("c.module", strings.Repeat("x", 1<<17))
	put("d.module", "module: opensc-pkcs11.so\n")
	put("e.conf", "module: "+real)
	got := registered(dir)
	if !slices.Contains(got, real) || len(got) < 2 || slices.ContainsFunc(got, func(p string) bool { return strings.Contains(p, "trust") }) {
		t.Errorf("registered %q", got)
	}
	link := filepath.Join(dir, "link.so")
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	if got := existing([]string{filepath.Join(dir, "none"), link, real, dir}); !slices.Equal(got, []string{link}) {
		t.Errorf("existing %q", got)
	}
}

func TestProcessors(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if got := processors(self); !slices.Equal(got, []string{runtime.GOARCH}) {
		t.Errorf("this program: %v", got)
	}
	// The head of a fat Mach-O file for Intel and ARM, each with the head of a library without commands.
	var fat bytes.Buffer
	for _, v := range []uint32{0xCAFEBABE, 2, 0x01000007, 3, 64, 32, 3, 0x0100000C, 0, 96, 32, 3} {
		binary.Write(&fat, binary.BigEndian, v)
	}
	fat.Write(make([]byte, 64-fat.Len()))
	for _, cpu := range []uint32{0x01000007, 0x0100000C} {
		for _, v := range []uint32{0xFEEDFACF, cpu, 0, 6, 0, 0, 0, 0} {
			binary.Write(&fat, binary.LittleEndian, v)
		}
	}
	file := filepath.Join(t.TempDir(), "fat")
	if err := os.WriteFile(file, fat.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := processors(file); !slices.Equal(got, []string{"amd64", "arm64"}) {
		t.Errorf("universal library: %v", got)
	}
	if err := os.WriteFile(file, []byte("MZ, but not really"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := processors(file); got != nil {
		t.Errorf("garbage: %v", got)
	}
}

// A program without cgo says so, in a way that leaves the other ways to reach a card alone.
func TestNotBuilt(t *testing.T) {
	if built {
		t.Skip("this program is built with cgo")
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := Open([]string{"/usr/lib/opensc-pkcs11.so"}, Options{})
	var told card.Snapshot
	if err := s.Watch(ctx, func(x card.Snapshot) {
		told = x
		cancel()
	}); err != nil {
		t.Error(err)
	}
	if !errors.Is(told.Err, ErrNotBuilt) || !errors.Is(told.Err, card.ErrNoService) || len(told.Slots) > 0 {
		t.Errorf("told %+v", told)
	}
	if _, err := s.Open(t.Context(), "0:1:x"); !errors.Is(err, ErrNotBuilt) || !errors.Is(err, card.ErrUnsupported) {
		t.Errorf("opening: %v", err)
	}
	if Serve(nil, nil) == 0 {
		t.Error("a helper without cgo is content")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if r := Probe(t.Context(), []string{self}, Options{})[0]; !r.RightCPU || r.Loads || !errors.Is(r.Err, ErrNotBuilt) {
		t.Errorf("probed %+v", r)
	}
}

// A module that can use the signing key's PIN goes before one that cannot, and that before one without such a key.
func TestRank(t *testing.T) {
	sign := &x509.Certificate{KeyUsage: x509.KeyUsageContentCommitment}
	with := func(state card.SlotState, flags uint, c *x509.Certificate) *insertion {
		return &insertion{
			state: state, slots: []slotInfo{{Token: &tokenInfo{Flags: flags}}},
			keys: []slotKey{{Key: card.Key{Certificate: c}}},
		}
	}
	order := []*insertion{
		with(card.Present, flagUserPINSet, sign), with(card.Present, 0, sign), with(card.Present, flagUserPINSet, &x509.Certificate{}),
		with(card.Busy, flagUserPINSet, nil), with(card.Mute, 0, nil), with(card.Unsupported, flagUserPINSet, sign), with(card.Empty, 0, nil),
	}
	for n := 1; n < len(order); n++ {
		if a, b := order[n-1].rank(), order[n].rank(); a <= b {
			t.Errorf("%d: rank %d is not above %d", n, a, b)
		}
	}
	if order[0].rank() != topRank {
		t.Error("the best is not at the top")
	}
}
