package cms

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sort"
	"strings"
	"sync"
)

// Notes on how a file was wrapped, in the words of the report.
const (
	NoteBER      = "ber"
	NoteBase64   = "base64"
	NotePEM      = "pem"
	NoteSMIME    = "smime"
	NoteTrailing = "trailing-bytes"
)

// maxWraps is how many times base64, PEM or S/MIME may stand around a CMS file.
const maxWraps = 3

// Unwrap takes away text around a CMS file: S/MIME headers, PEM lines, base64, each also around another. What it
// returns reads the same bytes decoded, on the fly. notes tell what was found, outermost first. A file that begins
// with a SEQUENCE, or that is not wrapped in anything known, comes back as it is.
func Unwrap(ctx context.Context, r io.ReaderAt, size int64) (io.ReaderAt, int64, []string, error) {
	var notes []string
	for range maxWraps {
		var head [4096]byte
		n, err := r.ReadAt(head[:min(int64(len(head)), size)], 0)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, 0, nil, err
		}
		start, found := wrapping(head[:n], int64(n) == size)
		if len(found) == 0 {
			return r, size, notes, nil
		}
		notes = append(notes, found...)
		if found[len(found)-1] == NoteSMIME { // binary transfer encoding
			r, size = io.NewSectionReader(r, start, size-start), size-start
			continue
		}
		v, err := newBase64(ctx, io.NewSectionReader(r, start, size-start), size-start)
		if err != nil {
			return nil, 0, nil, err
		}
		if v.trailing && found[len(found)-1] != NotePEM {
			notes = append(notes, NoteTrailing)
		}
		r, size = v, v.size
	}
	return r, size, notes, nil
}

// wrapping tells what head begins with and where the inner bytes start. The last note says how they are encoded:
// "base64" and "pem" are base64, "smime" alone is binary.
func wrapping(head []byte, whole bool) (int64, []string) {
	if len(head) == 0 || head[0] == 0x30 {
		return 0, nil
	}
	if i := bytes.Index(head, []byte("-----BEGIN ")); i >= 0 && printable(head[:i]) {
		line := head[i:]
		if j := bytes.IndexByte(line, '\n'); j > 0 && bytes.Contains(line[:j], []byte("-----")) {
			return int64(i + j + 1), []string{NotePEM}
		}
	}
	if at, enc := smimeHeaders(head); at > 0 {
		if enc == NoteBase64 {
			return int64(at), []string{NoteSMIME, NoteBase64}
		}
		return int64(at), []string{NoteSMIME}
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	signs := 0
	for i, c := range text {
		switch {
		case base64Value[c] >= 0:
			signs++
		case c == '=':
			if signs >= 8 && (whole || i > 16) {
				return int64(len(head) - len(text)), []string{NoteBase64}
			}
			return 0, nil
		case c != '\r' && c != '\n' && c != ' ' && c != '\t':
			// A file that stops being base64 in its first lines never was.
			return 0, nil
		}
	}
	if signs < 8 {
		return 0, nil
	}
	return int64(len(head) - len(text)), []string{NoteBase64}
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < 0x20 && c != '\n' && c != '\r' && c != '\t' {
			return false
		}
	}
	return true
}

// smimeHeaders finds the body behind the headers of an S/MIME part of type application/pkcs7-mime or
// pkcs7-signature (RFC 8551 §3.2). at is 0 when head is no such thing.
func smimeHeaders(head []byte) (at int, encoding string) {
	text := strings.ReplaceAll(string(head), "\r\n", "\n")
	end := strings.Index(text, "\n\n")
	if end < 0 || !strings.Contains(text[:end], ":") || !printable([]byte(text[:end])) {
		return 0, ""
	}
	hdr := strings.ToLower(text[:end])
	pkcs7 := false
	for _, line := range strings.Split(strings.ReplaceAll(hdr, "\n ", " "), "\n") {
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(name) {
		case "content-type":
			pkcs7 = strings.HasPrefix(value, "application/pkcs7-") || strings.HasPrefix(value, "application/x-pkcs7-")
		case "content-transfer-encoding":
			if value == "base64" {
				encoding = NoteBase64
			}
		}
	}
	if !pkcs7 {
		return 0, ""
	}
	// The same place in the bytes with their own line ends.
	lines := strings.Count(text[:end], "\n") + 2
	for i, c := range head {
		if c == '\n' {
			if lines--; lines == 0 {
				return i + 1, encoding
			}
		}
	}
	return 0, ""
}

var base64Value = func() (t [256]int8) {
	for i := range t {
		t[i] = -1
	}
	for i, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
		t[c] = int8(i)
	}
	return t
}()

// base64View reads base64 text, with line breaks wherever they are, as the bytes it stands for, at any offset.
type base64View struct {
	r        io.ReaderAt
	end      int64 // of the text
	size     int64 // decoded
	trailing bool  // something follows the text
	marks    []int64

	mu   sync.Mutex
	at   int64 // place behind the last read, so that reading on does not search
	sign int64
}

const base64Mark = 64 << 10 // octets of text between two marks

// newBase64 scans the text once, counting its signs.
func newBase64(ctx context.Context, r io.ReaderAt, size int64) (*base64View, error) {
	v := &base64View{r: r, end: size}
	buf := make([]byte, window)
	var signs int64
	pad := false
scan:
	for pos := int64(0); pos < size; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if pos%base64Mark == 0 {
			v.marks = append(v.marks, signs)
		}
		n, err := r.ReadAt(buf[:min(int64(len(buf)), size-pos)], pos)
		if n == 0 && err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if n == 0 {
			break
		}
		for i, c := range buf[:n] {
			switch {
			case base64Value[c] >= 0 && !pad:
				signs++
			case c == '=':
				if !pad {
					v.end = pos + int64(i)
				}
				pad = true
			case c == '\r' || c == '\n' || c == ' ' || c == '\t':
			default:
				if !pad {
					v.end = pos + int64(i)
				}
				v.trailing = true
				break scan
			}
		}
		pos += int64(n)
	}
	v.size = signs / 4 * 3
	if rest := signs % 4; rest > 1 {
		v.size += rest - 1
	}
	return v, nil
}

// ReadAt implements io.ReaderAt. It is one loop over one state (place in the text, sign, group), which reads better
// whole than cut in pieces that pass the state around.
func (v *base64View) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("negative offset")
	}
	if off >= v.size {
		return 0, io.EOF
	}
	var eof error
	if int64(len(p)) > v.size-off {
		p, eof = p[:v.size-off], io.EOF
	}
	v.mu.Lock()
	at, sign := v.at, v.sign
	v.mu.Unlock()
	first := off / 3 * 4 // the sign that the group of off begins with
	if sign > first || first-sign > base64Mark {
		i := max(sort.Search(len(v.marks), func(i int) bool { return v.marks[i] > first })-1, 0)
		at, sign = int64(i)*base64Mark, v.marks[i]
	}
	drop := int(off % 3)
	filled := 0
	var group uint32
	have := 0
	buf := make([]byte, min(window, max(4096, 2*len(p))))
	groupAt := at
	emit := func(b byte) {
		if drop > 0 {
			drop--
		} else if filled < len(p) {
			p[filled] = b
			filled++
		}
	}
	for filled < len(p) && at < v.end {
		n, err := v.r.ReadAt(buf[:min(int64(len(buf)), v.end-at)], at)
		if n == 0 {
			if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return filled, err
		}
		for i, c := range buf[:n] {
			x := base64Value[c]
			if x < 0 {
				continue
			}
			if sign < first {
				sign++
				continue
			}
			if have == 0 {
				groupAt = at + int64(i)
			}
			group = group<<6 | uint32(x)
			sign++
			if have++; have == 4 {
				emit(byte(group >> 16))
				emit(byte(group >> 8))
				emit(byte(group))
				group, have = 0, 0
				if filled == len(p) {
					break
				}
			}
		}
		at += int64(n)
	}
	if filled < len(p) && have >= 2 { // the last group, without its padding
		group <<= 6 * (4 - have)
		emit(byte(group >> 16))
		if have == 3 {
			emit(byte(group >> 8))
		}
	}
	v.mu.Lock()
	// The next read begins in the group that this one ended in.
	v.at, v.sign = groupAt, (off+int64(filled)-1)/3*4
	v.mu.Unlock()
	if filled < len(p) {
		return filled, io.ErrUnexpectedEOF
	}
	return filled, eof
}
