package asic

import (
	"archive/zip"
	"context"
	"crypto"
	"errors"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"

	"ceralacca/signer/internal/xmlsig"
)

// Kind is the form of a container.
type Kind int

// The kinds.
const (
	Other    Kind = iota // a ZIP with a META-INF that signs, such as ODF, but not ASiC by its mimetype
	Simple               // ASiC-S, EN 319 162-1 §4.3: one data object
	Extended             // ASiC-E, §4.4
)

// OpenDocument tells an office document (ODF 1.2 part 3) by its mimetype.
func (c *Container) OpenDocument() bool {
	return strings.HasPrefix(c.MIME, "application/vnd.oasis.opendocument.")
}

// The media types of EN 319 162-1 §A.1.
const (
	MIMESimple   = "application/vnd.etsi.asic-s+zip"
	MIMEExtended = "application/vnd.etsi.asic-e+zip"
)

// Severity orders findings; its values are those of the signer's report.
type Severity int

// The severities.
const (
	Info Severity = iota
	Warning
	Error
)

// Finding is a deviation from the format, by the codes of the package comment.
type Finding struct {
	Code     string
	Severity Severity
	Name     string // of the entry, if it is about one
	Err      error
}

// PartKind is what a file of META-INF is.
type PartKind int

// The kinds of part.
const (
	XAdES PartKind = iota
	CAdES
	TimeStamp      // RFC 3161 token
	EvidenceRecord // RFC 4998 or RFC 6283
)

// Part is a file of META-INF that signs, time-stamps or preserves.
type Part struct {
	Name  string
	Kind  PartKind
	Bytes []byte
	Err   error // why Bytes could not be read
	// Content names the entry that a CAdES signature, a time-stamp or an evidence record is over: the data object or
	// a manifest. It is empty for XAdES, which names its own, and where the container does not tell.
	Content string
	// Manifest is Content read, when it is a manifest.
	Manifest *xmlsig.ASiCManifest
}

// Object is a file that the container carries.
type Object struct {
	Name string
	Size uint64
	// Safe is false when the name must not be used to write a file.
	Safe bool
}

// Container is an open container. It reads from the file it was opened on, which must stay open.
type Container struct {
	Kind     Kind
	MIME     string // content of the mimetype file
	Comment  string // of the ZIP file
	Objects  []Object
	Parts    []Part
	Findings []Finding

	a         *archive
	manifests []manifest
	digests   map[digestKey][]byte
	packing   bool // META-INF/manifest.xml or a manifest of ASiC is there
}

type manifest struct {
	name string
	m    *xmlsig.ASiCManifest
}

// Open reads the directory, the signatures and the manifests of a container, computing the digests of the
// manifests. Errors are a [*FormatError] or a [*LimitError], or that of the context.
func Open(ctx context.Context, r io.ReaderAt, size int64, lim Limits) (*Container, error) {
	a, err := readArchive(r, size, lim)
	if err != nil {
		return nil, err
	}
	c := &Container{a: a, Comment: a.comment, digests: map[digestKey][]byte{}}
	c.Findings = a.layout()
	c.readMIME()
	if err := c.sort(ctx); err != nil {
		return nil, err
	}
	c.guessKind()
	c.assign()
	c.rules()
	return c, nil
}

func (c *Container) find(code string, sev Severity, name string, err error) {
	c.Findings = append(c.Findings, Finding{code, sev, name, err})
}

const mimetypeName = "mimetype"

// readMIME holds EN 319 162-1 §A.1: first entry, stored, without extra field, so that the type stands at byte 38.
func (c *Container) readMIME() {
	files := c.a.byName[mimetypeName]
	if len(files) == 0 {
		c.find("mimetype-missing", Info, "", nil)
		return
	}
	f := files[0]
	if c.a.files[0] != f {
		c.find("mimetype-not-first", Info, "", nil)
	}
	if f.Method != zip.Store {
		c.find("mimetype-compressed", Info, "", nil)
	}
	if len(f.Extra) > 0 {
		c.find("mimetype-extra-field", Info, "", nil)
	}
	b, err := c.a.part(f)
	if err != nil || len(b) > 256 {
		c.find("mimetype-unknown", Warning, "", err)
		return
	}
	c.MIME = strings.TrimSpace(string(b))
}

// sort tells data objects, signatures and manifests apart by name (EN 319 162-1 §4.3.3 and §4.4.3).
func (c *Container) sort(ctx context.Context) error {
	for _, f := range c.a.files {
		if err := ctx.Err(); err != nil {
			return err
		}
		same := c.a.byName[f.Name]
		if len(same) > 1 {
			if same[0] == f {
				c.find("duplicate-entry", Error, f.Name, nil)
			}
			if same[0] != f {
				continue
			}
		}
		if f.Flags&1 != 0 {
			c.find("encrypted-entry", Warning, f.Name, nil)
		}
		switch {
		case leads(f.Name):
			c.find("unsafe-name", Error, f.Name, nil)
		case !safe(f.Name):
			c.find("unsafe-name", Warning, f.Name, nil)
		}
		base := path.Base(f.Name)
		// The Lithuanian ADOC, an ASiC-E by its references, has META-INF/signatures/signatures0.xml.
		inner, isMeta := strings.CutPrefix(f.Name, "META-INF/")
		switch {
		case strings.HasSuffix(f.Name, "/") || f.Name == mimetypeName:
		case !isMeta:
			c.Objects = append(c.Objects, Object{f.Name, f.UncompressedSize64, safe(f.Name)})
		case inner == "manifest.xml":
			c.packing = true
		case isManifest(base):
			c.packing = true
			if err := c.readManifest(ctx, f); err != nil {
				return err
			}
		default:
			c.addPart(f, inner)
		}
	}
	return nil
}

func isManifest(base string) bool {
	return strings.HasPrefix(base, "ASiC") && strings.Contains(base, "Manifest") && strings.HasSuffix(base, ".xml")
}

func (c *Container) addPart(f *zip.File, inner string) {
	lower := strings.ToLower(inner)
	var kind PartKind
	switch {
	case strings.HasSuffix(lower, ".xml") && strings.Contains(lower, "signature"):
		kind = XAdES
	case strings.HasSuffix(lower, ".p7s") && strings.Contains(lower, "signature"):
		kind = CAdES
	case strings.HasSuffix(lower, ".tst") && strings.Contains(lower, "timestamp"):
		kind = TimeStamp
	case strings.Contains(lower, "evidencerecord") && (strings.HasSuffix(lower, ".xml") || strings.HasSuffix(lower, ".ers")):
		kind = EvidenceRecord
	default:
		return
	}
	p := Part{Name: f.Name, Kind: kind}
	if len(c.a.byName[f.Name]) > 1 {
		p.Err = &EntryError{Name: f.Name, Reason: "duplicate"}
	} else {
		p.Bytes, p.Err = c.a.part(f)
	}
	c.Parts = append(c.Parts, p)
}

func (c *Container) readManifest(ctx context.Context, f *zip.File) error {
	b, err := c.a.part(f)
	if err == nil {
		var m *xmlsig.ASiCManifest
		if m, err = xmlsig.ReadManifest(ctx, b, c.digest, xmlsig.Limits{Bytes: int(c.a.lim.Part)}); err == nil {
			c.manifests = append(c.manifests, manifest{f.Name, m})
			return nil
		}
	}
	if e := ctx.Err(); e != nil {
		return e
	}
	c.find("manifest-unreadable", Error, f.Name, err)
	return nil
}

// guessKind goes by the mimetype, then by the ZIP comment that repeats it, then by what the container holds.
func (c *Container) guessKind() {
	for _, m := range []string{c.MIME, strings.TrimPrefix(strings.TrimSpace(c.Comment), "mimetype=")} {
		switch m {
		case MIMESimple:
			c.Kind = Simple
			return
		case MIMEExtended:
			c.Kind = Extended
			return
		}
	}
	if c.MIME != "" {
		c.find("mimetype-unknown", Info, "", nil)
		return
	}
	switch {
	case len(c.Parts) == 0:
	case len(c.Objects) == 1 && len(c.manifests) == 0:
		c.Kind = Simple
	default:
		c.Kind = Extended
	}
}

// assign tells what each CAdES signature, time-stamp or evidence record is over. The record of an ASiC-S is over the data
// object itself (EN 319 162-1 §4.3.3.2), whatever a manifest beside it lists.
func (c *Container) assign() {
	for i := range c.Parts {
		p := &c.Parts[i]
		if p.Kind == XAdES {
			continue
		}
		for _, m := range c.manifests {
			if p.Kind == EvidenceRecord && c.Kind == Simple && len(c.Objects) == 1 {
				break
			}
			if name, ok := entryName(m.m.SigURI); ok && name == p.Name {
				p.Content, p.Manifest = m.name, m.m
				break
			}
		}
		if p.Manifest == nil && len(c.Objects) == 1 {
			p.Content = c.Objects[0].Name
		}
		if p.Content == "" || p.Manifest == nil && c.Kind == Extended {
			c.find("manifest-missing", Warning, p.Name, nil)
		}
	}
}

func (c *Container) rules() {
	if len(c.Parts) == 0 {
		c.find("no-signature", Info, "", nil)
	}
	switch {
	case len(c.Objects) == 0:
		c.find("no-data-object", Warning, "", nil)
	case c.Kind == Simple && len(c.Objects) > 1:
		c.find("several-data-objects", Error, "", nil)
	}
}

// FormError is a fault of form for which EU DSS fails the signatures of a container whatever they are worth, by the
// code of a finding.
type FormError string

func (e FormError) Error() string { return string(e) }

// Malformed tells with a [FormError] when the container is none for p: an ASiC-S without exactly one file in its root,
// an ASiC-E without any, or one that does not list its files where the signature p needs the list.
func (c *Container) Malformed(p Part) error {
	root := 0
	for _, o := range c.Objects {
		if !strings.Contains(o.Name, "/") {
			root++
		}
	}
	switch {
	case c.Kind == Other, p.Kind != XAdES && p.Kind != CAdES:
	case len(c.Objects) == 0:
		return FormError("no-data-object")
	case c.Kind == Simple && root == 0:
		return FormError("data-object-in-folder")
	case c.Kind == Simple && root > 1:
		return FormError("several-data-objects")
	case c.Kind == Extended && p.Kind == XAdES && !c.packing, c.Kind == Extended && p.Kind == CAdES && p.Manifest == nil:
		return FormError("manifest-missing")
	}
	return nil
}

// entryName turns the URI of a reference into the name of an entry: percent-encoding undone, relative to the root
// of the container.
func entryName(uri string) (string, bool) {
	name, err := url.PathUnescape(strings.TrimPrefix(uri, "/"))
	if err != nil || name == "" {
		return "", false
	}
	return strings.TrimPrefix(name, "./"), true
}

// EntryName returns the name of the entry that a reference in a signature leads to. Makers differ in what they
// encode, so the URI as it stands is tried as well; it must lead to exactly one name.
func (c *Container) EntryName(uri string) (string, error) {
	var found []string
	for _, name := range candidates(uri) {
		if len(c.a.byName[name]) > 0 && !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	switch {
	case len(found) == 0:
		return "", &EntryError{Name: uri, Reason: "missing"}
	case len(found) > 1:
		return "", &EntryError{Name: uri, Reason: "duplicate"}
	}
	return found[0], nil
}

func candidates(uri string) []string {
	out := []string{uri}
	if name, ok := entryName(uri); ok {
		out = append(out, name)
	}
	return out
}

// Resolve opens what a reference of an XAdES signature names; it is a [xmlsig.Resolver]. In an ASiC-S container a
// reference without a URI means the data object, and so does one by another name: there is only one file that it can
// be, as for DSS, and its digest tells.
func (c *Container) Resolve(_ context.Context, uri string) (io.ReadCloser, error) {
	if uri == "" && c.Kind != Extended && len(c.Objects) == 1 {
		return c.OpenFile(c.Objects[0].Name)
	}
	name, err := c.target(uri)
	if err != nil {
		return nil, err
	}
	return c.OpenFile(name)
}

// digest computes the digest of the entry that a manifest names, each once: any number of manifests may list it any number
// of times, in as many spellings.
func (c *Container) digest(ctx context.Context, uri string, h crypto.Hash) ([]byte, error) {
	name, err := c.target(uri)
	if err != nil {
		return nil, err
	}
	key := digestKey{name, h}
	if known, ok := c.digests[key]; ok {
		return known, nil
	}
	r, err := c.OpenFile(name)
	if err != nil {
		return nil, err
	}
	sum := h.New()
	_, err = io.Copy(sum, reader{ctx, r})
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, err
	}
	c.digests[key] = sum.Sum(nil)
	return c.digests[key], nil
}

type digestKey struct {
	name string
	h    crypto.Hash
}

// reader ends with its context.
type reader struct {
	ctx context.Context //nolint:containedctx // lives no longer than the call it was given to
	io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// target is EntryName, and in an ASiC-S container its data object for a name that leads nowhere.
func (c *Container) target(uri string) (string, error) {
	name, err := c.EntryName(uri)
	var entry *EntryError
	if errors.As(err, &entry) && entry.Reason == "missing" && c.Kind == Simple && len(c.Objects) == 1 {
		return c.Objects[0].Name, nil
	}
	return name, err
}

// Archived reports whether a time-stamp of the container is over the file of that name, as its manifest lists it (EN 319
// 162-1 §A.7); what the time-stamp is worth is not looked at.
func (c *Container) Archived(name string) bool {
	return slices.ContainsFunc(c.Parts, func(p Part) bool {
		return p.Kind == TimeStamp && p.Manifest != nil && slices.ContainsFunc(p.Manifest.Objects, func(o xmlsig.ManifestObject) bool {
			to, err := c.EntryName(o.URI)
			return err == nil && to == name && o.State == xmlsig.Good
		})
	})
}

// Uncovered lists the data objects that none of the references leads to: what is in the container but not signed
// by the signature they come from. Of a CAdES signature or time-stamp, the references are those of its manifest.
func (c *Container) Uncovered(uris []string) []string {
	covered := make(map[string]bool, len(uris))
	for _, u := range uris {
		if name, err := c.target(u); err == nil {
			covered[name] = true
		}
	}
	var out []string
	for _, o := range c.Objects {
		if !covered[o.Name] {
			out = append(out, o.Name)
		}
	}
	return out
}

// OpenFile reads an entry by its exact name. The error is an [*EntryError] or a [*LimitError].
func (c *Container) OpenFile(name string) (io.ReadCloser, error) {
	f, err := c.a.one(name)
	if err != nil {
		return nil, err
	}
	return c.a.open(f)
}
