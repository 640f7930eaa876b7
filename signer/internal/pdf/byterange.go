package pdf

import (
	"strconv"
)

const (
	citeByteRange = "ISO 32000-1 §12.8.1 table 252"
	citePAdES     = "ETSI EN 319 142-1 §6.3"
	citeUSF       = "Mladenov et al., 1 Trillion Dollar Refund, ACM CCS 2019, universal signature forgery"
	citeSWA       = "Mladenov et al., 1 Trillion Dollar Refund, ACM CCS 2019, signature wrapping"
	citeISA       = "Mladenov et al., 1 Trillion Dollar Refund, ACM CCS 2019, incremental saving"
)

// The codes of the published attacks. A finding with one of them always has Flag.
const (
	AttackUniversalForgery  = "attack-universal-signature-forgery"
	AttackSignatureWrapping = "attack-signature-wrapping"
	AttackIncrementalSaving = "attack-incremental-saving"
	AttackShadowHide        = "attack-shadow-hide"
	AttackShadowReplace     = "attack-shadow-replace"
	AttackShadowHideReplace = "attack-shadow-hide-and-replace"
	AttackEvilAnnotation    = "attack-evil-annotation"
	AttackSneakySignature   = "attack-sneaky-signature"
)

// byteRange reads /Contents and /ByteRange and holds them against each other and the file. Each violation has
// a code of its own; the segments stay usable as long as they lie inside the file, so that the mathematics can
// be told apart from the coverage.
func (f *file) byteRange(s *Signature, d dict) {
	f.readContents(s, d)
	f.readByteRange(s, d)
	// Room that was kept for a signature and never filled is long and its ByteRange is in order. Everything else
	// without a value is made to deceive, or as good as.
	if s.has("contents-empty") && (len(s.Findings) > 1 || len(s.contents.b) < minRoom) {
		s.find(true, AttackUniversalForgery, citeUSF)
	}
}

// minRoom is less than what any program keeps free for a signature with a certificate.
const minRoom = 512

func (f *file) readByteRange(s *Signature, d dict) {
	a, ok := f.resolve(d["ByteRange"]).(array)
	if !ok || len(a) == 0 {
		s.find(true, "byterange-missing", citeByteRange)
		s.find(true, AttackUniversalForgery, citeUSF)
		return
	}
	if _, direct := d["ByteRange"].(array); !direct {
		s.find(true, "byterange-indirect", citeByteRange)
	}
	for _, o := range a {
		n, ok := f.int(o)
		if !ok {
			s.find(true, "byterange-not-integers", citeByteRange)
			s.find(true, AttackUniversalForgery, citeUSF)
			return
		}
		s.ByteRange = append(s.ByteRange, n)
	}
	if !f.segments(s) {
		return
	}
	br := s.ByteRange
	if br[0] != 0 {
		s.find(true, "byterange-first-not-zero", citeByteRange)
	}
	if len(br) != 4 {
		s.find(true, "byterange-not-four", citePAdES, "count", strconv.Itoa(len(br)))
		return
	}
	f.gap(s)
	s.SignedEnd = br[2] + br[3]
	s.CoversWholeFile = br[0] == 0 && s.SignedEnd == f.src.size && s.contents.start == br[1] && s.contents.end == br[2]
	f.placeInRevisions(s)
}

// segments checks sign, order and end of every pair.
func (f *file) segments(s *Signature) bool {
	br := s.ByteRange
	if len(br)%2 != 0 || len(br) < 2 || len(br) > 64 {
		s.find(true, "byterange-not-four", citeByteRange, "count", strconv.Itoa(len(br)))
		s.find(true, AttackUniversalForgery, citeUSF)
		return false
	}
	var last int64
	var segs [][2]int64
	for i := 0; i < len(br); i += 2 {
		off, n := br[i], br[i+1]
		switch {
		case off < 0 || n < 0:
			s.find(true, "byterange-negative", citeByteRange)
			s.find(true, AttackUniversalForgery, citeUSF)
			return false
		case off > f.src.size:
			s.find(true, "byterange-past-eof", citeByteRange)
			return false
		case off < last:
			s.find(true, "byterange-overlap", citeByteRange)
			s.find(true, AttackSignatureWrapping, citeSWA)
			return false
		}
		if n > f.src.size-off { // other verifiers stop at the end, and the mathematics may hold that far
			s.find(true, "byterange-past-eof", citeByteRange)
			n = f.src.size - off
		}
		last = off + n
		segs = append(segs, [2]int64{off, n})
	}
	s.segments = segs
	return !s.has("byterange-past-eof")
}

// gap holds the hole of the ByteRange against the /Contents string: they must be the same bytes, delimiters
// included.
func (f *file) gap(s *Signature) {
	start, end := s.ByteRange[1], s.ByteRange[2]
	c := s.contents
	if c.end == 0 || c.start == start && c.end == end {
		return
	}
	s.find(true, "byterange-gap-not-contents", citePAdES,
		"gap", strconv.FormatInt(start, 10)+"-"+strconv.FormatInt(end, 10),
		"contents", strconv.FormatInt(c.start, 10)+"-"+strconv.FormatInt(c.end, 10))
	if c.start < start || c.end > end || end-start > c.end-c.start+64 {
		// Bytes that a reader parses are hidden in the hole, or the signed /Contents is not the one in use.
		s.find(true, AttackSignatureWrapping, citeSWA)
	}
}

func (f *file) readContents(s *Signature, d dict) {
	o, present := d["Contents"]
	c, isString := f.resolve(o).(str)
	switch {
	case !present || o == nil || !isString:
		s.find(true, "contents-missing", citeByteRange)
		s.find(true, AttackUniversalForgery, citeUSF)
		return
	case len(c.b) == 0 || allZero(c.b):
		s.find(true, "contents-empty", citeByteRange)
	case !c.hex:
		s.find(true, "contents-not-hex", citeByteRange)
	}
	if _, direct := o.(str); !direct {
		s.find(true, "contents-indirect", citeByteRange)
	}
	if c.end == 0 {
		s.find(true, "contents-in-object-stream", "ISO 32000-1 §7.5.7")
	}
	s.contents = c
	n := berLength(c.b)
	if n <= 0 {
		if !s.has("contents-empty") {
			s.find(true, "contents-not-ber", citeByteRange)
		}
		s.Contents = c.b
		return
	}
	s.Contents = c.b[:n]
	if !allZero(c.b[n:]) {
		s.find(false, "contents-padding-not-zero", citePAdES)
	}
}

// berLength is the length of the BER value that b begins with, or 0.
func berLength(b []byte) int {
	n, ok := berSkip(b, 0)
	if !ok {
		return 0
	}
	return n
}

func berSkip(b []byte, depth int) (int, bool) {
	if len(b) < 2 || depth > maxDepth {
		return 0, false
	}
	i := 1
	if b[0]&0x1f == 0x1f {
		for i < len(b) && b[i]&0x80 != 0 {
			i++
		}
		i++
	}
	if i >= len(b) {
		return 0, false
	}
	l := int(b[i])
	i++
	switch {
	case l < 0x80:
	case l == 0x80:
		for {
			if i+1 < len(b) && b[i] == 0 && b[i+1] == 0 {
				return i + 2, true
			}
			if i >= len(b) {
				return 0, false
			}
			n, ok := berSkip(b[i:], depth+1)
			if !ok {
				return 0, false
			}
			i += n
		}
	default:
		n := l & 0x7f
		if n > 4 || i+n > len(b) {
			return 0, false
		}
		l = 0
		for _, c := range b[i : i+n] {
			l = l<<8 | int(c)
		}
		i += n
	}
	if l > len(b)-i {
		return 0, false
	}
	return i + l, true
}

// placeInRevisions finds the revision that the ByteRange ends with.
func (f *file) placeInRevisions(s *Signature) {
	if s.SignedEnd == f.src.size {
		s.Revision = len(f.revisions())
		return
	}
	for i, end := range f.revisions() {
		if s.SignedEnd == end || s.SignedEnd < end && f.onlyEOL(s.SignedEnd, end) {
			s.Revision = i + 1
			return
		}
		if s.SignedEnd > end && f.onlySpace(end, s.SignedEnd) && s.SignedEnd-end < 64 {
			s.Revision = i + 1
			return
		}
	}
	if !f.repaired {
		s.find(true, "byterange-end-not-revision", citePAdES, "end", strconv.FormatInt(s.SignedEnd, 10))
	}
}

func (f *file) onlyEOL(a, b int64) bool { return b-a <= 2 && f.onlySpace(a, b) }

func (f *file) onlySpace(a, b int64) bool {
	for p := a; p < b; p++ {
		if c, ok := f.src.at(p); !ok || !isSpace(c) {
			return false
		}
	}
	return true
}

// shared flags two signatures that rest on the same bytes: one of them is a copy.
func (f *file) shared(out *Scanned) {
	byEnd := map[int64]int{}
	for i := range out.Signatures {
		s := &out.Signatures[i]
		if s.SignedEnd == 0 {
			continue
		}
		if j, ok := byEnd[s.SignedEnd]; ok {
			s.find(true, "byterange-shared", citePAdES)
			out.Signatures[j].find(true, "byterange-shared", citePAdES)
		}
		byEnd[s.SignedEnd] = i
	}
}
