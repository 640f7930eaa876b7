package trust

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// shared is the directory of the shared corpus, or the test is skipped.
func shared(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("CERALACCA_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("the shared corpus is not here: set CERALACCA_SHARED")
	}
	return dir
}

// tsv reads a table with a head line.
func tsv(t testing.TB, path string) []map[string]string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	head := strings.Split(lines[0], "\t")
	var rows []map[string]string
	for _, l := range lines[1:] {
		row := map[string]string{}
		for i, v := range strings.Split(l, "\t") {
			if i < len(head) {
				row[head[i]] = v
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// exceptions reads a table of argued differences: a name and, after a tab, the argument.
func exceptions(t testing.TB, name string) map[string]string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, l := range strings.Split(string(b), "\n") {
		if l == "" || l[0] == '#' {
			continue
		}
		id, why, ok := strings.Cut(l, "\t")
		if !ok || strings.TrimSpace(why) == "" {
			t.Fatalf("%s: %q gives no reason", name, id)
		}
		out[id] = why
	}
	return out
}

func unPEM(b []byte) []byte {
	if p, _ := pem.Decode(b); p != nil {
		return p.Bytes
	}
	return b
}

// pkitsPublic is the number of path tests in the public part; the test fails if the table is read wrongly.
const pkitsPublic = 173

// TestPKITS runs the NIST path tests of the public part of the corpus.
func TestPKITS(t *testing.T) {
	dir := filepath.Join(shared(t), "corpus")
	rows := tsv(t, filepath.Join(dir, "PKITS_TESTS.tsv"))
	known := exceptions(t, "corpus-exceptions-pkits.tsv")
	if len(rows) != pkitsPublic {
		t.Errorf("%d tests in the table, want %d", len(rows), pkitsPublic)
	}
	right := 0
	for _, row := range rows {
		key := row["id"] + " " + row["name"]
		t.Run(key, func(t *testing.T) {
			err := runPKITS(t, filepath.Join(dir, "files", "pkits"), row)
			ok := (err == nil) == (row["expected"] == "pass")
			switch why := known[key]; {
			case ok && why != "":
				t.Errorf("is right now; take it out of the exceptions (%s)", why)
			case !ok && why == "":
				t.Errorf("expected %s, got %v", row["expected"], err)
			case ok:
				right++
			}
		})
	}
	t.Logf("%d of %d right, %d argued exceptions", right, len(rows), len(known))
	if right+len(known) != len(rows) {
		t.Errorf("%d right and %d exceptions do not make %d", right, len(known), len(rows))
	}
}

func runPKITS(t *testing.T, dir string, row map[string]string) error {
	t.Helper()
	load := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return unPEM(b)
	}
	parse := func(name string) *certificate {
		c, err := parseCertificate(load(name))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return c
	}
	at := time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC)
	b := newBuilder(at)
	b.leafValidity, b.anyAlgorithm = true, true
	var settings struct {
		Params struct {
			Initial  []string `json:"user_initial_policy_set"`
			Explicit bool     `json:"initial_explicit_policy"`
			Mapping  bool     `json:"initial_policy_mapping_inhibit"`
			Any      bool     `json:"initial_any_policy_inhibit"`
		} `json:"params"`
	}
	if err := json.NewDecoder(bytes.NewReader([]byte(row["settings"]))).Decode(&settings); err != nil {
		t.Fatal(err)
	}
	p := settings.Params
	b.policy = policyInput{Initial: p.Initial, Explicit: p.Explicit, InhibitMapping: p.Mapping, InhibitAny: p.Any}
	b.addAnchor(&anchor{Cert: parse("TrustAnchorRootCertificate.crt")})
	split := func(s string) []string {
		return strings.FieldsFunc(s, func(r rune) bool { return r == '|' })
	}
	for _, name := range split(row["other_certs"]) {
		b.addPool(parse(name))
	}
	leaf, err := parseCertificate(load(row["cert"]))
	if err != nil {
		return err
	}
	found, err := b.build(context.Background(), leaf)
	if err != nil {
		return err
	}
	if row["revocation"] == "False" {
		return nil
	}
	k := &checker{b: b, at: at, now: at}
	for _, name := range append(split(row["crls"]), "TrustAnchorRootCRL.crl") {
		l, err := parseCRL(load(name))
		if err != nil {
			t.Logf("%s: %v", name, err)
			continue
		}
		k.data = append(k.data, evidence{crl: l, origin: "embedded"})
	}
	for i, c := range found.Certs {
		if a := k.status(context.Background(), c, found.issuer(i), 0); a.state != stateGood {
			return &PathError{Reason: "revocation", Subject: c.Subject.text() + " " + a.detail}
		}
	}
	return nil
}
