//go:build unix

package main

import (
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

// BenchmarkFourGiB signs and verifies a file of 4 GiB with the built program and reports the memory that each took
// beyond what the program holds when it only prints its version. It needs 5 GiB of disk.
func BenchmarkFourGiB(b *testing.B) {
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
	file := filepath.Join(dir, "big.bin")
	f, err := os.Create(file)
	if err != nil {
		b.Fatal(err)
	}
	if err := f.Truncate(4 << 30); err != nil {
		b.Fatal(err)
	}
	f.Close()
	for b.Loop() {
		idle := peak(b, program, "version", "--demo", "--config", config)
		sign := peak(b, program, "sign", "--demo", "--config", config, "--pin-fd", "3", file)
		verify := peak(b, program, "verify", "--demo", "--config", config, file+".p7m")
		b.ReportMetric(idle, "MiB-idle")
		b.ReportMetric(sign-idle, "MiB-sign")
		b.ReportMetric(verify-idle, "MiB-verify")
		os.Remove(file + ".p7m")
	}
}
