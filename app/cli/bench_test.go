//go:build unix

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// peak runs the program and returns the most memory that it held, in MiB.
func peak(b *testing.B, program string, args ...string) float64 {
	b.Helper()
	c := exec.Command(program, args...)
	r, w, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	fmt.Fprintln(w, "12345")
	w.Close()
	defer r.Close()
	c.ExtraFiles = []*os.File{r}
	if out, err := c.CombinedOutput(); err != nil {
		b.Fatalf("%v: %v\n%s", args, err, out)
	}
	return float64(c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) / 1024
}

// BenchmarkMemory signs and verifies files with the built program and reports the memory that each took beyond what
// the program holds when it only prints its version. It needs 9 GiB of disk.
func BenchmarkMemory(b *testing.B) {
	if runtime.GOOS != "linux" {
		b.Skip("memory is read in the units of Linux")
	}
	dir := b.TempDir()
	program := filepath.Join(dir, "ceralacca-cli")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	config := filepath.Join(dir, "config")
	peak(b, program, "card", "--demo", "--config", config)
	for _, c := range []struct {
		name string
		n    int
		size int64
	}{{"10kB", 1, 10_000}, {"200x10kB", 200, 10_000}, {"4GiB", 1, 4 << 30}} {
		b.Run(c.name, func(b *testing.B) {
			in, out := b.TempDir(), b.TempDir()
			for i := range c.n {
				name := filepath.Join(in, fmt.Sprintf("%03d.bin", i))
				if err := errors.Join(os.WriteFile(name, nil, 0o600), os.Truncate(name, c.size)); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				idle := peak(b, program, "version", "--demo", "--config", config)
				sign := peak(b, program, "sign", "--demo", "--config", config, "--pin-fd", "3", "--out", out, in)
				verify := peak(b, program, "verify", "--demo", "--config", config, out)
				b.ReportMetric(idle, "MiB-idle")
				b.ReportMetric(sign-idle, "MiB-sign")
				b.ReportMetric(verify-idle, "MiB-verify")
				if err := errors.Join(os.RemoveAll(out), os.Mkdir(out, 0o700)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
