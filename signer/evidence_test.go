package signer_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"ceralacca/signer"
	"ceralacca/signer/internal/cms"
	"ceralacca/signer/internal/pdf"
	"ceralacca/signer/internal/tsp"
	"ceralacca/signer/trust"
)

// archived is an ArchiveTimeStamp of RFC 4998: a token, and its tree of one group if there are leaves.
type archived struct {
	token  []byte
	leaves [][]byte
}

// evidenceRecord is an EvidenceRecord of one chain.
func evidenceRecord(stamps ...archived) []byte {
	var b cryptobyte.Builder
	seq := func(b *cryptobyte.Builder, f func(b *cryptobyte.Builder)) { b.AddASN1(asn1.SEQUENCE, f) }
	seq(&b, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		seq(b, func(b *cryptobyte.Builder) {
			seq(b, func(b *cryptobyte.Builder) { b.AddBytes([]byte{6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1}) })
		})
		seq(b, func(b *cryptobyte.Builder) {
			seq(b, func(b *cryptobyte.Builder) {
				for _, s := range stamps {
					seq(b, func(b *cryptobyte.Builder) {
						if len(s.leaves) > 0 {
							b.AddASN1(asn1.Tag(2).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
								seq(b, func(b *cryptobyte.Builder) {
									for _, l := range s.leaves {
										b.AddASN1OctetString(l)
									}
								})
							})
						}
						b.AddBytes(s.token)
					})
				}
			})
		})
	})
	return b.BytesOrPanic()
}

// preserve time-stamps the entries as the leaves of a tree.
func (s *services) preserve(t *testing.T, over ...entry) archived {
	t.Helper()
	var leaves [][]byte
	for _, e := range over {
		sum := sha256.Sum256(e.body)
		leaves = append(leaves, sum[:])
	}
	sorted := slices.SortedFunc(slices.Values(leaves), bytes.Compare)
	return archived{s.tokenOf(t, bytes.Join(sorted, nil)), leaves}
}

func (s *services) tokenOf(t *testing.T, content []byte) []byte {
	t.Helper()
	tok, err := tsp.Parse(s.stampOf(t, content))
	if err != nil {
		t.Fatal(err)
	}
	return tok.Raw
}

// A signature whose certificate has expired since stands on the evidence record of its container, if that is over it.
func TestEvidenceProvesTime(t *testing.T) {
	s, mime, data, list, sig := signedParts(t)
	const er = "META-INF/evidencerecord001.ers"
	const manifest = "META-INF/ASiCEvidenceRecordManifest001.xml"
	all := entry{manifest, listOf(er, data, list, sig)}
	first := s.preserve(t, data, list, sig)
	again := archived{s.tokenOf(t, first.token), nil}
	elsewhere := archived{s.tokenOf(t, []byte("something else")), nil}
	none := signer.SubIndication(trust.OutOfBoundsNoPOE)
	for _, c := range []struct {
		name   string
		record entry
		list   entry
		stamps []signer.Integrity
		want   signer.SubIndication
	}{
		{"one time-stamp", entry{er, evidenceRecord(first)}, all, []signer.Integrity{signer.Intact}, ""},
		{"renewed", entry{er, evidenceRecord(first, again)}, all, []signer.Integrity{signer.Intact, signer.Intact}, ""},
		{"renewal of something else", entry{er, evidenceRecord(first, elsewhere)}, all, []signer.Integrity{signer.Intact, signer.Broken}, ""},
		{"not over the signature", entry{er, evidenceRecord(s.preserve(t, data, list))}, all, []signer.Integrity{signer.Broken}, none},
		{"a manifest without the signature", entry{er, evidenceRecord(s.preserve(t, data, list))}, entry{manifest, listOf(er, data, list)}, []signer.Integrity{signer.Intact}, none},
		{"over something else", entry{er, evidenceRecord(elsewhere)}, all, []signer.Integrity{signer.Broken}, none},
		{"no record at all", entry{er, []byte("x")}, all, nil, none},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := offline()
			v.Now = func() time.Time { return now.AddDate(2, 0, 1) }
			var stamps []signer.Integrity
			r := verify(t, container(t, mime, data, list, sig, c.list, c.record), v)
			for _, g := range r.Signatures {
				switch {
				case g.Stamp == signer.StampEvidence:
					stamps = append(stamps, g.Integrity)
				case g.Stamp == "" && (g.SubIndication != c.want || g.Integrity != signer.Intact || g.Proven.Equal(now) != (c.want == "")):
					t.Errorf("%v %s, proven %v (%s)", g.Indication, g.SubIndication, g.Proven, codes(g))
				}
			}
			if !slices.Equal(stamps, c.stamps) || (c.stamps == nil) != slices.Contains(r.Notes, "evidence-unreadable") {
				t.Errorf("time-stamps %v, notes %v", stamps, r.Notes)
			}
		})
	}
}

// An evidence record in the signature of a PDF is over that signature and the bytes that it covers, and proves nothing of
// what stands outside.
func TestEvidenceInPDF(t *testing.T) {
	s := newServices(t)
	s.first, s.stamp = s.authority(t, 1, s.srv.URL+"/crl"), s.authority(t, 5)
	signed := sign(t, plainPDF(""), s.key(t), s.options(t, signer.PAdES, signer.LevelLT))
	s.first = nil
	none := signer.SubIndication(trust.OutOfBoundsNoPOE)
	for _, c := range []struct {
		name   string
		over   func(cms, covered []byte) []entry
		stamps []signer.Integrity
		want   signer.SubIndication
	}{
		{"signature and document", func(cms, covered []byte) []entry { return []entry{{"", cms}, {"", covered}} }, []signer.Integrity{signer.Intact}, ""},
		{"signature alone", func(cms, _ []byte) []entry { return []entry{{"", cms}} }, []signer.Integrity{signer.Broken}, none},
		{"another document", func(cms, _ []byte) []entry { return []entry{{"", cms}, {"", []byte("x")}} }, []signer.Integrity{signer.Broken}, none},
		{"none", nil, nil, none},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := signed
			if c.over != nil {
				file = s.preserveInPDF(t, signed, c.over)
			}
			v := offline()
			v.Now = func() time.Time { return now.AddDate(2, 0, 1) }
			var stamps []signer.Integrity
			for _, g := range verify(t, file, v).Signatures {
				switch {
				case g.Stamp == signer.StampEvidence:
					stamps = append(stamps, g.Integrity)
				case g.Format == signer.PAdES && (g.Integrity != signer.Intact || g.SubIndication != c.want):
					t.Errorf("%v %v %s, proven %v (%s)", g.Integrity, g.Indication, g.SubIndication, g.Proven, codes(g))
				}
			}
			if !slices.Equal(stamps, c.stamps) {
				t.Errorf("time-stamps %v", stamps)
			}
		})
	}
}

// preserveInPDF puts a record over what over chooses into the first signature of signed.
func (s *services) preserveInPDF(t *testing.T, signed []byte, over func(cms, covered []byte) []entry) []byte {
	t.Helper()
	before, rest, _ := bytes.Cut(signed, []byte("/Contents <"))
	hole, after, ok := bytes.Cut(rest, []byte(">"))
	if !ok {
		t.Fatal("no /Contents")
	}
	found, err := pdf.Scan(context.Background(), bytes.NewReader(signed), int64(len(signed)))
	if err != nil {
		t.Fatal(err)
	}
	covered, err := io.ReadAll(found.Signatures[0].Signed())
	if err != nil {
		t.Fatal(err)
	}
	sd, err := cms.ParseBytes(found.Signatures[0].Contents)
	if err != nil {
		t.Fatal(err)
	}
	bare := found.Signatures[0].Contents[:int64(len(found.Signatures[0].Contents))-sd.Trailing]
	record := evidenceRecord(s.preserve(t, over(bare, covered)...))
	info, err := sd.SignerInfos[0].WithUnsigned(cms.Attr{Type: cms.OIDEvidenceExternal, Values: [][]byte{record}})
	if err != nil {
		t.Fatal(err)
	}
	var der bytes.Buffer
	if err := sd.WriteWith(context.Background(), &der, [][]byte{info}); err != nil {
		t.Fatal(err)
	}
	if 2*der.Len() > len(hole) {
		t.Fatalf("%d bytes in a hole of %d", der.Len(), len(hole)/2)
	}
	full := append(hex.AppendEncode(nil, der.Bytes()), bytes.Repeat([]byte("0"), len(hole)-2*der.Len())...)
	return slices.Concat(before, []byte("/Contents <"), full, []byte(">"), after)
}

// A record that is a file of its own needs the documents that it is about, under whatever names.
func TestEvidenceFile(t *testing.T) {
	s := newServices(t)
	s.stamp = s.authority(t, 5)
	a, b := entry{"a.txt", []byte("uno")}, entry{"b.txt", []byte("due")}
	record := evidenceRecord(s.preserve(t, a, b))
	for _, c := range []struct {
		name  string
		given []entry
		want  signer.Integrity
		n     int
	}{
		{"nothing", nil, 0, 0},
		{"both", []entry{a, b}, signer.Intact, 1},
		{"one", []entry{b}, signer.Intact, 1},
		{"another", []entry{a, {"c.txt", []byte("tre")}}, signer.Broken, 1},
	} {
		v := offline()
		v.Contents = sections(c.given...)
		r := verify(t, record, v)
		if r.Format != signer.ERS || len(r.Signatures) != c.n || slices.Contains(r.Notes, "evidence-record") != (c.n == 0) {
			t.Fatalf("%s: format %v, %d entries, notes %v", c.name, r.Format, len(r.Signatures), r.Notes)
		}
		for _, g := range r.Signatures {
			if g.Integrity != c.want || (g.Indication == signer.TotalPassed) != (c.want == signer.Intact) {
				t.Errorf("%s: %v %v (%s)", c.name, g.Integrity, g.Indication, codes(g))
			}
		}
	}
}

// What the corpus has of evidence records, by the time-stamps in them.
func TestCorpusEvidence(t *testing.T) {
	dir := shared(t, "corpus", "files")
	const i, b, u = "intact ", "broken ", "unknown "
	for file, c := range map[string]struct{ contents, want string }{
		"er/ER-2Chains3ATS.ers": {"_content/ER-2Chains3ATS1.bin _content/ER-2Chains3ATS2.bin", i + i + i},
		"dss-xades/X-E-ERS-basic-chain-renewal-master-sig-not-found.xml": {"", i + i + b},
		"dss-xades/X-E-ERS-DETACHED-LT-chain-renewal.xml":                {"_content/sample.xml", i + i + i},
		"dss-xades/X-E-ERS-DETACHED-LT.xml":                              {"_content/sample.xml _content/sample.png", i},
		"dss-xades/X-E-ERS-basic-asn1.xml":                               {"", i},
		"dss-xades/X-E-ERS-two-parallel-ers.xml":                         {"", i + i},
		"dss-xades/X-E-ERS-two-parallel-ers-one-tst-invalid.xml":         {"", i + b},
		"dss-xades/XAdES-B_ER_Renewed_can.xml":                           {"", i + i},
		"dss-xades/XAdES-B_ER_Renewed_no_can.xml":                        {"", i + b},
		"dss-cades/C-E-ERS-parallel-ers.p7m":                             {"", i + i},
		"dss-cades/C-E-ERS-detached_renewed_hashtree.p7s":                {"_content/inline-Hello_World_.txt", i + i + i},
		"dss-cades/Double-C-E-ERS-basic.p7m":                             {"", i},
		"dss-cades/C-E-ERS-basic.p7m":                                    {"", i}, // over the BER that it had before
		"dss-cades/C-B-B-wrong-er-attribute.p7m":                         {"", u}, // external, of an attached signature
		"dss-cades/C-E-ERS-two-er-mixed.p7m":                             {"", i + u},
		"dss-cades/CAdEs-BpT+ER-without-reducedHashTree.p7m":             {"", i},
		"dss-asic/er-asn1-full-renewal.asics":                            {"", i + i + i},
		"dss-asic/er-asn1-incorrect-hash.asice":                          {"", i + b + b},
		"dss-asic/er-asn1-no-hashtree-full-renewal.sce":                  {"", i + i + i},
		"dss-asic/er-asn1-no-hashtree-wrong-digest.sce":                  {"", b},
		"dss-asic/er-multi-file-data-not-found.asice":                    {"", b},
		"dss-asic/er-no-hashtree-xml.sce":                                {"", i},
		"dss-asic/er-multi-files.sce":                                    {"", i},
	} {
		var given []entry
		for _, n := range strings.Fields(c.contents) {
			given = append(given, entry{filepath.Base(n), read(t, filepath.Join(dir, filepath.FromSlash(n)))})
		}
		got := ""
		for _, g := range verify(t, read(t, filepath.Join(dir, filepath.FromSlash(file))), signer.VerifyOptions{Contents: sections(given...)}).Signatures {
			if g.Stamp == signer.StampEvidence {
				got += [...]string{u, i, b}[g.Integrity]
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", file, got, c.want)
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sections are the entries as originals.
func sections(list ...entry) map[string]*io.SectionReader {
	all := map[string]*io.SectionReader{}
	for _, e := range list {
		all[e.name] = io.NewSectionReader(bytes.NewReader(e.body), 0, int64(len(e.body)))
	}
	return all
}

// A detached signature finds its original among several, and several originals are told apart by their names.
func TestOriginalAmongSeveral(t *testing.T) {
	content := []byte("Io sottoscritto")
	detached := sign(t, content, testPKI().key(t, "P-256", nil), signer.Options{Detached: true})
	mine, other := entry{"z.txt", content}, entry{"a.txt", []byte("altro")}
	for name, c := range map[string]struct {
		given []entry
		want  signer.Integrity
	}{
		"among others": {[]entry{other, mine}, signer.Intact}, "alone": {[]entry{mine}, signer.Intact},
		"not there": {[]entry{other, {"b.txt", nil}}, signer.Broken}, "none": {nil, signer.IntegrityUnknown},
	} {
		o := trusting()
		o.Contents = sections(c.given...)
		if g := verify(t, detached, o).Signatures[0]; g.Integrity != c.want {
			t.Errorf("%s: %v (%s)", name, g.Integrity, codes(g))
		}
	}
}
