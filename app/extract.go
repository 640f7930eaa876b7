package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"ceralacca/signer"
)

// maxNesting is how many envelopes within envelopes are opened, maxParts how many documents are taken out of a file.
const (
	maxNesting = 10
	maxParts   = 1000
)

// NothingInsideError means that the file encloses no document.
type NothingInsideError struct{ File string }

func (e *NothingInsideError) Error() string { return filepath.Base(e.File) + " encloses no document" }

// ExtractRequest says what to take out of a file.
type ExtractRequest struct {
	File string
	// Dest is where it goes, which must not exist. Empty is beside the file, and a folder takes it in; then each
	// document is named after the file, or as the file calls it. Several documents need a folder.
	Dest string
	// All goes down to the innermost document; otherwise one layer.
	All bool
	// Revision is the ID of a signature in a PDF: the file as it was then is taken out.
	Revision string
}

// Extract writes the documents that a file encloses, byte for byte, and returns their paths. They carry the mark of
// where the file came from, as far as the system keeps one.
func (e *Engine) Extract(ctx context.Context, q ExtractRequest) ([]string, error) {
	f, d, err := openDocument(q.File)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	parts, err := toExtract(ctx, d, q)
	if errors.Is(err, signer.ErrNoContent) || err == nil && len(parts) == 0 {
		return nil, &NothingInsideError{q.File}
	}
	if err != nil {
		return nil, err
	}
	dir, single := filepath.Dir(q.File), ""
	if st, err := os.Stat(q.Dest); q.Dest != "" && err == nil && st.IsDir() {
		dir = q.Dest
	} else if q.Dest != "" {
		if len(parts) > 1 {
			return nil, &FolderError{Path: q.Dest}
		}
		single = q.Dest
	}
	var written []string
	taken := map[string]bool{}
	for i := range parts {
		dest := single
		if dest == "" {
			dest = filepath.Join(dir, parts[i].Name)
		}
		if taken[dest] { // the file calls two documents by one name
			dest = filepath.Join(dir, freeName(dir, parts[i].Name, taken))
		}
		taken[dest] = true
		err := writeNewAs(ctx, dest, "", rightsFrom(f), func(w io.Writer) error { return parts[i].WriteTo(ctx, w) },
			func(out *os.File) error { copyOrigin(q.File, out.Name()); return nil })
		if err != nil {
			return written, err
		}
		written = append(written, dest)
	}
	return written, nil
}

// toExtract lists what q asks for, under names that are safe to write.
func toExtract(ctx context.Context, d *signer.Document, q ExtractRequest) ([]signer.Part, error) {
	if q.Revision != "" {
		r, err := signer.SignedRevision(ctx, d, q.Revision)
		if err != nil {
			return nil, err
		}
		return []signer.Part{{Name: revisionName(d.Name(), q.Revision), Doc: r}}, nil
	}
	parts, err := d.Parts(ctx)
	if err != nil {
		return nil, err
	}
	for i, name := range partNames(d, parts) {
		parts[i].Name = name
	}
	for depth := 1; q.All && depth < maxNesting; depth++ {
		var next []signer.Part
		deeper := false
		for _, p := range parts {
			in, err := enclosed(ctx, p)
			if err != nil {
				return nil, err
			}
			deeper = deeper || in != nil
			if in == nil {
				in = []signer.Part{p}
			}
			if next = append(next, in...); len(next) > maxParts {
				return nil, fmt.Errorf("more than %d documents in a file", maxParts)
			}
		}
		if parts = next; !deeper {
			break
		}
	}
	return parts, nil
}

// partNames are names that are safe to write, one for each of the parts of d: that of an envelope's content comes from
// the name of the envelope, the others from what the file calls them.
func partNames(d *signer.Document, parts []signer.Part) []string {
	names := make([]string, len(parts))
	for i, p := range parts {
		if d.Kind() == signer.Mail || d.Kind() == signer.ASiC {
			names[i] = safeName(p.Name, i+1)
		} else {
			names[i] = contentName(d.Name())
		}
	}
	return names
}

// enclosed is what lies in the envelope p; nil when p is none that can be read.
func enclosed(ctx context.Context, p signer.Part) ([]signer.Part, error) {
	if p.Doc == nil || p.Doc.Kind() != signer.SignedData && p.Doc.Kind() != signer.TimeStamped {
		return nil, nil
	}
	in, err := p.Doc.Parts(ctx)
	if err != nil || len(in) != 1 {
		return nil, ctx.Err()
	}
	in[0].Name = contentName(p.Name)
	return in, nil
}

// contentName takes one envelope extension off; without one it adds what tells the two files apart.
func contentName(name string) string {
	ext := strings.ToLower(filepath.Ext(name))
	if (ext == ".p7m" || ext == ".tsd") && len(name) > len(ext) {
		return name[:len(name)-len(ext)]
	}
	return name + ".contenuto"
}

// revisionName is the name for the signed revision of a PDF.
func revisionName(name, id string) string {
	ext := filepath.Ext(name)
	return strings.TrimSuffix(name, ext) + "_revisione_" + id + ext
}

// maxName is the length of a file name in bytes that every file system takes, with room for a number.
const maxName = 200

// safeName makes a file name of what a stranger calls the n-th document: without folders, without what cannot be seen
// or what a system keeps for itself, and never hidden. A name of which nothing is left is made of n.
func safeName(name string, n int) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || strings.ContainsRune(`<>:"|?*`, r) {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "_"))
	name = strings.Trim(name, " .")
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	if name == "" || reserved[strings.TrimSpace(stem)] {
		name = fmt.Sprintf("documento_%d%s", n, filepath.Ext(name))
	}
	if len(name) > maxName {
		ext := filepath.Ext(name)
		if len(ext) > 16 {
			ext = ""
		}
		name = strings.TrimRight(strings.ToValidUTF8(name[:maxName-len(ext)], ""), " .") + ext
	}
	return name
}

// reserved are the names of devices on Windows, whatever their extension (Microsoft Learn, "Naming Files, Paths, and
// Namespaces").
var reserved = func() map[string]bool {
	m := map[string]bool{"CON": true, "PRN": true, "AUX": true, "NUL": true, "CONIN$": true, "CONOUT$": true}
	for _, r := range "0123456789¹²³" {
		m["COM"+string(r)], m["LPT"+string(r)] = true, true
	}
	return m
}()

// harmless are the kinds that the system may be asked to open, by extension: documents that run nothing. What the
// bytes say must agree with the name.
var harmless = map[string]signer.Kind{
	".pdf": signer.PDF, ".txt": signer.Text, ".png": signer.Image, ".jpg": signer.Image, ".jpeg": signer.Image,
	".tif": signer.Image, ".tiff": signer.Image,
}

// CanOpen tells whether the file may be handed to the system's program for it: a document, an image or plain text,
// by its name and by its bytes.
func CanOpen(path string) bool {
	want, ok := harmless[strings.ToLower(filepath.Ext(path))]
	if !ok {
		return false
	}
	f, d, err := openDocument(path)
	if err != nil {
		return false
	}
	f.Close()
	return d.Kind() == want
}
