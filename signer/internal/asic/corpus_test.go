package asic

import (
	"bytes"
	"context"
	"crypto"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"ceralacca/signer/internal/cms"
	"ceralacca/signer/internal/xmlsig"
)

func shared(t testing.TB, parts ...string) string {
	t.Helper()
	base := os.Getenv("CERALACCA_SHARED")
	if base == "" {
		base = filepath.Join("..", "..", "..", "..", "shared")
	}
	path := filepath.Join(append([]string{base}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skip("the shared corpus is not here: set CERALACCA_SHARED; no " + filepath.Join(parts...))
	}
	return path
}

type corpusRow struct {
	file, format, features, intact, confidence string
	signatures, timestamps                     int
}

func corpusRows(t *testing.T) []corpusRow {
	t.Helper()
	f, err := os.Open(shared(t, "corpus", "MANIFEST.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes = '\t', true
	all, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	col := make(map[string]int)
	for i, name := range all[0] {
		col[name] = i
	}
	var rows []corpusRow
	for _, x := range all[1:] {
		if !strings.HasPrefix(x[col["format"]], "ASiC") {
			continue
		}
		row := corpusRow{
			file: x[col["file"]], format: x[col["format"]], features: x[col["features"]],
			intact: x[col["expected_crypto_intact"]], confidence: x[col["confidence"]],
		}
		row.signatures, _ = strconv.Atoi(x[col["n_signatures"]])
		row.timestamps, _ = strconv.Atoi(x[col["n_timestamps"]])
		rows = append(rows, row)
	}
	return rows
}

func openShared(t testing.TB, name string) (*Container, error) {
	t.Helper()
	f, err := os.Open(shared(t, "corpus", "files", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return Open(context.Background(), f, st.Size(), Limits{})
}

// tally counts outcomes.
type tally struct {
	good, bad, unknown int
	unreadable         int // parts that are no signature at all
	text               strings.Builder
}

func (n *tally) add(state xmlsig.State) {
	switch state {
	case xmlsig.Good:
		n.good++
	case xmlsig.Bad:
		n.bad++
	default:
		n.unknown++
	}
}

func (n *tally) all() int { return n.good + n.bad + n.unknown }

// judge verifies every part of a container, the time-stamps apart.
func judge(c *Container) (sigs, stamps *tally) {
	sigs, stamps = new(tally), new(tally)
	for _, p := range c.Parts {
		switch p.Kind {
		case XAdES:
			judgeXAdES(c, p, sigs)
		case CAdES:
			judgeCMS(c, p, sigs)
		case TimeStamp:
			judgeCMS(c, p, stamps)
		}
	}
	for _, f := range c.Findings {
		fmt.Fprintf(&sigs.text, "\n    finding %s %s %v", f.Code, f.Name, f.Err)
	}
	return sigs, stamps
}

// judgeXAdES takes a file that the container does not hold for a broken signature: the container is all there is.
func judgeXAdES(c *Container, p Part, n *tally) {
	sigs, err := xmlsig.Verify(context.Background(), p.Bytes, xmlsig.Options{Resolve: c.Resolve})
	if err != nil || p.Err != nil {
		fmt.Fprintf(&n.text, "\n    %s: %v %v", p.Name, p.Err, err)
		n.bad++
		return
	}
	for i := range sigs {
		state := sigs[i].State()
		for _, r := range sigs[i].References {
			var missing *EntryError
			if errors.As(r.Err, &missing) && state == xmlsig.Unknown {
				state = xmlsig.Bad
			}
			if r.State != xmlsig.Good {
				fmt.Fprintf(&n.text, "\n    %s ref %q: %v", p.Name, r.URI, r.Err)
			}
		}
		if sigs[i].Value != xmlsig.Good {
			fmt.Fprintf(&n.text, "\n    %s value: %v", p.Name, sigs[i].ValueErr)
		}
		n.add(state)
	}
}

func judgeCMS(c *Container, p Part, n *tally) {
	fail := func(err error) {
		fmt.Fprintf(&n.text, "\n    %s over %q: %v", p.Name, p.Content, err)
		n.bad++
	}
	sd, err := cms.ParseBytes(p.Bytes)
	if err = errors.Join(err, p.Err); err != nil {
		if p.Kind == TimeStamp {
			fail(err)
		} else {
			n.unreadable++
		}
		return
	}
	if p.Content == "" {
		n.unknown++
		return
	}
	if p.Manifest != nil {
		for _, o := range p.Manifest.Objects {
			if o.State != xmlsig.Good {
				fail(o.Err)
				return
			}
		}
	}
	r, err := c.OpenFile(p.Content)
	if err != nil {
		fail(err)
		return
	}
	defer func() { _ = r.Close() }()
	hashes := sd.Hashes()
	if p.Kind == TimeStamp {
		hashes = []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA384, crypto.SHA512}
	}
	digests, err := cms.Digests(context.Background(), r, hashes)
	if err != nil {
		fail(err)
		return
	}
	if p.Kind == TimeStamp {
		imprint := false
		for _, d := range digests {
			imprint = imprint || bytes.Contains(p.Bytes, d)
		}
		if !imprint {
			fail(errors.New("imprint"))
			return
		}
		if digests, err = cms.Digests(context.Background(), sd.Content(), sd.Hashes()); err != nil {
			fail(err)
			return
		}
	}
	for _, si := range sd.SignerInfos {
		k := si.Check(si.Signer(sd.Certificates), sd.Target(digests))
		switch k.Status {
		case cms.Intact:
			n.good++
		case cms.Broken:
			fail(k.Err)
		default:
			fmt.Fprintf(&n.text, "\n    %s: failure %v %v", p.Name, k.Failure, k.Err)
			n.unknown++
		}
	}
}

// word sums up in the words of the manifest.
func word(sigs, stamps *tally) string {
	n := tally{good: sigs.good + stamps.good, bad: sigs.bad + stamps.bad, unknown: sigs.unknown + stamps.unknown}
	switch {
	case sigs.all() == 0 && sigs.unreadable > 0:
		return "no"
	case n.all() == 0:
		return "no-signature"
	case n.good == n.all():
		return "yes"
	case n.good > 0:
		return "partial"
	case n.bad > 0:
		return "no"
	}
	return "indeterminate"
}

// The manifest tells of signatures first; time-stamps over files count where nothing else is there.
func TestCorpus(t *testing.T) {
	held, known := 0, exceptions(t)
	for _, row := range corpusRows(t) {
		c, err := openShared(t, row.file)
		if row.confidence != "high" && row.confidence != "medium" {
			continue
		}
		if err != nil {
			t.Errorf("%s: want %s: %v", row.file, row.intact, err)
			continue
		}
		sigs, stamps := judge(c)
		got := word(sigs, new(tally))
		if row.signatures == 0 && sigs.unreadable == 0 {
			got = word(sigs, stamps)
		}
		if got != row.intact || sigs.all() != row.signatures || row.signatures == 0 && stamps.all() != row.timestamps {
			if argued, ok := known[row.file]; ok && argued == got {
				continue
			}
			t.Errorf("%s: %s with %d signatures and %d time-stamps, want %s with %d and %d%s%s", row.file, got, sigs.all(), stamps.all(),
				row.intact, row.signatures, row.timestamps, sigs.text.String(), stamps.text.String())
			continue
		}
		if known[row.file] != "" {
			t.Errorf("%s: agrees now; take it out of the exceptions", row.file)
		}
		held++
	}
	t.Logf("held %d", held)
	if held < leastHeld {
		t.Errorf("%d rows agree, %d did before", held, leastHeld)
	}
}

// leastHeld is how many rows agreed when it was last set: it may only rise.
const leastHeld = 350

// exceptions reads the rows that are argued: file, our word, why.
func exceptions(t *testing.T) map[string]string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "testdata", "corpus-exceptions-xml.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]string)
	for line := range strings.Lines(string(b)) {
		if f := strings.Split(line, "\t"); len(f) == 3 {
			out[f[0]] = f[1]
		}
	}
	return out
}
