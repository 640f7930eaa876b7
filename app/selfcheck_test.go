package app

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"ceralacca/signer"
)

// withoutEarlier takes every earlier signature for one that stands, in whatever order, and none for a worse one.
func TestWithoutEarlier(t *testing.T) {
	when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	one := func(der byte, change func(*signer.Signature)) signer.Signature {
		s := signer.Signature{
			Format: signer.CAdES, Claimed: when, Integrity: signer.Intact, Indication: signer.Indeterminate,
			Signer: &signer.Certificate{DER: []byte{der}},
		}
		if change != nil {
			change(&s)
		}
		return s
	}
	own := one(9, nil)
	passed := func(s *signer.Signature) { s.Indication = signer.TotalPassed }
	failed := func(s *signer.Signature) { s.Indication = signer.TotalFailed }
	broken := func(s *signer.Signature) { s.Integrity = signer.Broken }
	nobody := func(s *signer.Signature) { s.Signer = nil }
	list := func(s ...signer.Signature) []signer.Signature { return s }
	for _, tt := range []struct {
		name          string
		before, after []signer.Signature
		bad           bool
	}{
		{"first", nil, list(own), false},
		{"same order", list(one(1, nil), one(2, nil)), list(one(1, nil), one(2, nil), own), false},
		{"other order", list(one(1, nil), one(2, nil)), list(own, one(2, nil), one(1, nil)), false},
		{"better verdict", list(one(1, nil)), list(one(1, passed), own), false},
		{"still broken", list(one(1, broken)), list(one(1, broken), own), false},
		{"still nobody's", list(one(1, nobody)), list(one(1, nobody), own), false},
		{"the same person twice", list(own, one(1, nil)), list(own, own, one(1, nil)), false},
		{"gone", list(one(1, nil), one(2, nil)), list(one(1, nil), own), true},
		{"broken", list(one(1, nil)), list(one(1, broken), own), true},
		{"worse verdict", list(one(1, passed)), list(one(1, nil), own), true},
		{"failed", list(one(1, nil)), list(one(1, failed), own), true},
		{"other time", list(one(1, nil)), list(one(1, func(s *signer.Signature) { s.Claimed = when.Add(1) }), own), true},
		{"other signer", list(one(1, nil)), list(one(2, nil), own), true},
		{"two became one", list(own, own), list(own, one(1, nil)), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rest, err := withoutEarlier(tt.before, tt.after, nil)
			if tt.bad != errors.Is(err, errEarlier) {
				t.Fatal(err)
			}
			if !tt.bad && (len(rest) != 1 || rest[0].Signer.DER[0] != 9) {
				t.Errorf("%d are new", len(rest))
			}
		})
	}
}

// Who gives up an archive time-stamp or an evidence record loses that, with what was valid on its proof, and no more.
func TestWithoutEarlierLosing(t *testing.T) {
	one := func(s signer.Stamp, x signer.Integrity, i signer.Indication) signer.Signature {
		return signer.Signature{Stamp: s, Integrity: x, Indication: i, Signer: &signer.Certificate{DER: []byte{1}}}
	}
	whole, broken := signer.Intact, signer.Broken
	passed, unsure, failed := signer.TotalPassed, signer.Indeterminate, signer.TotalFailed
	archive, evidence := signer.StampArchive, signer.StampEvidence
	list := func(s ...signer.Signature) []signer.Signature { return s }
	for _, tt := range []struct {
		name          string
		before, after []signer.Signature
		lost          signer.ArchivedError
		bad           bool
	}{
		{"archive time-stamp", list(one(archive, whole, passed)), list(one(archive, broken, failed)), signer.ArchivedError{Stamps: 1}, false},
		{"evidence record of two time-stamps", list(one(evidence, whole, passed), one(evidence, whole, passed)), list(one(evidence, broken, failed), one(evidence, broken, failed)), signer.ArchivedError{Records: 1}, false},
		{"validity that stood on it", list(one("", whole, passed)), list(one("", whole, unsure)), signer.ArchivedError{Stamps: 1}, false},
		{"nothing was named", list(one(archive, whole, passed)), list(one(archive, broken, failed)), signer.ArchivedError{}, true},
		{"record for a time-stamp", list(one(archive, whole, passed)), list(one(archive, broken, failed)), signer.ArchivedError{Records: 1}, true},
		{"time-stamp for a record", list(one(evidence, whole, passed)), list(one(evidence, broken, failed)), signer.ArchivedError{Stamps: 1}, true},
		{"two for one", list(one(archive, whole, passed), one(archive, whole, passed)), list(one(archive, broken, failed), one(archive, broken, failed)), signer.ArchivedError{Stamps: 1}, true},
		{"one of two", list(one(archive, whole, passed), one(archive, whole, passed)), list(one(archive, broken, failed), one(archive, whole, passed)), signer.ArchivedError{Stamps: 1}, false},
		{"the signature too", list(one("", whole, passed)), list(one("", broken, failed)), signer.ArchivedError{Stamps: 1, Records: 1}, true},
		{"the signature failed", list(one("", whole, passed)), list(one("", whole, failed)), signer.ArchivedError{Stamps: 1, Records: 1}, true},
		{"its time-stamp too", list(one(signer.StampSignature, whole, passed)), list(one(signer.StampSignature, broken, failed)), signer.ArchivedError{Stamps: 1, Records: 1}, true},
		{"it is gone", list(one(archive, whole, passed)), nil, signer.ArchivedError{Stamps: 1}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if rest, err := withoutEarlier(tt.before, tt.after, &tt.lost); tt.bad != errors.Is(err, errEarlier) || len(rest) != 0 {
				t.Errorf("%v, %d are new", err, len(rest))
			}
		})
	}
}

// The bytes of the original, all of them and no others, pass the comparison.
func TestComparer(t *testing.T) {
	for _, tt := range []struct {
		original, written string
		same              bool
	}{{"abc", "abc", true}, {"", "", true}, {"abc", "abd", false}, {"abc", "ab", false}, {"ab", "abc", false}} {
		t.Run(fmt.Sprint(tt), func(t *testing.T) {
			c := &comparer{r: bytes.NewReader([]byte(tt.original)), h: sha256.New()}
			_, err := c.Write([]byte(tt.written))
			if err == nil {
				err = c.atEnd()
			}
			if (err == nil) != tt.same || err != nil && !errors.Is(err, signer.ErrChanged) {
				t.Error(err)
			}
		})
	}
}
