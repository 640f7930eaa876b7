package signer_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ceralacca/signer"
	"ceralacca/signer/trust"
)

var (
	foreignDir  = flag.String("interop.foreign", "", "existing folder to leave in what EU DSS signs, with the table of both verdicts in matrix.md")
	foreignMake = flag.String("interop.make", "", "command that signs as .ci/interop/Make.java does, here with FOLDER and TSA")
)

// foreignKeys are the kinds of key that EU DSS signs with: a name for the files, the key of the authority, what EU DSS
// calls the way to sign, and what Java calls the key.
var foreignKeys = []struct{ name, key, scheme, java string }{
	{"RSA-2048", "RSA-2048", "RSA", "RSA"},
	{"RSA-2048-MGF1", "RSA-2048", "RSASSA_PSS", "RSA"},
	{"RSA-3072-PSS", "RSA-3072-PSS", "RSASSA_PSS", "RSA"},
	{"P-256", "P-256", "ECDSA", "EC"},
	{"P-384", "P-384", "ECDSA", "EC"},
	{"Ed25519", "Ed25519", "EDDSA", "Ed25519"},
}

// TestForeignFiles lets EU DSS sign XAdES in each packaging and both containers with XAdES and CAdES, at each level, with
// each kind of key, under an authority that answers, and holds our verdict to its own: indication, level and integrity.
// Both may ask the authority about a signature that does not carry the answers, as in life.
func TestForeignFiles(t *testing.T) {
	if *foreignMake == "" || *interopJudge == "" {
		t.Skip("without -interop.make and -interop.judge nobody else signs (make interop)")
	}
	dir := *foreignDir
	if dir == "" {
		dir = t.TempDir()
	}
	a := newAuthority(t)
	_, young, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a.keys["Ed25519"] = young
	made := a.foreign(t, dir)
	dss := newJudge(t, a)
	table := map[string]map[string][]string{}
	var forms []string
	for _, f := range made {
		part := strings.SplitN(f.name, "_", 3)
		ours, theirs := a.judgeForeign(t, dir, f), dss.judgeForeign(t, dir, f)
		cell := part[1]
		if fault := f.fault(part[1], ours, theirs); fault != "" {
			t.Errorf("%s: %s", f.name, fault)
			cell = "**" + part[1] + ": " + fault + "**"
		}
		if table[part[2]] == nil {
			table[part[2]] = map[string][]string{}
			forms = append(forms, part[2])
		}
		table[part[2]][part[0]] = append(table[part[2]][part[0]], cell)
	}
	if want := len(foreignKeys) * 4 * 8; len(made) != want {
		t.Errorf("EU DSS made %d files, want %d", len(made), want)
	}
	write(t, filepath.Join(dir, "matrix.md"), foreignTable(forms, table, len(made)))
}

// foreignFile is a signed file and, when the signature is detached, its original.
type foreignFile struct{ name, original string }

// foreign has EU DSS sign; what it could not make is an error of the test.
func (a *authority) foreign(t *testing.T, dir string) []foreignFile {
	t.Helper()
	write(t, filepath.Join(dir, "root.pem"), pemCert(a.root))
	write(t, filepath.Join(dir, "ca.pem"), pemCert(a.ca))
	write(t, filepath.Join(dir, "note.txt"), []byte("Io sottoscritto\r\n"))
	write(t, filepath.Join(dir, "page.xml"), []byte(`<?xml version="1.0" encoding="UTF-8"?>
<!-- prima -->
<p:fattura xmlns:p="urn:a" xmlns="urn:b" Id="radice" xml:lang="it"><riga n='1' p:n="2">è &lt; 3 &amp; "4"</riga>
	<vuota xmlns=""/><![CDATA[<x>]]>&#13;</p:fattura><?fine qui?>
`))
	var list bytes.Buffer
	for _, k := range foreignKeys {
		key := a.key(t, k.key)
		p8, err := x509.MarshalPKCS8PrivateKey(key.Signer.(crypto.PrivateKey))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, k.name+".p8"), p8)
		write(t, filepath.Join(dir, k.name+".pem"), pemCert(key.Chain[0]))
		list.WriteString(k.name + "\t" + k.scheme + "\t" + k.java + "\n")
	}
	cmd := exec.Command("sh", "-c", *foreignMake+` "$1" "$2"`, "make", dir, a.srv.URL+"/tsa")
	cmd.Stdin, cmd.Stderr = &list, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var made []foreignFile
	for line := range strings.Lines(string(out)) {
		switch f := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); f[0] {
		case "made":
			made = append(made, foreignFile{f[1], f[2]})
		case "fault":
			t.Errorf("EU DSS does not make %s: %s", f[1], f[2])
		}
	}
	return made
}

// foreignVerdict is what one of the two says of the one signature in a file, and of its time-stamps.
type foreignVerdict struct {
	signatures            int
	level                 string
	intact                bool
	outcome               outcome
	stamps, stampsPassing int
	said                  string // findings or errors, when it does not pass
}

// judgeForeign is our verdict.
func (a *authority) judgeForeign(t *testing.T, dir string, f foreignFile) (v foreignVerdict) {
	t.Helper()
	store, err := trust.Open(trust.Config{AllowLocal: true})
	if err != nil {
		t.Fatal(err)
	}
	o := signer.VerifyOptions{Trust: store, Anchors: []*x509.Certificate{a.root}, Now: time.Now}
	if f.original != "" {
		b := mustRead(t, filepath.Join(dir, f.original))
		o.Content, o.ContentSize = bytes.NewReader(b), int64(len(b))
	}
	for _, s := range verify(t, mustRead(t, filepath.Join(dir, f.name)), o).Signatures {
		if s.Format == signer.TST {
			v.stamps++
			if s.Indication == signer.TotalPassed {
				v.stampsPassing++
			}
			continue
		}
		v.signatures++
		v.level, v.intact, v.outcome = string(s.Level), s.Integrity == signer.Intact, outcomeOf(s)
		if v.outcome != "" {
			v.said = codes(s)
		}
	}
	return v
}

// judgeForeign is the verdict of EU DSS.
func (j *judge) judgeForeign(t *testing.T, dir string, f foreignFile) (v foreignVerdict) {
	t.Helper()
	original := ""
	if f.original != "" {
		original = filepath.Join(dir, f.original)
	}
	for _, r := range j.rows(t, filepath.Join(dir, f.name), original) {
		if r[0] == "err" {
			v.said = r[2]
		}
		if r[0] != "sig" || len(r) < 9 {
			continue
		}
		if strings.HasPrefix(r[4], "TST ") {
			v.stamps++
			if r[5] == "PASSED" {
				v.stampsPassing++
			}
			continue
		}
		v.signatures++
		_, level, _ := strings.Cut(r[4], "-BASELINE-")
		v.level, v.intact = "B-"+level, r[7] == "intact"
		if r[5] != "TOTAL_PASSED" {
			v.outcome, v.said = outcome(r[6]), r[8]
		}
	}
	return v
}

// fault is in what the verdicts differ from each other, or from what the file was made to be.
func (f foreignFile) fault(level string, ours, theirs foreignVerdict) string {
	want := foreignVerdict{signatures: 1, level: "B-" + level, intact: true, stamps: ours.stamps, stampsPassing: ours.stamps}
	if strings.HasPrefix(f.name, "Ed25519_") { // TS 119 312 V1.5.1 does not know it
		want.outcome = outcome(signer.CryptoConstraintsFailureNoPOE)
		ours.said, theirs.said = "", ""
	}
	if least := map[string]int{"B": 0, "T": 1, "LT": 1, "LTA": 2}[level]; ours.stamps != least {
		return fmt.Sprintf("%d time-stamps", ours.stamps)
	}
	switch {
	case theirs != want:
		return fmt.Sprintf("EU DSS: %+v", theirs)
	case ours != want:
		return fmt.Sprintf("we: %+v", ours)
	}
	return ""
}

func foreignTable(forms []string, table map[string]map[string][]string, files int) []byte {
	var b bytes.Buffer
	b.WriteString("# What EU DSS signs, as we and EU DSS judge it\n\nA level stands where both say intact, that level, TOTAL-PASSED of the signature and of " +
		"every time-stamp; of Ed25519, which TS 119 312 V1.5.1 does not know, INDETERMINATE, CRYPTO_CONSTRAINTS_FAILURE_NO_POE.\n\n| made by EU DSS |")
	for _, k := range foreignKeys {
		b.WriteString(" " + k.name + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(foreignKeys)) + "\n")
	for _, form := range forms {
		b.WriteString("| " + form + " |")
		for _, k := range foreignKeys {
			b.WriteString(" " + strings.Join(table[form][k.name], " ") + " |")
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "\n%d files.\n", files)
	return b.Bytes()
}
