package cms

import (
	"bytes"
	"context"
	"io"
	"slices"

	"ceralacca/signer/internal/cert"
)

// Without is the SignerInfo without the values of unsigned attributes that drop names; all other bytes stay as they are.
func (si *SignerInfo) Without(drop func(t cert.OID, value []byte) bool) ([]byte, error) {
	fields, err := si.elements()
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(si.UnsignedAttrs, func(a Attribute) bool {
		return slices.ContainsFunc(a.Values, func(v []byte) bool { return drop(a.Type, v) })
	}) {
		return si.Raw, nil
	}
	var attrs [][]byte
	for _, a := range si.UnsignedAttrs {
		kept := slices.DeleteFunc(slices.Clone(a.Values), func(v []byte) bool { return drop(a.Type, v) })
		switch len(kept) {
		case len(a.Values):
			attrs = append(attrs, a.Raw)
		case 0:
		default:
			attrs = append(attrs, Attr{Type: a.Type, Values: kept}.der())
		}
	}
	if len(attrs) > 0 {
		fields = append(fields, wrap(si.RawUnsigned, attrs))
	}
	return wrap(si.Raw, fields), nil
}

// wrap puts parts into an element of the tag of like, and of an indefinite length where that has one.
func wrap(like []byte, parts [][]byte) []byte {
	if !endless(like) {
		return tlv(like[0], parts...)
	}
	return slices.Concat([]byte{like[0], 0x80}, bytes.Join(parts, nil), []byte{0, 0})
}

// endless reports whether the element has an indefinite length.
func endless(raw []byte) bool { return len(raw) > 1 && raw[1] == 0x80 }

// WriteWith writes sd with other SignerInfos. Every other byte stays as it stands, unwrapped: definite lengths are counted
// anew, indefinite ones stay indefinite. It is what stood there before something was put into a SignerInfo.
func (sd *SignedData) WriteWith(ctx context.Context, w io.Writer, infos [][]byte) error {
	before := sd.rawHead
	after := slices.Concat(sd.rawCerts, sd.rawCRLs, wrap(sd.rawInfos, infos))
	size := int64(len(before)+len(after)) + sd.encap.Size()
	for i := range sd.opened {
		o := sd.opened[len(sd.opened)-1-i] // from the inside out
		header, tail := []byte{o.tag, 0x80}, []byte{0, 0}
		if !o.endless {
			header, tail = appendHeader(nil, o.tag, size), nil
		}
		before, after = slices.Concat(o.before, header, before), slices.Concat(after, tail)
		size += int64(len(o.before) + len(header) + len(tail))
	}
	if _, err := w.Write(before); err != nil {
		return err
	}
	if err := copyExactly(ctx, w, io.NewSectionReader(sd.encap, 0, sd.encap.Size()), sd.encap.Size()); err != nil {
		return err
	}
	_, err := w.Write(after)
	return err
}

// opened is an element around the fields of a SignedData: ContentInfo, its [0], the SignedData itself.
type opened struct {
	before  []byte // what stands in front of it in the one around it
	tag     byte
	endless bool
}
