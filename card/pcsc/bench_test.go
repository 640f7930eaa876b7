//go:build linux

package pcsc_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"ceralacca/card"
	"ceralacca/card/p11"
	"ceralacca/card/pcsc"
	"ceralacca/card/sim"
)

// BenchmarkRecovery is the time from the start of a pcscd that was killed until all of the card is on the screen again.
// The card itself takes up to 400 ms of it to be seen, for so often pcscd looks at the virtual reader.
func BenchmarkRecovery(b *testing.B) {
	d := newDaemon(b)
	d.Start(b)
	d.Insert(b, 0, practiceBus(b))
	s := card.CNS(pcsc.New())
	snaps := watch(b, s)
	until(b, "card", snaps, hasCard)
	var inspect sim.Operation
	for _, op := range sim.Operations() {
		if op.Name == "inspect" {
			inspect = op
		}
	}
	var down, up time.Duration
	for b.Loop() {
		start := time.Now()
		d.Kill()
		until(b, "end of the service", snaps, noServer)
		down += time.Since(start)
		start = time.Now()
		d.Start(b)
		slot, _ := present(until(b, "restart", snaps, hasCard))
		if err := inspect.Run(context.Background(), s, slot.ID); err != nil {
			b.Fatal(err)
		}
		up += time.Since(start)
	}
	b.ReportMetric(float64(down.Milliseconds())/float64(b.N), "ms-to-notice")
	b.ReportMetric(float64(up.Milliseconds())/float64(b.N), "ms-to-recover")
}

var idleTime = flag.Duration("pcsc.idle", 60*time.Second, "how long BenchmarkIdle watches")

// idleArg makes the test program a watcher of two readers, for BenchmarkIdle.
const idleArg = "watch-two-readers"

// BenchmarkIdle is what watching two readers with a card in each costs a process that does nothing else, in a minute:
// time of the processor, and how often the process was woken.
func BenchmarkIdle(b *testing.B) {
	d := newDaemon(b)
	d.Start(b)
	d.Insert(b, 0, practiceBus(b))
	d.Insert(b, 1, practiceBus(b))
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		cmd := exec.Command(self, idleArg, idleTime.String())
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			b.Fatal(err)
		}
		var cpu, woken int64
		if _, err := fmt.Fscan(bufio.NewReader(strings.NewReader(string(out))), &cpu, &woken); err != nil {
			b.Fatalf("%q: %v", out, err)
		}
		perMinute := float64(time.Minute) / float64(*idleTime)
		b.ReportMetric(float64(cpu)/1000*perMinute, "cpu-ms/min")
		b.ReportMetric(float64(woken)*perMinute, "switches/min")
	}
}

// watchIdly watches until it sees two cards, reads them, goes on for a while and prints the microseconds and the
// voluntary context switches that this took.
func watchIdly(arg string) error {
	how, err := time.ParseDuration(arg)
	if err != nil {
		return err
	}
	s := card.Join(card.CNS(pcsc.New()), p11.Auto(p11.Options{}), card.JoinOptions{}) // as the program does
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ready, done := make(chan card.Snapshot, 100), make(chan error, 1)
	go func() { done <- s.Watch(ctx, func(x card.Snapshot) { ready <- x }) }()
	x := <-ready
	for !twoCards(x) {
		x = <-ready
	}
	for _, slot := range x.Slots {
		t, err := s.Open(ctx, slot.ID)
		if err != nil {
			return err
		}
		if _, err := t.Keys(ctx); err != nil {
			return err
		}
		if err := t.Close(); err != nil {
			return err
		}
	}
	var before, after syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
		return err
	}
	<-time.After(how)
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &after); err != nil {
		return err
	}
	micro := func(r syscall.Rusage) int64 { return (r.Utime.Nano() + r.Stime.Nano()) / 1000 }
	fmt.Println(strconv.FormatInt(micro(after)-micro(before), 10), after.Nvcsw-before.Nvcsw)
	cancel()
	return <-done
}
