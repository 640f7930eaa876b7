package pdf

import (
	"context"
	"encoding/hex"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// DefaultReserve is the room for a CMS with its chain and a signature time-stamp.
const DefaultReserve = 24 << 10

// Options choose what [Prepare] appends. The zero value, with Claimed set, makes an invisible PAdES signature
// in a new field.
type Options struct {
	// Field is the full name of the empty signature field to sign in. Without a name a new field is made, the first
	// free of "Signature1", "Signature2" …; where the file allows no new one, its only empty field is taken.
	Field string
	// Claimed is /M, the signing time as the signer says it. ETSI EN 319 142-1 §6.3 demands it.
	Claimed time.Time
	// Name, Reason, Location and ContactInfo are written when not empty.
	Name, Reason, Location, ContactInfo string
	// Stamped says that the CMS will have a signature time-stamp, which some fields demand.
	Stamped bool
	// TimeStamp makes a document time-stamp (ETSI EN 319 142-1 §5.5) instead of a signature.
	TimeStamp bool
	// Reserve is the room for the CMS in bytes; 0 means [DefaultReserve].
	Reserve int
	// Appearance makes the signature visible; nil leaves it invisible.
	Appearance *Appearance
}

// Update is a file with a revision appended. It can be read like a file, so that the next revision can be
// prepared on top of it before anything is written.
type Update struct {
	src        io.ReaderAt
	size       int64
	tail       []byte
	start, end int // the hole in tail, delimiters included
	field      string
	filled     bool
}

// Prepare computes the revision that holds a signature, without its CMS. It reads what it needs of r and keeps
// r for the methods of the Update. It refuses with a [*RefusalError].
func Prepare(ctx context.Context, r io.ReaderAt, size int64, o Options) (*Update, error) {
	f, err := openToAppend(ctx, r, size)
	if err != nil {
		return nil, err
	}
	p := &preparer{f: f, b: newBuilder(f), o: o}
	if p.o.Reserve <= 0 {
		p.o.Reserve = DefaultReserve
	}
	if err := p.run(ctx); err != nil {
		return nil, err
	}
	tail, err := p.b.finish()
	if err != nil {
		return nil, err
	}
	return &Update{src: r, size: size, tail: tail, start: p.b.holeStart, end: p.b.holeEnd, field: p.name}, nil
}

func openToAppend(ctx context.Context, r io.ReaderAt, size int64) (*file, error) {
	f, err := open(ctx, r, size)
	if err != nil {
		if e := asError(err); e != nil && e.Kind == Damaged {
			return nil, refuse(DamagedFile, e.Detail)
		}
		return nil, err
	}
	if f.repaired || slices.Contains(f.damage, "xref-loop") {
		return nil, refuse(DamagedFile, "cross-reference")
	}
	if f.base > 0 { // EU DSS does not know such a file for a PDF, and poppler counts its offsets otherwise
		return nil, refuse(DamagedFile, "bytes before the header")
	}
	if len(f.sections) >= maxSections { // one more could not be read back
		return nil, tooComplex("too many cross-reference sections")
	}
	if needs, _ := f.resolve(f.dict(f.trailer["Root"])["NeedsRendering"]).(bool); needs {
		return nil, refuse(DynamicForm, "")
	}
	if size > 9999999999-1<<30 {
		return nil, refuse(TooLarge, "")
	}
	return f, nil
}

// Field is the full name of the signature field.
func (u *Update) Field() string { return u.field }

// Size is the length of the whole new file.
func (u *Update) Size() int64 { return u.size + int64(len(u.tail)) }

// Signed reads the bytes to hash: everything but the hole for /Contents.
func (u *Update) Signed() io.Reader {
	return io.MultiReader(
		io.NewSectionReader(u.src, 0, u.size),
		&sliceReader{b: u.tail[:u.start]},
		&sliceReader{b: u.tail[u.end:]},
	)
}

type sliceReader struct{ b []byte }

func (s *sliceReader) Read(p []byte) (int, error) {
	if len(s.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.b)
	s.b = s.b[n:]
	return n, nil
}

// SetContents puts the CMS, in DER, into the hole and pads with zeros. What does not fit is refused with
// [ContentsTooLarge] and changes nothing: prepare again with a larger Reserve.
func (u *Update) SetContents(der []byte) error {
	room := (u.end - u.start - 2) / 2
	if u.end == 0 || len(der) > room {
		return &RefusalError{Reason: ContentsTooLarge, Need: len(der)}
	}
	hole := u.tail[u.start+1 : u.end-1]
	n := hex.Encode(hole, der)
	for i := n; i < len(hole); i++ {
		hole[i] = '0'
	}
	u.filled = true
	return nil
}

// WriteTo writes the original and then the revision. It keeps nothing of the original in memory.
func (u *Update) WriteTo(w io.Writer) (int64, error) {
	if u.end > 0 && !u.filled {
		return 0, &RefusalError{Reason: ContentsMissing}
	}
	n, err := io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{io.NewSectionReader(u.src, 0, u.size)}, make([]byte, 256<<10))
	if err == nil && n < u.size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return n, err
	}
	m, err := w.Write(u.tail)
	return n + int64(m), err
}

// Revision is the appended part alone. The caller must not change it.
func (u *Update) Revision() []byte { return u.tail }

// ReadAt reads the new file, original and revision.
func (u *Update) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	if off < u.size {
		var err error
		n, err = u.src.ReadAt(p[:min(int64(len(p)), u.size-off)], off)
		if n == len(p) || err != nil && off+int64(n) < u.size {
			return n, err
		}
	}
	at := off + int64(n) - u.size
	if at >= int64(len(u.tail)) {
		return n, io.EOF
	}
	n += copy(p[n:], u.tail[at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// preparer writes one signature.
type preparer struct {
	f    *file
	b    *builder
	o    Options
	name string

	catalog   ref
	sig       ref
	page      ref
	pageDict  dict
	inherited dict
	tags      bool // the document is tagged, and nobody has signed it
}

func (p *preparer) run(ctx context.Context) error {
	root, ok := p.f.trailer["Root"].(ref)
	if !ok {
		return refuse(DamagedFile, "catalog")
	}
	p.catalog = ref{root.num, p.f.gen(root.num)}
	target, err := p.allowed(ctx)
	if err != nil {
		return err
	}
	if err := p.choosePage(target); err != nil {
		return err
	}
	p.sig = p.b.alloc()
	d := p.signatureDict()
	if target != nil {
		p.name = target.full
		if err := p.fillField(target, d); err != nil {
			return err
		}
	} else if err := p.newField(); err != nil {
		return err
	}
	p.b.putSignature(p.sig, d, p.o.Reserve)
	return nil
}

// allowed looks for the field to use and for what forbids to sign.
func (p *preparer) allowed(ctx context.Context) (*field, error) {
	var sc Scanned
	if err := p.f.collect(ctx, &sc, false); err != nil {
		return nil, err
	}
	p.tags = len(sc.Signatures) == 0 && p.f.dict(p.f.dict(p.f.trailer["Root"])["StructTreeRoot"]) != nil
	for i := range sc.Signatures {
		// Time-stamps and validation data pass even at 1 (ISO 32000-2 table 257).
		if (sc.Signatures[i].DocMDP == 1 || sc.Signatures[i].LockP == 1) && !p.o.TimeStamp {
			return nil, refuse(DocMDPForbids, sc.Signatures[i].Field)
		}
	}
	fields := p.f.fields()
	locks := p.f.locks(&sc, fields)
	var target *field
	for i := range fields {
		fd := &fields[i]
		if p.o.Field == "" || fd.full != p.o.Field {
			continue
		}
		if no := p.mayFill(fd, locks); no != nil {
			return nil, no
		}
		target = fd
	}
	if target == nil && p.o.Field != "" {
		return nil, refuse(NoSuchField, p.o.Field)
	}
	p.name = freeName(fields)
	create, fill := p.permitted()
	switch {
	case target != nil && !fill:
		return nil, refuse(Permissions, "")
	case target != nil:
		return target, nil
	case !create:
		return p.onlyField(fields, locks, fill, refuse(Permissions, ""))
	case !p.o.TimeStamp && locked(locks, p.name):
		// A new field is a change of the form that a lock may forbid; EU DSS warns of it at the locking signature. A
		// time-stamp preserves what is there and passes, as it does under DocMDP.
		return p.onlyField(fields, locks, fill, refuse(FieldLocked, p.name))
	}
	return nil, nil
}

// permitted tells whether fields may be made, and whether they may be filled. ISO 32000-1 table 22 wants bit 6 with
// bit 4 to create them, bit 6 or 9 to fill them.
func (p *preparer) permitted() (create, fill bool) {
	c := p.f.crypt
	if c == nil {
		return true, true
	}
	create = c.perms&(1<<3) != 0 && c.perms&(1<<5) != 0
	return create, c.perms&(1<<5) != 0 || c.perms&(1<<8) != 0
}

// onlyField is the one empty field of a file that takes no new one. Among several the signer must choose; without any,
// no says why. A time-stamp is nobody's signature and takes no field that waits for one.
func (p *preparer) onlyField(fields []field, locks []*FieldMDP, fill bool, no *RefusalError) (*field, error) {
	var open []*field
	for i := range fields {
		if fill && !p.o.TimeStamp && p.mayFill(&fields[i], locks) == nil {
			open = append(open, &fields[i])
		}
	}
	switch len(open) {
	case 0:
		return nil, no
	case 1:
		return open[0], nil
	}
	return nil, refuse(NeedsField, string(no.Reason))
}

// mayFill refuses a field that cannot take the signature.
func (p *preparer) mayFill(fd *field, locks []*FieldMDP) *RefusalError {
	switch {
	case fd.kind != "Sig":
		return refuse(FieldNotSignature, fd.full)
	case p.f.resolve(fd.value) != nil:
		return refuse(FieldSigned, fd.full)
	}
	if locked(locks, fd.full) {
		return refuse(FieldLocked, fd.full)
	}
	return p.seedValue(fd)
}

// locks are what earlier signatures lock: by FieldMDP, and by the /Lock of their fields, which some programs leave at
// that (ISO 32000-1 table 233).
func (f *file) locks(sc *Scanned, fields []field) []*FieldMDP {
	var out []*FieldMDP
	for i := range sc.Signatures {
		out = append(out, sc.Signatures[i].FieldMDP)
	}
	for i := range fields {
		if lock := f.dict(fields[i].d["Lock"]); lock != nil && fields[i].kind == "Sig" && f.resolve(fields[i].value) != nil {
			out = append(out, f.fieldMDP(lock))
		}
	}
	return out
}

func locked(locks []*FieldMDP, full string) bool {
	return slices.ContainsFunc(locks, func(m *FieldMDP) bool { return m.Locks(full) })
}

func freeName(fields []field) string {
	used := map[string]bool{}
	for _, fd := range fields {
		root, _, _ := strings.Cut(fd.full, ".") // the name of a group of fields is taken too
		used[root] = true
	}
	for i := 1; ; i++ {
		if n := "Signature" + strconv.Itoa(i); !used[n] {
			return n
		}
	}
}

func (p *preparer) subFilter() name {
	if p.o.TimeStamp {
		return "ETSI.RFC3161"
	}
	return "ETSI.CAdES.detached"
}

// signatureDict is the dictionary without /ByteRange and /Contents (ETSI EN 319 142-1 §6.3): no /Cert, and for
// a time-stamp no time but its own.
func (p *preparer) signatureDict() dict {
	d := dict{"Type": name("Sig"), "Filter": name("Adobe.PPKLite"), "SubFilter": p.subFilter()}
	if p.o.TimeStamp {
		d["Type"] = name("DocTimeStamp")
		return d
	}
	if !p.o.Claimed.IsZero() {
		d["M"] = str{b: []byte(formatDate(p.o.Claimed))}
	}
	for k, v := range map[name]string{
		"Name": p.o.Name, "Reason": p.o.Reason, "Location": p.o.Location, "ContactInfo": p.o.ContactInfo,
	} {
		if v != "" {
			d[k] = str{b: encodeText(v)}
		}
	}
	return d
}

func (f *file) gen(num int) int {
	if e := f.entries[num]; e.kind == 'n' {
		return e.gen
	}
	return 0
}

func clone(d dict) dict {
	c := maps.Clone(d)
	if c == nil {
		c = dict{}
	}
	return c
}
