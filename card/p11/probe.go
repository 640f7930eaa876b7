package p11

import (
	"context"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
)

// ModuleReport tells how far a module gets on this machine.
type ModuleReport struct {
	Path   string
	Exists bool
	// CPUs are the processors that the file is built for, in the names of GOARCH; one that Go has no name for is
	// left out. None means that it is no library of this system at all.
	CPUs     []string
	RightCPU bool // it is built for the processor that this program is built for
	Loads    bool // it was loaded and initialized
	Maker    string
	Name     string // the library's description of itself
	Version  string
	Readers  []string // the readers that it sees
	// Cards are the cards in them; one of state card.Present has certificates that the module shows.
	Cards []CardReport
	Err   error // what stopped it; nil where nothing did
}

// CardReport is what a module makes of a card.
type CardReport struct {
	Reader, Label, Serial string
	Certificates          int
	Signs                 bool // one of them is for signatures that bind
}

// Probe tries modules one after the other, each in a helper of its own, and tells how far each of them gets. It
// sends no PIN. With ctx ended the rest is reported as not tried.
func Probe(ctx context.Context, modules []string, o Options) []ModuleReport {
	out := make([]ModuleReport, 0, len(modules))
	for _, path := range modules {
		out = append(out, probe(ctx, path, o))
	}
	return out
}

func probe(ctx context.Context, path string, o Options) ModuleReport {
	m := &module{path: path, o: o, queue: make(chan struct{}, 1), journal: new(journal)}
	defer m.stop()
	r, _ := m.examine(ctx)
	return r
}

// examine loads a module and looks at the cards through it.
func (m *module) examine(ctx context.Context) (ModuleReport, []*insertion) {
	r := ModuleReport{Path: m.path}
	if r.Err = ctx.Err(); r.Err != nil {
		return r, nil
	}
	if r.Err = r.file(); r.Err != nil {
		return r, nil
	}
	var cards []*insertion
	cards, r.Err = m.poll(ctx)
	if m.h != nil {
		r.Loads, r.Maker, r.Name, r.Version = true, m.h.info.Maker, m.h.info.Description, m.h.info.Version
	}
	for _, c := range cards {
		r.Readers = append(r.Readers, c.reader)
		if !c.present {
			continue
		}
		t := c.slots[0].token()
		r.Cards = append(r.Cards, CardReport{
			Reader: c.reader, Label: t.Label, Serial: t.Serial, Certificates: len(c.keys),
			Signs: slices.ContainsFunc(c.keys, func(k slotKey) bool { return commits(k.Certificate) }),
		})
	}
	return r, cards
}

// file looks at the file alone.
func (r *ModuleReport) file() error {
	if !filepath.IsAbs(r.Path) {
		return &LoadError{r.Path, "path is not absolute"}
	}
	st, err := os.Stat(r.Path)
	r.Exists = !errors.Is(err, fs.ErrNotExist)
	switch {
	case err != nil:
		return fmt.Errorf("looking for the module: %w", err)
	case !st.Mode().IsRegular():
		return &LoadError{r.Path, "it is no file"}
	}
	r.CPUs = processors(r.Path)
	r.RightCPU = slices.Contains(r.CPUs, runtime.GOARCH)
	switch {
	case len(r.CPUs) == 0:
		return &LoadError{r.Path, "it is no program library of a kind that is known here"}
	case !r.RightCPU:
		return &LoadError{r.Path, fmt.Sprintf("it is built for %v, the program for %s", r.CPUs, runtime.GOARCH)}
	}
	return nil
}

// processors tells what a library file is built for.
func processors(path string) []string {
	if f, err := elf.Open(path); err == nil {
		defer func() { _ = f.Close() }()
		return named(map[elf.Machine]string{
			elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64", elf.EM_386: "386", elf.EM_ARM: "arm", elf.EM_RISCV: "riscv64",
		}, f.Machine)
	}
	if f, err := pe.Open(path); err == nil {
		defer func() { _ = f.Close() }()
		return named(map[uint16]string{
			pe.IMAGE_FILE_MACHINE_AMD64: "amd64", pe.IMAGE_FILE_MACHINE_ARM64: "arm64", pe.IMAGE_FILE_MACHINE_I386: "386",
		}, f.Machine)
	}
	cpus := map[macho.Cpu]string{macho.CpuAmd64: "amd64", macho.CpuArm64: "arm64", macho.Cpu386: "386"}
	if f, err := macho.Open(path); err == nil {
		defer func() { _ = f.Close() }()
		return named(cpus, f.Cpu)
	}
	if f, err := macho.OpenFat(path); err == nil {
		defer func() { _ = f.Close() }()
		var out []string
		for _, a := range f.Arches {
			out = append(out, named(cpus, a.Cpu)...)
		}
		return out
	}
	return nil
}

func named[M comparable](names map[M]string, m M) []string {
	if n, ok := names[m]; ok {
		return []string{n}
	}
	return nil
}
