package p11

import (
	"bufio"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// KnownAsOf is the day on which the lists of this file were drawn up. Sources: the lists of modules in the
// configuration and source of public signing programs and of OpenSC, vendors' manuals and threads of users. No
// list is complete: every program that uses these should let the user choose a file.
const KnownAsOf = "2026-08"

// places are where the makers' installers put their modules on one system. Names come most trusted first: the
// makers' own before OpenSC, which knows the authentication key of a CNS only.
type places struct {
	folders, names []string
}

var known = map[string]places{
	"windows": {
		folders: []string{
			`${SystemRoot}\System32`, `${ProgramFiles}\Bit4id`, `${ProgramFiles}\Namirial`,
			`${ProgramFiles}\Oberthur Technologies\AWP\DLLs`, `${ProgramFiles}\OpenSC Project\OpenSC\pkcs11`,
		},
		names: strings.Fields(`
			bit4xpki.dll bit4ipki.dll bit4opki.dll bit4cpki.dll bit4npki.dll bit4p11.dll
			asepkcs.dll incryptoki2.dll inp11lib.dll OCSCryptoki.dll SI_PKCS11.dll siecap11.dll cnsPKCS11.dll SissP11.dll
			CardOS_PKCS11.dll cmP11.dll cmP11_M4.dll cvP11.dll cvP11_M4.dll cvcP11.dll
			IpmPki32.dll IPMpkiLC.dll IpmPkiLU.dll OkiPKCS11.dll stPKCS11.dll gclib.dll
			IDPrimePKCS11.dll eTPKCS11.dll SSC_PKCS11.dll
			opensc-pkcs11.dll`),
	},
	"linux": {
		folders: []string{
			"/usr/lib/bit4id", "/lib/bit4id", "/usr/local/lib/bit4id", "/usr/lib", "/usr/lib64", "/usr/local/lib",
			"/usr/lib/${triplet}", "/usr/lib/${triplet}/pkcs11", "/usr/lib/pkcs11", "/usr/lib64/pkcs11", "/usr/lib/PKCS11",
			"/usr/lib/x64-athena",
		},
		names: strings.Fields(`
			libbit4xpki.so libbit4ipki.so libbit4opki.so libbit4spki.so libbit4ihpki.so libbit4p11.so
			libASEP11.so libaseCnsP11.so libinp11.so libIDPrimePKCS11.so libeTPkcs11.so libgclib.so
			opensc-pkcs11.so`),
	},
	"darwin": {
		folders: []string{
			"/Library/bit4id/pkcs11", "/System/Library/Bit4id/pkcs11", "/usr/local/lib", "/usr/local/lib/bit4id",
			"/Library/OpenSC/lib",
		},
		names: strings.Fields(`
			libbit4xpki.dylib libbit4ipki.dylib libbit4opki.dylib libASEP11.dylib libeTPkcs11.dylib
			libIDPrimePKCS11.dylib
			opensc-pkcs11.so`),
	},
}

// liars are the modules whose flags about the PIN are not believed before a refusal, by a word in what they say of
// themselves.
var liars = []struct{ word, why, since string }{
	{"OpenSC", "calls every healthy CNS locked until a first login; seen with 0.23.0 and 0.27.1", "2026-08"},
}

func flagsLie(l library) bool {
	return slices.ContainsFunc(liars, func(x struct{ word, why, since string }) bool {
		return strings.Contains(l.Maker+" "+l.Description, x.word)
	})
}

// Known lists the paths where a module may lie on this system, most trusted first, whether it is there or not.
func Known() []string {
	p := known[runtime.GOOS]
	var out []string
	for _, name := range p.names {
		for _, folder := range p.folders {
			if folder = expand(folder, os.Getenv); folder != "" {
				out = append(out, filepath.Join(folder, name))
			}
		}
	}
	return out
}

// triplets are the folders of Debian's systems for each processor.
var triplets = map[string]string{
	"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu", "386": "i386-linux-gnu", "arm": "arm-linux-gnueabihf",
	"riscv64": "riscv64-linux-gnu",
}

// expand puts values into a folder's name; it is "" where one is missing.
func expand(folder string, value func(string) string) string {
	missing := false
	out := os.Expand(folder, func(name string) string {
		v := value(name)
		if name == "triplet" {
			v = triplets[runtime.GOARCH]
		}
		missing = missing || v == ""
		return v
	})
	if missing {
		return ""
	}
	return out
}

// registries are the folders in which p11-kit's configuration names modules, pkcs11.conf(5), and where a module
// without a path lies.
var registries = struct{ folders, libraries []string }{
	folders:   []string{"/etc/pkcs11/modules", "/usr/share/p11-kit/modules"},
	libraries: []string{"/usr/lib/${triplet}/pkcs11", "/usr/lib64/pkcs11", "/usr/lib/pkcs11"},
}

// Installed lists the modules that are there: those of Known, and those of a known name that the system's
// registry of modules names elsewhere. A module that is there under several names is told once.
func Installed() []string {
	candidates := Known()
	if runtime.GOOS == "linux" {
		for _, dir := range registries.folders {
			candidates = append(candidates, registered(dir)...)
		}
	}
	return existing(candidates)
}

func existing(paths []string) []string {
	var out, real []string
	for _, p := range paths {
		st, err := os.Stat(p)
		if err != nil || !st.Mode().IsRegular() {
			continue
		}
		target, err := filepath.EvalSymlinks(p)
		if err != nil || slices.Contains(real, target) {
			continue
		}
		out, real = append(out, p), append(real, target)
	}
	return out
}

// registered reads the names of modules in the *.module files of a folder.
func registered(dir string) []string {
	files, err := filepath.Glob(filepath.Join(dir, "*.module"))
	if err != nil {
		return nil
	}
	var out []string
	for _, f := range files[:min(len(files), 256)] {
		path := moduleLine(f)
		if !slices.Contains(known[runtime.GOOS].names, filepath.Base(path)) {
			continue
		}
		if filepath.IsAbs(path) {
			out = append(out, path)
			continue
		}
		for _, lib := range registries.libraries {
			if lib = expand(lib, os.Getenv); lib != "" {
				out = append(out, filepath.Join(lib, path))
			}
		}
	}
	return out
}

// moduleLine finds the line "module: PATH" of a file.
func moduleLine(file string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f) // a line longer than its buffer ends it
	for n := 0; n < 1000 && lines.Scan(); n++ {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == "module" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
