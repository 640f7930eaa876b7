package cms

import (
	"bytes"
	"context"
	"math"

	"ceralacca/signer/internal/cert"
)

// Front is what the first bytes of a file tell.
type Front struct {
	ContentType  cert.OID // of the ContentInfo; empty when the file is no CMS
	EContentType cert.OID // of a SignedData; empty when the bytes do not reach it
	HasContent   bool     // of a SignedData
	Notes        []string
}

// Sniff looks at the first bytes of a file, head, and tells what they begin. It says nothing about the rest.
func Sniff(head []byte) Front {
	ctx := context.Background()
	r, _, notes, err := Unwrap(ctx, bytes.NewReader(head), int64(len(head)))
	if err != nil {
		return Front{}
	}
	f := Front{Notes: notes}
	p := &parser{scanner: newScanner(ctx, r, math.MaxInt64/2), sd: &SignedData{}}
	f.ContentType, _, _, err = p.front()
	if err != nil {
		return f
	}
	if _, err := p.open(0x30, "SignedData"); err != nil {
		return f
	}
	if err := p.beforeContent(); err != nil {
		return f
	}
	end, err := p.open(0x30, "encapContentInfo")
	if err != nil {
		return f
	}
	if f.EContentType, err = p.oid(); err != nil {
		return f
	}
	m, err := p.more(end)
	f.HasContent = err == nil && m
	return f
}
