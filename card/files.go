package card

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
)

const masterFile = 0x3F00

// selectFolder makes the folder with this path below the master file the current one (SELECT by file
// identifier, ISO 7816-4 §7.1.1), by as few steps as the folder selected last allows.
func (s *session) selectFolder(ctx context.Context, path ...uint16) error {
	at := len(s.dir)
	if !s.known || len(path) < at || !slices.Equal(path[:at], s.dir) {
		s.known, s.dir, at = false, nil, 0
		if err := s.selectOne(ctx, masterFile); err != nil {
			return err
		}
		s.known = true
	}
	for _, fid := range path[at:] {
		s.known = false
		if err := s.selectOne(ctx, fid); err != nil {
			// The card stays where it was when it says that there is no such file.
			s.known = absent(err)
			return err
		}
		s.known, s.dir = true, append(slices.Clip(s.dir), fid)
	}
	return nil
}

// selectFile selects the elementary file with this path.
func (s *session) selectFile(ctx context.Context, path ...uint16) error {
	if err := s.selectFolder(ctx, path[:len(path)-1]...); err != nil {
		return err
	}
	return s.selectOne(ctx, path[len(path)-1])
}

func (s *session) selectOne(ctx context.Context, fid uint16) error {
	if !s.withFCI {
		_, err := s.must(ctx, []byte{0, insSelect, 0x00, 0x0C, 2, byte(fid >> 8), byte(fid)})
		if st := new(StatusError); !errors.As(err, &st) || st.SW != 0x6A86 {
			return err
		}
		s.withFCI = true
	}
	_, err := s.must(ctx, []byte{0, insSelect, 0x00, 0x00, 2, byte(fid >> 8), byte(fid), 0})
	return err
}

// read reads up to n bytes of the selected file from an offset: fewer where it ends before (READ BINARY,
// ISO 7816-4 §7.2.3).
func (s *session) read(ctx context.Context, offset, n int) ([]byte, error) {
	var all []byte
	for len(all) < n {
		at := offset + len(all)
		if at >= maxLength {
			break
		}
		want := min(n-len(all), 0xFF)
		data, sw, err := s.do(ctx, []byte{0, insRead, byte(at >> 8), byte(at), byte(want)})
		if err != nil {
			return nil, err
		}
		all = append(all, data...)
		switch {
		case sw == swEndOfFile, sw == swOffset, sw == swOK && len(data) < want:
			return all, nil
		case sw != swOK:
			return nil, &StatusError{insRead, sw}
		}
	}
	return all, nil
}

// readDER reads the DER sequence at an offset of the selected file, which may be longer. It is nil where the
// file holds something else, such as zeros.
func (s *session) readDER(ctx context.Context, offset int) ([]byte, error) {
	b, err := s.read(ctx, offset, 0xFF)
	if err != nil {
		return nil, err
	}
	tag, head, length, ok := parseHeader(b)
	if !ok || tag != 0x30 || length == 0 {
		return nil, nil
	}
	if size := head + length; size > len(b) {
		rest, err := s.read(ctx, offset+len(b), size-len(b))
		if err != nil || len(b)+len(rest) < size {
			return nil, err
		}
		b = append(b, rest...)
	}
	return b[:head+length], nil
}

// absent tells whether an error is the card's way to say that a file is not there: cards differ in how, and a
// card without a file is not a broken card. What is left are the failures of ISO 7816-4 §5.6 in the carrying out
// of a command, and those of the link.
func absent(err error) bool {
	st := new(StatusError)
	if !errors.As(err, &st) {
		return false
	}
	switch st.SW >> 8 {
	case 0x64, 0x65, 0x66, 0x6F:
		return false
	}
	return true
}

// forbidden tells whether the card does not let a file be read.
func forbidden(err error) bool {
	st := new(StatusError)
	return errors.As(err, &st) && st.SW>>8 == 0x69
}

// readInfo reads what the card tells without a PIN. A file that is absent or cannot be read leaves its facts
// zero; only a link that fails is an error.
func (s *session) readInfo(ctx context.Context) (Info, error) {
	info := Info{Kind: "CNS", Via: viaNative}
	b, err := s.optional(ctx, 16, 0x1000, 0x1003) // EF.ID_Carta
	if err != nil {
		return info, err
	}
	info.Serial, _ = idCarta(b)
	if b, err = s.optional(ctx, 400, 0x1100, 0x1102); err != nil { // EF.Dati_personali
		return info, err
	}
	if p, ok := parsePersonal(b); ok {
		info.Holder, info.Issuer, info.Issued, info.Expires = p.holder, p.issuer, p.issued, p.expires
	}
	if info.Serial == "" {
		if b, err = s.optional(ctx, 32, 0x2F02); err != nil { // EF.GDO
			return info, err
		}
		if o, ok := parseTLV(b); ok && o.tag == 0x5A {
			info.Serial = hex.EncodeToString(o.value)
		}
	}
	switch h := info.Holder; {
	case h.Name != "" && h.Surname != "":
		info.Label = h.Name + " " + h.Surname
	case h.Name+h.Surname != "":
		info.Label = h.Name + h.Surname
	default:
		info.Label = info.Serial
	}
	return info, nil
}

// optional reads up to n bytes of a file that may be missing; nil where the card does not give it.
func (s *session) optional(ctx context.Context, n int, path ...uint16) ([]byte, error) {
	err := s.selectFile(ctx, path...)
	var b []byte
	if err == nil {
		b, err = s.read(ctx, 0, n)
	}
	if st := new(StatusError); errors.As(err, &st) {
		return nil, nil
	}
	return b, err
}
