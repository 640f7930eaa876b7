package ui

import (
	"bufio"
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
)

// portal stands in for the desktop's portal on a bus of the test's own.
type portal struct {
	bus     *dbus.Conn
	answer  func() (uint32, map[string]dbus.Variant) // nil: never answers
	asked   chan map[string]dbus.Variant
	closed  chan struct{}
	request dbus.ObjectPath
}

// OpenFile is the portal's method.
func (p *portal) OpenFile(sender dbus.Sender, _, _ string, options map[string]dbus.Variant) (dbus.ObjectPath, *dbus.Error) {
	token, _ := options["handle_token"].Value().(string)
	p.request = dbus.ObjectPath(portalPath + "/request/" + strings.ReplaceAll(string(sender)[1:], ".", "_") + "/" + token)
	if err := p.bus.Export(closer{p.closed}, p.request, portalRequest); err != nil {
		return "", dbus.MakeFailedError(err)
	}
	p.asked <- options
	if p.answer != nil {
		code, results := p.answer()
		if err := p.bus.Emit(p.request, portalRequest+".Response", code, results); err != nil {
			return "", dbus.MakeFailedError(err)
		}
	}
	return p.request, nil
}

type closer struct{ closed chan struct{} }

// Close is the method of a request.
func (c closer) Close() *dbus.Error { close(c.closed); return nil }

// sessionBus starts a bus for this test and makes it the session's.
func sessionBus(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("dbus-daemon"); err != nil {
		t.Skip("dbus-daemon is not installed (.ci/install screen)")
	}
	daemon := exec.Command("dbus-daemon", "--session", "--nofork", "--print-address", "--address=unix:path="+filepath.Join(t.TempDir(), "bus"))
	out, err := daemon.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = daemon.Process.Kill()
		_ = daemon.Wait()
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", strings.TrimSpace(address))
}

func startPortal(t *testing.T, answer func() (uint32, map[string]dbus.Variant)) *portal {
	t.Helper()
	sessionBus(t)
	bus, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bus.Close() })
	p := &portal{bus: bus, answer: answer, asked: make(chan map[string]dbus.Variant, 1), closed: make(chan struct{})}
	if err := bus.Export(p, portalPath, strings.TrimSuffix(portalOpen, ".OpenFile")); err != nil {
		t.Fatal(err)
	}
	if r, err := bus.RequestName(portalName, 0); err != nil || r != dbus.RequestNameReplyPrimaryOwner {
		t.Fatal(r, err)
	}
	return p
}

func uris(a ...string) map[string]dbus.Variant {
	return map[string]dbus.Variant{"uris": dbus.MakeVariant(a)}
}

func TestPortalAnswers(t *testing.T) {
	for _, tc := range []struct {
		name    string
		code    uint32
		results map[string]dbus.Variant
		want    []string
		err     error
	}{
		{"two files with odd names", 0, uris("file:///a%20b/100%25%20%C3%A8%23.pdf", "file:///x'y.p7m"), []string{"/a b/100% è#.pdf", "/x'y.p7m"}, nil},
		{"nothing chosen", 1, uris(), nil, nil},
		{"the portal gave up", 2, uris(), nil, errNoChooser},
		{"addresses that are no files", 0, uris("https://example.org/x.pdf", "file:", "::", "file:///a%00b"), nil, nil},
		{"no addresses", 0, map[string]dbus.Variant{}, nil, nil},
		{"addresses of another type", 0, map[string]dbus.Variant{"uris": dbus.MakeVariant(7)}, nil, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := startPortal(t, func() (uint32, map[string]dbus.Variant) { return tc.code, tc.results })
			got, err := systemChooser(context.Background(), choose{what: pickFiles, title: "x", dir: "/tmp"})
			if !errors.Is(err, tc.err) || !slices.Equal(got, tc.want) {
				t.Errorf("got %q, %v; want %q, %v", got, err, tc.want, tc.err)
			}
			options := <-p.asked
			if options["multiple"].Value() != true || options["directory"].Value() != false || string(options["current_folder"].Value().([]byte)) != "/tmp\x00" {
				t.Errorf("asked with %v", options)
			}
		})
	}
}

func TestPortalIsClosedWithTheWindow(t *testing.T) {
	p := startPortal(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		_, err := systemChooser(ctx, choose{what: pickFolder})
		ended <- err
	}()
	if options := <-p.asked; options["directory"].Value() != true {
		t.Errorf("asked with %v", options)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	<-p.closed // the dialog does not stay behind
}

func TestNoPortal(t *testing.T) {
	sessionBus(t)
	if _, err := systemChooser(context.Background(), choose{}); !errors.Is(err, errNoChooser) {
		t.Errorf("a bus without a portal: %v", err)
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "none"))
	if _, err := systemChooser(context.Background(), choose{}); !errors.Is(err, errNoChooser) {
		t.Errorf("no bus: %v", err)
	}
}

// TestPickTakesTheSystemsDialogOrOurs follows one choice through the window.
func TestPickTakesTheSystemsDialogOrOurs(t *testing.T) {
	for _, tc := range []struct {
		name   string
		paths  []string
		err    error
		given  []string
		picker bool
	}{
		{"chosen", []string{"/a/b.pdf"}, nil, []string{"/a/b.pdf"}, false},
		{"nothing chosen", nil, nil, nil, false},
		{"no dialog", nil, errNoChooser, nil, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			u, _, q := window(t, state(nil), 1280, 800)
			u.chooser = func(context.Context, choose) ([]string, error) { return tc.paths, tc.err }
			var given []string
			u.pick(pickFiles, t.TempDir(), func(p []string) { given = p })
			u.pick(pickFiles, "", func([]string) { t.Error("a second dialog opened beside the first") })
			q.until(t, "the dialog ends", func() bool { return !u.choosing })
			if !slices.Equal(given, tc.given) || (u.asking != nil) != tc.picker {
				t.Errorf("given %q, our picker open: %v", given, u.asking != nil)
			}
		})
	}
}
