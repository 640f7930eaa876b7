package ers

import (
	"bytes"
	"crypto"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/asn1"
	"errors"
	"slices"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"ceralacca/signer/internal/cert"
	"ceralacca/signer/internal/cms"
)

var start = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// token is a time-stamp token that nobody signed.
func token(t testing.TB, h crypto.Hash, imprint []byte, year int) []byte {
	t.Helper()
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddBytes(cert.OID("1.2.3").DER())
		b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(cert.Algorithm{OID: cert.HashOID(h)}.DER())
			b.AddASN1OctetString(imprint)
		})
		b.AddASN1Int64(7)
		b.AddASN1GeneralizedTime(start.AddDate(year, 0, 0))
	})
	info := b.BytesOrPanic()
	var out bytes.Buffer
	e := cms.Envelope{ContentType: cms.OIDTSTInfo}
	if err := e.Write(t.Context(), &out, bytes.NewReader(info), int64(len(info))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// stamp is an ArchiveTimeStamp in DER.
func stamp(tok []byte, algorithm crypto.Hash, tree ...[][]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		if algorithm != 0 {
			b.AddASN1(tag(0), func(b *cryptobyte.Builder) { b.AddBytes(cert.HashOID(algorithm).DER()) })
		}
		if len(tree) > 0 {
			b.AddASN1(tag(2), func(b *cryptobyte.Builder) {
				for _, g := range tree {
					b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
						for _, d := range g {
							b.AddASN1OctetString(d)
						}
					})
				}
			})
		}
		b.AddBytes(tok)
	})
	return b.BytesOrPanic()
}

func sequence(parts ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, p := range parts {
			b.AddBytes(p)
		}
	})
	return b.BytesOrPanic()
}

// record is an EvidenceRecord in DER of chains of stamps.
func record(chains ...[][]byte) []byte {
	var all [][]byte
	for _, c := range chains {
		all = append(all, sequence(c...))
	}
	return sequence([]byte{2, 1, 1}, sequence(cert.Algorithm{OID: cert.HashOID(crypto.SHA256)}.DER()), sequence(all...))
}

func sum(h crypto.Hash, parts ...string) []byte {
	var b [][]byte
	for _, p := range parts {
		b = append(b, []byte(p))
	}
	return digest(h, b...)
}

func object(text string) Object {
	return func(h crypto.Hash, _ string) ([][]byte, error) { return [][]byte{sum(h, text)}, nil }
}

func root(h crypto.Hash, tree ...[][]byte) []byte {
	r, _ := fold(h, tree)
	return r
}

func TestCheck(t *testing.T) {
	const s256, s512 = crypto.SHA256, crypto.SHA512
	a, b, other := sum(s256, "a"), sum(s256, "b"), sum(s256, "other")
	pair := [][]byte{a, b}
	tree := [][][]byte{pair, {other}, {sum(s256, "x"), sum(s256, "y")}}
	first := stamp(token(t, s256, root(s256, tree...), 0), 0, tree...)
	firstToken := token(t, s256, root(s256, tree...), 0)
	renewedTree := [][][]byte{{sum(s256, string(firstToken)), other}}
	renewed := stamp(token(t, s256, root(s256, renewedTree...), 1), 0, renewedTree...)
	older := sequence(sequence(first, renewed))
	joined := func(text string) []byte { return digest(s512, sum(s512, text), digest(s512, older)) }
	newTree := [][][]byte{{joined("a"), joined("b")}, {sum(s512, "z")}}
	newer := stamp(token(t, s512, root(s512, newTree...), 2), s512, newTree...)
	both := []Object{object("a"), object("b")}
	nothing := func(crypto.Hash, string) ([][]byte, error) { return nil, errors.New("not at hand") }
	partly := func(h crypto.Hash, _ string) ([][]byte, error) {
		return [][]byte{sum(h, "c")}, errors.New("or another")
	}
	good := func(n int) []State { return slices.Repeat([]State{Good}, n) }
	for _, c := range []struct {
		name    string
		der     []byte
		objects []Object
		want    []State
		fault   string // of the last link that is not good
	}{
		{"tree", record([][]byte{first}), both, good(1), ""},
		{"one of a group", record([][]byte{first}), both[:1], good(1), ""},
		{"no tree", record([][]byte{stamp(token(t, s256, a, 0), 0)}), both[:1], good(1), ""},
		{"no tree, two documents", record([][]byte{stamp(token(t, s256, root(s256, pair), 0), 0)}), both, good(1), ""},
		{"time-stamp renewed", record([][]byte{first, renewed}), both, good(2), ""},
		{"time-stamp renewed without a tree", record([][]byte{first, stamp(token(t, s256, sum(s256, string(firstToken)), 1), 0)}), both, good(2), ""},
		{"tree renewed", record([][]byte{first, renewed}, [][]byte{newer}), both, good(3), ""},
		{"without documents", record([][]byte{first, renewed}), nil, []State{Unknown, Good}, "object"},
		{"a document not at hand", record([][]byte{first}), []Object{object("a"), nothing}, []State{Unknown}, "object"},
		{"a document that may have another form", record([][]byte{first}), []Object{partly}, []State{Unknown}, "object"},
		{"another document", record([][]byte{first}), []Object{object("c")}, []State{Bad}, "object"},
		{"a document too many", record([][]byte{first}), append(slices.Clone(both), object("c")), []State{Bad}, "object"},
		{"a document higher up in the tree", record([][]byte{first}), []Object{object("other")}, []State{Bad}, "object"},
		{"another document and no tree", record([][]byte{stamp(token(t, s256, a, 0), 0)}), both[1:], []State{Bad}, "object"},
		{"root not stamped", record([][]byte{stamp(token(t, s256, a, 0), 0, tree...)}), both, []State{Bad}, "tree"},
		{"renewal of another", record([][]byte{first, stamp(token(t, s256, other, 1), 0)}), both, []State{Good, Bad}, "previous"},
		{"renewal older than the first", record([][]byte{first, stamp(token(t, s256, sum(s256, string(firstToken)), -1), 0)}), both, []State{Good, Bad}, "order"},
		{"another hash within the chain", record([][]byte{first, stamp(token(t, s512, sum(s512, string(firstToken)), 1), 0)}), both, []State{Good, Bad}, "algorithm"},
		{"another hash stated", record([][]byte{stamp(token(t, s256, root(s256, tree...), 0), s512, tree...)}), both, []State{Bad}, "algorithm"},
		{"new tree over the documents alone", record([][]byte{first}, [][]byte{stamp(token(t, s512, sum(s512, "a"), 2), s512)}), both[:1], []State{Good, Bad}, "object"},
		{"digests cut anew", record([][]byte{stamp(token(t, s256, digest(s256, pair[0], pair[1]), 0), 0, [][]byte{slices.Concat(pair...)})}), nil, []State{Bad}, "tree"},
		{"empty group", record([][]byte{stamp(token(t, s256, a, 0), 0, [][]byte{})}), both[:1], []State{Bad}, "tree"},
		{"token of something else", record([][]byte{stamp(sequence([]byte{5, 0}), 0)}), both, []State{Bad}, "token"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := Parse(c.der)
			if err != nil {
				t.Fatal(err)
			}
			fault := ""
			links := r.Check(c.objects)
			var got []State
			for _, l := range links {
				if got = append(got, l.State); l.State != Good {
					fault = l.Fault
				}
			}
			if !slices.Equal(got, c.want) || fault != c.fault {
				t.Errorf("%v %q, want %v %q", got, fault, c.want, c.fault)
			}
			if !Sniff(c.der) {
				t.Error("not recognised")
			}
		})
	}
}

func TestOthers(t *testing.T) {
	pair := [][]byte{sum(crypto.SHA256, "a"), sum(crypto.SHA256, "b")}
	r, err := Parse(record([][]byte{stamp(token(t, crypto.SHA256, root(crypto.SHA256, pair), 0), 0, pair)}))
	if err != nil {
		t.Fatal(err)
	}
	if l := r.Check([]Object{object("a")})[0]; l.State != Good || l.Others != 1 {
		t.Errorf("%v with %d others", l.State, l.Others)
	}
}

func TestParseRefuses(t *testing.T) {
	ok := stamp(token(t, crypto.SHA256, sum(crypto.SHA256, "a"), 0), 0)
	for name, der := range map[string][]byte{
		"nothing": nil, "another version": sequence([]byte{2, 1, 2}, sequence(), sequence(sequence(ok))),
		"no chain": sequence([]byte{2, 1, 1}, sequence(), sequence()), "empty chain": record([][]byte{}),
		"trailing field": sequence([]byte{2, 1, 1}, sequence(), sequence(sequence(ok)), []byte{5, 0}),
		"tree of text":   record([][]byte{sequence([]byte{0xa2, 4, 0x30, 2, 12, 0}, ok)}), "cut": record([][]byte{ok})[:40],
	} {
		var s *SyntaxError
		if _, err := Parse(der); !errors.As(err, &s) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var l *LimitError
	if _, err := Parse(record(slices.Repeat([][]byte{ok}, MaxStamps+1))); !errors.As(err, &l) || l.What != "time-stamps" {
		t.Errorf("too many time-stamps: %v", err)
	}
	if _, err := Parse(record([][]byte{stamp(ok, 0, slices.Repeat([][][]byte{{}}, MaxGroups+1)...)})); !errors.As(err, &l) {
		t.Errorf("too many groups: %v", err)
	}
	for name, b := range map[string][]byte{"nothing": nil, "a certificate": {0x30, 0x82, 1, 0, 0x30, 0x80}, "a private key": {0x30, 9, 2, 1, 1, 4, 2, 0, 0, 5, 0}} {
		if Sniff(b) {
			t.Errorf("%s is taken for a record", name)
		}
	}
}

func FuzzParse(f *testing.F) {
	pair := [][]byte{sum(crypto.SHA256, "a"), sum(crypto.SHA256, "b")}
	tok := token(f, crypto.SHA256, root(crypto.SHA256, pair), 0)
	f.Add(record([][]byte{stamp(tok, 0, pair), stamp(token(f, crypto.SHA256, sum(crypto.SHA256, string(tok)), 1), 0)}))
	f.Add(record([][]byte{stamp(tok, crypto.SHA256, pair)}, [][]byte{stamp(token(f, crypto.SHA512, sum(crypto.SHA512, "x"), 2), 0)}))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Parse(b)
		if err != nil {
			return
		}
		for _, l := range r.Check([]Object{object("a"), object("b")}) {
			if l.State == Good && l.Fault != "" || l.State != Good && l.Fault == "" {
				t.Errorf("%v %q", l.State, l.Fault)
			}
		}
		var any asn1.RawValue
		if _, err := asn1.Unmarshal(b, &any); err == nil && any.Class != 0 {
			t.Error("no SEQUENCE and yet a record")
		}
	})
}
