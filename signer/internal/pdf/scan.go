package pdf

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"sort"
	"strings"
	"time"
)

// Type is what a signature dictionary is for.
type Type string

// The types.
const (
	Approval      Type = "approval"
	Certification Type = "certification" // an approval that carries DocMDP
	DocTimeStamp  Type = "doc-timestamp"
	UsageRights   Type = "usage-rights" // Adobe's reader extensions; says nothing about the author
)

// Scanned is all that a file says of its signatures.
type Scanned struct {
	// Signatures are in the order of the bytes they cover. Empty fields and usage rights are not among them.
	Signatures []Signature
	// EmptyFields names the signature fields without a value.
	EmptyFields []string
	// Strays are signature values that no field leads to. They count for nothing; one that was added after a
	// real signature is flagged.
	Strays []Signature
	// UsageRights are the signatures under /Perms /UR and /UR3.
	UsageRights []Signature
	// Revisions are the ends of the file's revisions, oldest first.
	Revisions []int64
	// Encrypted is true when the file is encrypted and opens without a password.
	Encrypted bool
	// Findings concern the file as a whole.
	Findings []Finding
	Size     int64
}

// Signature is one signature or document time-stamp.
type Signature struct {
	Field     string // full name of the field; empty for a value without a field
	Type      Type
	Filter    string
	SubFilter string

	// Contents is the DER or BER without its padding; nil when there is none.
	Contents []byte
	// Certs are the certificates of /Cert, which only adbe.x509.rsa_sha1 has.
	Certs [][]byte
	// ByteRange as written, valid only if no finding says otherwise.
	ByteRange []int64

	Claimed                             time.Time // /M, proves nothing
	Name, Reason, Location, ContactInfo string

	DocMDP   int       // 1, 2 or 3; 0 when the signature has none
	LockP    int       // likewise, what the lock dictionary of its field leaves to those after it (ISO 32000-2 table 236)
	FieldMDP *FieldMDP // the fields it locks; nil when it locks none

	// SignedEnd is where the signed revision ends in the file; 0 when the ByteRange does not tell.
	SignedEnd int64
	// Revision counts from 1; 0 when SignedEnd is not the end of a revision.
	Revision int
	// CoversWholeFile is true when no byte but /Contents lies outside the ByteRange.
	CoversWholeFile bool
	// Changes are what later revisions did to the signed one, allowed or not.
	Changes  []Change
	Findings []Finding

	src      io.ReaderAt
	segments [][2]int64 // offset and length
	contents str
	id       ref
}

// FieldMDP says which form fields a signature locks (ISO 32000-1 §12.8.2.4).
type FieldMDP struct {
	Action string // "All", "Include", "Exclude"
	Fields []string
}

// Locks tells whether the field of that full name is locked.
func (m *FieldMDP) Locks(field string) bool {
	if m == nil {
		return false
	}
	in := slices.ContainsFunc(m.Fields, func(f string) bool {
		return field == f || strings.HasPrefix(field, f+".")
	})
	switch m.Action {
	case "All":
		return true
	case "Include":
		return in
	case "Exclude":
		return !in
	}
	return false
}

// Finding is a fact by its stable code.
type Finding struct {
	Code string
	// Flag is true when the file must not be shown as validly signed and unmodified.
	Flag bool
	Cite string
	Args map[string]string
}

// Signed reads the bytes that the ByteRange covers; nil when it is unusable.
func (s *Signature) Signed() io.Reader {
	if len(s.segments) == 0 {
		return nil
	}
	rs := make([]io.Reader, len(s.segments))
	for i, g := range s.segments {
		rs[i] = io.NewSectionReader(s.src, g[0], g[1])
	}
	return io.MultiReader(rs...)
}

// SignedRevision is the file as it was when it was signed; nil when the ByteRange does not tell.
func (s *Signature) SignedRevision() *io.SectionReader {
	if s.SignedEnd == 0 {
		return nil
	}
	return io.NewSectionReader(s.src, 0, s.SignedEnd)
}

// Flagged tells whether any finding or change forbids to call the document validly signed and unmodified.
func (s *Signature) Flagged() bool {
	return slices.ContainsFunc(s.Findings, func(f Finding) bool { return f.Flag }) ||
		slices.ContainsFunc(s.Changes, func(c Change) bool { return !c.Allowed })
}

// Flagged tells whether any signature, or the file as a whole, is flagged.
func (s *Scanned) Flagged() bool {
	return slices.ContainsFunc(s.Findings, func(f Finding) bool { return f.Flag }) ||
		slices.ContainsFunc(s.Signatures, func(s Signature) bool { return s.Flagged() })
}

func (s *Signature) find(flag bool, code, cite string, args ...string) {
	for _, f := range s.Findings {
		if f.Code == code {
			return
		}
	}
	s.Findings = append(s.Findings, finding(flag, code, cite, args...))
}

func (s *Signature) has(code string) bool {
	return slices.ContainsFunc(s.Findings, func(f Finding) bool { return f.Code == code })
}

func finding(flag bool, code, cite string, args ...string) Finding {
	f := Finding{Code: code, Flag: flag, Cite: cite}
	for i := 0; i+1 < len(args); i += 2 {
		if f.Args == nil {
			f.Args = map[string]string{}
		}
		f.Args[args[i]] = args[i+1]
	}
	return f
}

// Scan finds every signature of the file, the bytes it covers and what was changed after it. It fails with an
// [*Error] when the file cannot be read as PDF and with ctx's error when that ends; never for a bad signature.
func Scan(ctx context.Context, r io.ReaderAt, size int64) (*Scanned, error) {
	f, err := open(ctx, r, size)
	if err != nil {
		return nil, err
	}
	out := &Scanned{Encrypted: f.crypt != nil, Size: size, Revisions: f.revisions()}
	if err := f.collect(ctx, out, true); err != nil {
		return nil, err
	}
	sort.SliceStable(out.Signatures, func(i, j int) bool {
		return out.Signatures[i].SignedEnd < out.Signatures[j].SignedEnd
	})
	f.shared(out)
	if len(out.Signatures) > 0 {
		if err := f.judgeChanges(ctx, out); err != nil {
			return nil, err
		}
	}
	f.fileFindings(out)
	if f.over {
		return nil, tooComplex("objects overlap too much")
	}
	if f.src.err != nil {
		return nil, &Error{Kind: Unreadable, Offset: -1, Err: f.src.err}
	}
	return out, nil
}

// fileFindings reports what had to be guessed and what lies behind the last revision.
func (f *file) fileFindings(out *Scanned) {
	whole := slices.ContainsFunc(out.Signatures, func(s Signature) bool { return s.CoversWholeFile })
	for _, d := range f.damage {
		// A damaged cross-reference lets two programs see two documents: never quietly a signed one, unless
		// the damage itself was signed.
		flag := len(out.Signatures) > 0 && !whole && (d == "xref-damaged" || d == "xref-loop" || d == "hybrid-stream-damaged")
		out.Findings = append(out.Findings, finding(flag, d, "ISO 32000-1 §7.5.4"))
	}
	for i := range out.Strays {
		// What was there when somebody signed is signed content; what came later claims to be a signature.
		at := out.Strays[i].contents.start
		later := slices.ContainsFunc(out.Signatures, func(s Signature) bool { return s.SignedEnd > 0 && at >= s.SignedEnd })
		out.Findings = append(out.Findings, finding(later, "signature-without-field", "ISO 32000-1 §12.7.4.5"))
	}
	if f.repaired || len(out.Revisions) == 0 {
		return
	}
	last := out.Revisions[len(out.Revisions)-1]
	if tail, objects := f.tail(last); tail {
		out.Findings = append(out.Findings, finding(objects && len(out.Signatures) > 0, "bytes-after-last-revision", "ISO 32000-1 §7.5.5"))
		if objects && len(out.Signatures) > 0 {
			out.Findings = append(out.Findings, finding(true, AttackIncrementalSaving, citeISA))
		}
	}
}

// tail tells whether anything but white space follows off, and whether it looks like PDF objects.
func (f *file) tail(off int64) (any, objects bool) {
	for p := off; p < f.src.size; p++ {
		if c, ok := f.src.at(p); !ok || !isSpace(c) {
			any = ok
			break
		}
	}
	if !any {
		return false, false
	}
	for num, e := range f.rescan() {
		if e.off >= off && num >= 0 {
			return true, true
		}
	}
	return true, false
}

// revisions are the ends of the revisions, oldest first. The first section of a linearized file is no revision
// of its own: the section it continues comes later in the file.
func (f *file) revisions() []int64 {
	var ends []int64
	for _, s := range f.sections {
		if s.end > 0 && (len(ends) == 0 || s.end < ends[len(ends)-1]) {
			ends = append(ends, s.end)
		} else if s.end > 0 && len(ends) > 0 && s.end > ends[len(ends)-1] {
			ends[len(ends)-1] = s.end
		}
	}
	slices.Reverse(ends)
	return ends
}

// collect finds the signatures by every way that leads to them, the stray ones too if all is set.
func (f *file) collect(ctx context.Context, out *Scanned, all bool) error {
	seen := map[int64]bool{} // by the offset of /Contents
	add := func(o object, field string, stray bool) error {
		if len(out.Signatures)+len(out.Strays) >= maxSignatures {
			return tooComplex("too many signatures")
		}
		s := f.signature(o, field)
		if s == nil || s.contents.start > 0 && seen[s.contents.start] {
			return nil
		}
		seen[s.contents.start] = s.contents.start > 0
		if stray {
			s.find(true, "signature-without-field", "ISO 32000-1 §12.7.4.5")
			out.Strays = append(out.Strays, *s)
			return nil
		}
		out.Signatures = append(out.Signatures, *s)
		return nil
	}
	root := f.dict(f.trailer["Root"])
	perms := f.dict(root["Perms"])
	for _, k := range []name{"UR", "UR3"} {
		if s := f.signature(perms[k], ""); s != nil {
			s.Type = UsageRights
			seen[s.contents.start] = s.contents.start > 0
			out.UsageRights = append(out.UsageRights, *s)
		}
	}
	for _, fd := range f.fields() {
		if fd.kind != "Sig" {
			continue
		}
		if f.empty(fd.value) {
			out.EmptyFields = append(out.EmptyFields, fd.full)
			continue
		}
		before := len(out.Signatures)
		if err := add(fd.value, fd.full, false); err != nil {
			return err
		}
		if len(out.Signatures) > before {
			out.Signatures[before].LockP = f.permissions(f.dict(fd.d["Lock"]))
		}
	}
	if f.dict(perms["DocMDP"]) != nil {
		if err := add(perms["DocMDP"], "", true); err != nil {
			return err
		}
	}
	if !all {
		return ctx.Err()
	}
	return f.strays(ctx, add)
}

// empty tells a signature field without a value, or with one that a preparing program left to be filled.
func (f *file) empty(v object) bool {
	d, ok := f.resolve(v).(dict)
	if !ok {
		return true
	}
	c, _ := f.resolve(d["Contents"]).(str)
	return c.hex && len(c.b) > 0 && allZero(c.b) && allZeroInts(f.array(d["ByteRange"]))
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

func allZeroInts(a array) bool {
	for _, o := range a {
		if n, ok := o.(int64); !ok || n != 0 {
			return false
		}
	}
	return true
}

// strays looks for signature values that no field leads to: widgets left out of /AcroForm /Fields first, then
// every object of the file.
func (f *file) strays(ctx context.Context, add func(object, string, bool) error) error {
	if len(f.entries) > maxScanAll {
		return nil
	}
	nums := make([]int, 0, len(f.entries))
	for n := range f.entries {
		nums = append(nums, n)
	}
	slices.Sort(nums)
	for i, n := range nums {
		if i%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		d, ok := f.load(n).obj.(dict)
		if !ok {
			continue
		}
		if v, ok := d["V"].(dict); ok && d["FT"] == name("Sig") && v["ByteRange"] != nil {
			if err := add(v, f.text(d["T"]), true); err != nil {
				return err
			}
		}
		if d["ByteRange"] != nil && d["Contents"] != nil && !f.empty(d) {
			if err := add(ref{num: n}, "", true); err != nil {
				return err
			}
		}
	}
	return nil
}

// signature reads a signature dictionary; nil when o is none.
func (f *file) signature(o object, field string) *Signature {
	d, ok := f.resolve(o).(dict)
	if !ok {
		return nil
	}
	s := &Signature{
		Field: field, Type: Approval, Filter: string(f.name(d["Filter"])), SubFilter: string(f.name(d["SubFilter"])),
		Claimed: parseDate(f.text(d["M"])), Name: f.text(d["Name"]), Reason: f.text(d["Reason"]),
		Location: f.text(d["Location"]), ContactInfo: f.text(d["ContactInfo"]), src: f.src.r,
	}
	if r, ok := o.(ref); ok {
		s.id = r
		if slices.ContainsFunc(f.load(r.num).dups, func(n name) bool { return n == "Contents" || n == "ByteRange" }) {
			s.find(true, "signature-dictionary-duplicate-key", "ISO 32000-1 §7.3.7")
		}
	}
	if f.name(d["Type"]) == "DocTimeStamp" || s.SubFilter == "ETSI.RFC3161" {
		s.Type = DocTimeStamp
	}
	for _, c := range asArray(f.resolve(d["Cert"])) {
		if b, ok := f.resolve(c).(str); ok {
			s.Certs = append(s.Certs, b.b)
		}
	}
	f.transforms(s, d)
	f.byteRange(s, d)
	return s
}

// transforms reads /Reference (ISO 32000-1 §12.8.1 table 253).
func (f *file) transforms(s *Signature, d dict) {
	for _, o := range f.array(d["Reference"]) {
		r := f.dict(o)
		p := f.dict(r["TransformParams"])
		switch f.name(r["TransformMethod"]) {
		case "DocMDP":
			s.DocMDP = cmp.Or(f.permissions(p), 2)
			if s.Type == Approval {
				s.Type = Certification
			}
		case "FieldMDP":
			s.FieldMDP = f.fieldMDP(p)
		case "UR", "UR3":
			s.Type = UsageRights
		}
	}
}

// permissions is /P of transform parameters or of a lock: 1, 2 or 3, and 0 without one that counts.
func (f *file) permissions(p dict) int {
	if n, ok := f.int(p["P"]); ok && n >= 1 && n <= 3 {
		return int(n)
	}
	return 0
}

func (f *file) fieldMDP(p dict) *FieldMDP {
	m := &FieldMDP{Action: string(f.name(p["Action"]))}
	for _, o := range f.array(p["Fields"]) {
		m.Fields = append(m.Fields, f.text(o))
	}
	return m
}

func asError(err error) *Error {
	var e *Error
	errors.As(err, &e)
	return e
}
