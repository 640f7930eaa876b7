package app_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the name before all our import paths.
const module = "ceralacca"

// room is what one package may import: our own packages by their folder ("." is the root), others by module, "C"
// and "unsafe" by name. The rest of the standard library is free to all.
type room struct {
	imports string
	tests   string // what its tests may import on top
}

// house is the map of the project's arrows:
//
//	main → ui → app → { card, signer },  cli → app
//
// card and signer do not know each other; only main and ui know the toolkit. A package that is not on the map does
// not belong to the house: put it here, with the fewest arrows that do, when you add one.
var house = map[string]room{
	// The two programs wire the parts together: they alone choose where cards come from. The twin also names
	// the states and verdicts of card and signer, since it prints them for programs.
	".": {imports: "ui app app/lang app/pac app/pac/script app/preview app/preview/pdfium assets card card/pcsc card/p11 fyne.io/fyne/v2", tests: "card/sim"},
	"app/cli": {
		imports: "app app/lang app/pac app/pac/script assets card card/pcsc card/p11 signer golang.org/x/term",
		tests:   "card/sim github.com/rogpeppe/go-internal",
	},
	// Beside the toolkit: the file dialogs of the desktop portal and of Windows.
	"ui":     {imports: "app app/lang assets fyne.io/fyne/v2 github.com/godbus/dbus golang.org/x/sys unsafe", tests: "card card/sim signer"},
	"ui/e2e": {imports: "github.com/jezek/xgb", tests: "card/sim card/pcsc/pcsctest"}, // the card of its tests is in another process than the window
	"assets": {},

	// The application: it joins a card and a signature, and speaks to people.
	"app": {
		imports: "app/lang app/pac app/paper app/preview card card/sim signer signer/filing signer/trust golang.org/x/image golang.org/x/sys github.com/zalando/go-keyring",
		tests:   "app/pac/script app/preview/pdfium assets golang.org/x/crypto",
	},
	"app/lang":  {imports: "golang.org/x/sys", tests: "assets"}, // the language of Windows
	"app/paper": {imports: "golang.org/x/image", tests: "assets"},

	// The proxy script of the system. Its interpreter is a process apart, which the main programs alone can become.
	"app/apart":      {},
	"app/pac":        {imports: "app/apart"},
	"app/pac/script": {imports: "app/pac github.com/dop251/goja"},

	// What a file looks like. PDFium is a process apart, which main alone can become.
	"app/preview":        {imports: "app/apart signer golang.org/x/image", tests: "app/preview/pdfium"},
	"app/preview/pdfium": {imports: "app/preview github.com/klippa-app/go-pdfium github.com/tetratelabs/wazero"},

	// Cards.
	"card":      {tests: "card/sim"},
	"card/sim":  {imports: "card golang.org/x/crypto"},
	"card/pcsc": {imports: "card github.com/ebfe/scard golang.org/x/sys", tests: "card/sim card/p11 card/pcsc/pcsctest"}, // the joined card, through a real service
	"card/p11":  {imports: "card github.com/miekg/pkcs11 C unsafe", tests: "card/sim card/pcsc/pcsctest"},

	"card/pcsc/pcsctest": {imports: "card/sim"}, // a service for tests

	// Signatures. The digitorus modules are second readers: of what we have just written, and in tests.
	"signer": {
		imports: "signer/trust signer/internal/asic signer/internal/cert signer/internal/cms signer/internal/ers signer/internal/pdf " +
			"signer/internal/tsp signer/internal/xmlsig golang.org/x/crypto github.com/digitorus/pkcs7 github.com/digitorus/pdfsign/verify",
	},
	"signer/filing": {imports: "signer"},
	"signer/trust": {
		imports: "signer/internal/cert signer/internal/cms signer/internal/tsp signer/internal/xmlsig golang.org/x/crypto",
	},
	"signer/internal/asic":   {imports: "signer/internal/xmlsig", tests: "signer/internal/cms"}, // a container's manifests are XML
	"signer/internal/cert":   {imports: "golang.org/x/crypto github.com/cloudflare/circl/sign"},
	"signer/internal/cms":    {imports: "signer/internal/cert golang.org/x/crypto", tests: "github.com/digitorus/pkcs7"},
	"signer/internal/ers":    {imports: "signer/internal/cert signer/internal/cms signer/internal/tsp golang.org/x/crypto"},
	"signer/internal/pdf":    {imports: "golang.org/x/crypto", tests: "signer/internal/cert signer/internal/cms github.com/digitorus/pdfsign"},
	"signer/internal/tsp":    {imports: "signer/internal/cert signer/internal/cms golang.org/x/crypto"},
	"signer/internal/xmlsig": {imports: "signer/internal/cert signer/internal/ers golang.org/x/crypto"}, // evidence records are XML too
}

// topLevel is all that may lie in the root, besides names that begin with a dot.
var topLevel = strings.Fields(`app assets card packaging signer testdata ui
	main.go go.mod go.sum FyneApp.toml staticcheck.conf Makefile
	README.md CONTRIBUTING.md CHANGELOG.md LICENSE
	build`) // build is made by make and ignored by git

// imported is what one package imports, in every file for every system.
type imported struct {
	Path           string
	Imports, Tests []string
}

// violations holds a graph against the map.
func violations(graph []imported, house map[string]room) []string {
	var found []string
	for _, p := range graph {
		folder := folderOf(p.Path)
		r, known := house[folder]
		if !known {
			found = append(found, fmt.Sprintf("%s is not on the map of app/arch_test.go", p.Path))
			continue
		}
		allowed := strings.Fields(r.imports)
		for _, i := range p.Imports {
			if !mayImport(allowed, i) {
				found = append(found, fmt.Sprintf("%s must not import %s", p.Path, i))
			}
		}
		// A test stands in its own package's place, and may import that package.
		allowed = append(allowed, append(strings.Fields(r.tests), folder)...)
		for _, i := range p.Tests {
			if !mayImport(allowed, i) {
				found = append(found, fmt.Sprintf("the tests of %s must not import %s", p.Path, i))
			}
		}
	}
	return found
}

func folderOf(path string) string {
	if path == module {
		return "."
	}
	return strings.TrimPrefix(path, module+"/")
}

func mayImport(allowed []string, path string) bool {
	if path == module || strings.HasPrefix(path, module+"/") {
		return slices.Contains(allowed, folderOf(path))
	}
	if path == "C" || path == "unsafe" {
		return slices.Contains(allowed, path)
	}
	if domain, _, _ := strings.Cut(path, "/"); !strings.Contains(domain, ".") {
		return true // the standard library
	}
	return slices.ContainsFunc(allowed, func(m string) bool { return path == m || strings.HasPrefix(path, m+"/") })
}

// reach is all that a package can come to along the map's arrows, tests aside.
func reach(house map[string]room, from string) map[string]bool {
	seen := map[string]bool{}
	var walk func(string)
	walk = func(folder string) {
		for _, to := range strings.Fields(house[folder].imports) {
			if !seen[to] {
				seen[to] = true
				walk(to)
			}
		}
	}
	walk(from)
	return seen
}

// breaches holds the map itself against the three laws of the house, so that no arrow that breaks them can be
// drawn into it by mistake.
func breaches(house map[string]room) []string {
	var found []string
	for folder := range house {
		to := reach(house, folder)
		for other := range to {
			if under(folder, "card") && under(other, "signer") || under(folder, "signer") && under(other, "card") {
				found = append(found, folder+" reaches "+other)
			}
		}
		if to["fyne.io/fyne/v2"] && folder != "." && folder != "ui" {
			found = append(found, folder+" reaches the toolkit")
		}
		if to[folder] {
			found = append(found, folder+" reaches itself")
		}
	}
	slices.Sort(found)
	return found
}

func under(folder, top string) bool { return folder == top || strings.HasPrefix(folder, top+"/") }

// strays are the names that do not belong in the root.
func strays(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool {
		return strings.HasPrefix(n, ".") || slices.Contains(topLevel, n)
	})
}

// readGraph asks the go command for the imports of packages, with the files of overlay (path in the module: path on
// disk) laid over the tree. Files for other systems and tags count too.
func readGraph(t *testing.T, overlay map[string]string, packages ...string) []imported {
	t.Helper()
	args := []string{"list", "-e", "-json=Dir,ImportPath,Imports,TestImports,XTestImports,IgnoredGoFiles"}
	if overlay != nil {
		text, err := json.Marshal(map[string]any{"Replace": overlay})
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "overlay.json")
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, "-overlay", file)
	}
	cmd := exec.CommandContext(t.Context(), "go", append(args, packages...)...)
	cmd.Dir = ".."
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, said.String())
	}
	var graph []imported
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Dir, ImportPath                                    string
			Imports, TestImports, XTestImports, IgnoredGoFiles []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return graph
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		node := imported{p.ImportPath, p.Imports, append(p.TestImports, p.XTestImports...)}
		for _, name := range p.IgnoredGoFiles {
			path := filepath.Join(p.Dir, name)
			if laid, ok := overlay[path]; ok {
				path = laid
			}
			if strings.HasSuffix(name, "_test.go") {
				node.Tests = append(node.Tests, importsOf(t, path)...)
			} else {
				node.Imports = append(node.Imports, importsOf(t, path)...)
			}
		}
		graph = append(graph, node)
	}
}

func importsOf(t *testing.T, path string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, i := range f.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, p)
	}
	return paths
}

// watchTree looks into every folder of the module, so that the go command repeats this test when a file there has
// changed: what `go list` reads in a process of its own, the test cache does not see.
func watchTree(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() && (d.Name() == ".git" || d.Name() == "build" || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestArrows(t *testing.T) {
	watchTree(t)
	for _, v := range violations(readGraph(t, nil, "./..."), house) {
		t.Error(v)
	}
	for _, b := range breaches(house) {
		t.Errorf("the map breaks a law of the house: %s", b)
	}
}

func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	for _, s := range strays(names) {
		t.Errorf("%s does not belong in the root; what does stands in app/arch_test.go", s)
	}
	planted := []string{"util", "app", ".ci", "notes.txt"}
	if got := strays(planted); !slices.Equal(got, []string{"util", "notes.txt"}) {
		t.Errorf("of %v the check finds %v", planted, got)
	}
}

// TestArrowsWouldCatch plants violations, in graphs and in the real tree, and wants each of them found.
func TestArrowsWouldCatch(t *testing.T) {
	for _, c := range []struct {
		name string
		node imported
		want string
	}{
		{"card knows signer", imported{"ceralacca/card", []string{"ceralacca/signer"}, nil}, "ceralacca/card must not import ceralacca/signer"},
		{"the window skips app", imported{"ceralacca/ui", []string{"ceralacca/card"}, nil}, "ceralacca/ui must not import ceralacca/card"},
		{"a module of a like name", imported{"ceralacca/ui", []string{"fyne.io/fyne/v22"}, nil}, "ceralacca/ui must not import fyne.io/fyne/v22"},
		{"cgo where none belongs", imported{"ceralacca/card", []string{"C"}, nil}, "ceralacca/card must not import C"},
		{"a test too", imported{"ceralacca/signer", nil, []string{"ceralacca/card/sim"}}, "the tests of ceralacca/signer must not import ceralacca/card/sim"},
		{"a package off the map", imported{"ceralacca/util", nil, nil}, "ceralacca/util is not on the map of app/arch_test.go"},
		{"what is allowed", imported{"ceralacca/ui", []string{"fmt", "ceralacca/app", "fyne.io/fyne/v2/widget"}, []string{"ceralacca/ui"}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := strings.Join(violations([]imported{c.node}, house), "; "); got != c.want {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
	t.Run("a law broken in the map", func(t *testing.T) {
		bad := map[string]room{"app": {imports: "card"}, "card": {imports: "signer"}, "signer": {imports: "fyne.io/fyne/v2"}}
		want := []string{"app reaches the toolkit", "card reaches signer", "card reaches the toolkit", "signer reaches the toolkit"}
		if got := breaches(bad); !slices.Equal(got, want) {
			t.Errorf("found %q, want %q", got, want)
		}
	})
	for file, c := range map[string]struct{ source, want string }{
		"card/planted.go":         {"package card\n\nimport _ \"ceralacca/signer\"\n", "ceralacca/card must not import ceralacca/signer"},
		"card/planted_windows.go": {"package card\n\nimport _ \"fyne.io/fyne/v2\"\n", "ceralacca/card must not import fyne.io/fyne/v2"},
		"card/planted/planted.go": {"package planted\n", "ceralacca/card/planted is not on the map of app/arch_test.go"},
	} {
		t.Run("planted "+file, func(t *testing.T) {
			plant := filepath.Join(t.TempDir(), "planted.go")
			if err := os.WriteFile(plant, []byte(c.source), 0o644); err != nil {
				t.Fatal(err)
			}
			target, err := filepath.Abs(filepath.Join("..", file))
			if err != nil {
				t.Fatal(err)
			}
			graph := readGraph(t, map[string]string{target: plant}, "./"+filepath.Dir(file))
			if got := violations(graph, house); !slices.Contains(got, c.want) {
				t.Errorf("found %q, want in it %q", got, c.want)
			}
		})
	}
}
