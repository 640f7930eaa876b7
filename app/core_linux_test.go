package app

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unicode/utf16"

	"ceralacca/card"
	"ceralacca/card/sim"
)

// This file looks for PINs in the memory of a process that has used them. The process is the test binary itself, with
// the card in the parent: a simulated card holds its own PIN, so it must not live in the image.

// coreChild tells the test binary to be that process; it holds the folder with the files to sign.
const coreChild = "CERALACCA_CORE_CHILD"

// In the child the work is done here: TestMain belongs to all tests of the package.
func init() {
	if dir := os.Getenv(coreChild); dir != "" {
		if err := signInChild(dir); err != nil {
			fmt.Println("child:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// TestPINIsNotInTheCoreImage signs a batch, changes the PIN, unblocks it and changes the PUK in a process of its own,
// and then reads every writable mapping of it, which is what a core file holds.
func TestPINIsNotInTheCoreImage(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.txt", "b.txt", "c.txt"} {
		put(t, dir, name, []byte(name))
	}
	b, err := issued()
	if err != nil {
		t.Fatal(err)
	}
	p := new(sim.Practice)
	if err := json.Unmarshal(b, p); err != nil {
		t.Fatal(err)
	}
	c := p.Card()
	c.Sign.PIN, c.Sign.PUK = corePIN, corePUK
	child := startChild(t, dir, c)
	defer child.end()
	for _, code := range []string{corePIN, corePIN, coreNew, coreNew, corePUK, coreThird, coreThird, corePUK, coreNewPUK, coreNewPUK, coreKept} {
		child.typeIn(code)
	}
	child.waitDone(t)
	image := memoryOf(t, child.cmd.Process.Pid)
	found := 0
	for what, needle := range needles() {
		n := bytes.Count(image, needle)
		found += n
		if n > 0 {
			at := bytes.Index(image, needle)
			t.Errorf("%d copies of %s; around the first %q", n, what, image[max(0, at-48):min(len(image), at+48)])
		}
	}
	t.Logf("%d copies in %d KiB of writable memory, %d forms of %d codes looked for", found, len(image)>>10, len(needles()), 5)
	if n := bytes.Count(image, []byte(coreKept)); n != 1 {
		t.Errorf("%d copies of the PIN that is still in its buffer, want that one: the search finds nothing, or typing leaves copies", n)
	}
}

// The codes are eight digits, so that chance does not make them, and stand in the parent alone: the child has no such
// constants, because it reads nothing of these variables.
var (
	corePIN, coreNew, coreThird = code(7, 1, 9, 3, 8, 2, 6, 4), code(4, 0, 9, 2, 7, 1, 5, 8), code(8, 3, 0, 5, 1, 6, 9, 2)
	corePUK, coreNewPUK         = code(6, 2, 8, 0, 4, 7, 3, 1), code(9, 5, 1, 7, 0, 3, 8, 6)
	coreKept                    = code(5, 8, 2, 6, 1, 9, 3, 7) // typed and not wiped
)

// code is the digits in reverse of how they stand in the source: a constant of the binary would be in every image.
func code(digits ...int) string {
	if os.Getenv(coreChild) != "" {
		return ""
	}
	var s strings.Builder
	for i := range digits {
		s.WriteByte(byte('0' + digits[len(digits)-1-i]))
	}
	return s.String()
}

// needles are the forms in which a code could lie in memory.
func needles() map[string][]byte {
	all := map[string][]byte{}
	for name, code := range map[string]string{"PIN": corePIN, "new PIN": coreNew, "third PIN": coreThird, "PUK": corePUK, "new PUK": coreNewPUK} {
		var wide, widest, values []byte
		for _, u := range utf16.Encode([]rune(code)) {
			wide = binary.LittleEndian.AppendUint16(wide, u)
		}
		for _, r := range code {
			widest = binary.LittleEndian.AppendUint32(widest, uint32(r))
			values = append(values, byte(r-'0'))
		}
		all[name+" in ASCII, as in a command"] = []byte(code)
		all[name+" in UTF-16"] = wide
		all[name+" in UTF-32, as runes"] = widest
		all[name+" as digits"] = values
	}
	return all
}

// process is the child, and the pipes to it.
type process struct {
	cmd   *exec.Cmd
	typed io.WriteCloser
	done  *bufio.Reader
	end   func()
}

// startChild starts the test binary again: digits come on its standard input, commands for the card go out on
// descriptor 3, answers come on 4.
func startChild(t *testing.T, dir string, c sim.Card) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.run=^$")
	cmd.Env = append(os.Environ(), coreChild+"="+dir)
	cmd.Stderr = os.Stderr
	typed, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	commands, toParent, err3 := os.Pipe()
	toChild, answers, err4 := os.Pipe()
	for _, err := range []error{err1, err2, err3, err4} {
		if err != nil {
			t.Fatal(err)
		}
	}
	cmd.ExtraFiles = []*os.File{toParent, toChild}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	toParent.Close()
	toChild.Close()
	served := make(chan struct{})
	go func() {
		defer close(served)
		serveCard(commands, answers, c)
	}()
	return &process{cmd, typed, bufio.NewReader(out), func() {
		typed.Close()
		_ = cmd.Wait() // it ends with its standard input
		commands.Close()
		answers.Close()
		<-served
	}}
}

func (p *process) typeIn(code string) { _, _ = io.WriteString(p.typed, code+"\n") }

func (p *process) waitDone(t *testing.T) {
	t.Helper()
	line, err := p.done.ReadString('\n')
	if line != "done\n" {
		t.Fatalf("child said %q, %v", line, err)
	}
}

// serveCard lets a simulated card answer; an empty command is a new connection.
func serveCard(commands io.Reader, answers io.Writer, c sim.Card) {
	bus := sim.New(c)
	readers, err := bus.Wait(context.Background(), nil)
	if err != nil {
		return
	}
	var conn card.Conn
	for {
		var n uint16
		if binary.Read(commands, binary.BigEndian, &n) != nil {
			return
		}
		apdu := make([]byte, n)
		if _, err := io.ReadFull(commands, apdu); err != nil {
			return
		}
		if n == 0 {
			if conn != nil {
				conn.Close()
			}
			if conn, err = bus.Connect(context.Background(), readers[0]); err != nil {
				return
			}
			continue
		}
		rsp, err := conn.Transmit(apdu)
		if err != nil {
			return
		}
		if binary.Write(answers, binary.BigEndian, uint16(len(rsp))) != nil {
			return
		}
		if _, err := answers.Write(rsp); err != nil {
			return
		}
	}
}

// pipeBus is the card in the parent.
type pipeBus struct{ out, in *os.File }

func (b pipeBus) Wait(ctx context.Context, seen []card.Reader) ([]card.Reader, error) {
	if seen != nil {
		<-ctx.Done()
	}
	return []card.Reader{{Name: "parent", State: card.Present, ATR: string(sim.PracticeATR), Insertion: 1}}, ctx.Err()
}

func (b pipeBus) Connect(context.Context, card.Reader) (card.Conn, error) {
	_, err := b.out.Write([]byte{0, 0})
	return b, err
}

func (b pipeBus) Transmit(apdu []byte) ([]byte, error) {
	head := []byte{byte(len(apdu) >> 8), byte(len(apdu))}
	if _, err := b.out.Write(head); err != nil {
		return nil, err
	}
	if _, err := b.out.Write(apdu); err != nil { // unbuffered: a copy here would be the test's own
		return nil, err
	}
	if _, err := io.ReadFull(b.in, head); err != nil {
		return nil, err
	}
	rsp := make([]byte, int(head[0])<<8|int(head[1]))
	_, err := io.ReadFull(b.in, rsp)
	return rsp, err
}
func (pipeBus) Begin() error { return nil }
func (pipeBus) End() error   { return nil }
func (pipeBus) Close() error { return nil }

// fromStdin is a person whose digits come one by one, as from a keyboard.
type fromStdin struct{}

func (fromStdin) line() *PIN {
	pin := NewPIN()
	var b [1]byte
	for {
		if n, err := os.Stdin.Read(b[:]); n != 1 || err != nil || b[0] == '\n' {
			clear(b[:])
			return pin
		}
		pin.Add(rune(b[0]))
	}
}
func (f fromStdin) PIN(context.Context, PINQuestion) (*PIN, error) { return f.line(), nil }
func (fromStdin) Confirm(context.Context, Question) (bool, error)  { return true, nil }
func (f fromStdin) NewPIN(context.Context, NewPINQuestion) (*NewPINs, error) {
	return &NewPINs{f.line(), f.line(), f.line()}, nil
}

// signInChild is the child's work; then it says so and waits for the end of its standard input.
func signInChild(dir string) error {
	ctx := context.Background()
	e := New(Config{Source: card.CNS(pipeBus{os.NewFile(3, "commands"), os.NewFile(4, "answers")}), Dir: filepath.Join(dir, "config")})
	sn, err := e.Look(ctx)
	if err != nil {
		return err
	}
	slot := sn.Slots[0]
	req := SignRequest{Slot: slot}
	for _, name := range []string{"a.txt", "b.txt", "c.txt"} {
		req.Files = append(req.Files, filepath.Join(dir, name))
	}
	signed := 0
	err = e.Sign(ctx, req, fromStdin{}, SignEvents{Done: func(r FileResult) {
		if err = r.Err; r.Err == nil {
			signed++
		}
	}})
	if err != nil || signed != len(req.Files) {
		return fmt.Errorf("%d signed: %w", signed, err)
	}
	c, err := e.Inspect(ctx, slot)
	if err != nil {
		return err
	}
	for _, kind := range []NewPINKind{ChangePIN, UnblockPIN, ChangePUK} {
		if err := e.askAndChange(ctx, slot, &c, *c.PIN(c.Signing()), kind, fromStdin{}); err != nil {
			return fmt.Errorf("kind %d: %w", kind, err)
		}
	}
	kept := fromStdin{}.line()
	fmt.Println("done")
	_, err = io.Copy(io.Discard, os.Stdin)
	runtime.KeepAlive(kept)
	return err
}

// memoryOf reads every writable mapping of a process.
func memoryOf(t *testing.T, pid int) []byte {
	t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatal(err)
	}
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Close()
	var image []byte
	for line := range strings.Lines(string(maps)) {
		var from, to int64
		var rights string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &rights); err != nil || !strings.HasPrefix(rights, "rw") {
			continue
		}
		if to-from > 1<<30 { // the race detector's own table, which holds no data of the program
			continue
		}
		part := make([]byte, to-from)
		n, _ := mem.ReadAt(part, from) // a mapping may end early
		image = append(image, part[:n]...)
	}
	return image
}
