package pdf

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha256"
	"io"
)

// ValidationData is what a document security store holds, each in DER (ETSI EN 319 142-1 §5.4.2).
type ValidationData struct {
	Certs, OCSPs, CRLs [][]byte
}

// PrepareDSS computes the revision that adds v to the document security store. What the store holds already is
// kept and not added twice, and so are its /VRI entries; none are written, because the standard leaves them
// optional and validators read the lists. The Update has no hole and can be written at once.
func PrepareDSS(ctx context.Context, r io.ReaderAt, size int64, v ValidationData) (*Update, error) {
	f, err := openToAppend(ctx, r, size)
	if err != nil {
		return nil, err
	}
	if f.crypt != nil && f.crypt.perms&(1<<3) == 0 && f.crypt.perms&(1<<5) == 0 && f.crypt.perms&(1<<8) == 0 {
		return nil, refuse(Permissions, "")
	}
	id, ok := f.trailer["Root"].(ref)
	if !ok {
		return nil, refuse(DamagedFile, "catalog")
	}
	b := newBuilder(f)
	root := f.dict(id)
	dss := clone(f.dict(root["DSS"]))
	for _, l := range []struct {
		key  name
		ders [][]byte
	}{{"Certs", v.Certs}, {"OCSPs", v.OCSPs}, {"CRLs", v.CRLs}} {
		if list := addStreams(f, b, f.array(dss[l.key]), l.ders); len(list) > 0 {
			dss[l.key] = list
		}
	}
	if r, ok := root["DSS"].(ref); ok && f.resolve(r) != nil {
		b.put(ref{r.num, f.gen(r.num)}, dss)
	} else {
		c := clone(root)
		at := b.alloc()
		c["DSS"] = at
		b.put(at, dss)
		b.put(ref{id.num, f.gen(id.num)}, c)
	}
	tail, err := b.finish()
	if err != nil {
		return nil, err
	}
	return &Update{src: r, size: size, tail: tail}, nil
}

func addStreams(f *file, b *builder, list array, ders [][]byte) array {
	have := map[[32]byte]bool{}
	for _, o := range list {
		if s, ok := f.resolve(o).(*stream); ok {
			if data, err := f.decode(s); err == nil {
				have[sha256.Sum256(data)] = true
			}
		}
	}
	out := append(array{}, list...)
	for _, der := range ders {
		h := sha256.Sum256(der)
		if have[h] {
			continue
		}
		have[h] = true
		id := b.alloc()
		b.putStream(id, dict{"Filter": name("FlateDecode")}, deflate(der))
		out = append(out, id)
	}
	return out
}

func deflate(b []byte) []byte {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	_, _ = w.Write(b) // a bytes.Buffer does not fail
	_ = w.Close()
	return out.Bytes()
}

// Store reads the document security store; empty lists when there is none.
func Store(ctx context.Context, r io.ReaderAt, size int64) (ValidationData, error) {
	var v ValidationData
	f, err := open(ctx, r, size)
	if err != nil {
		return v, err
	}
	dss := f.dict(f.dict(f.trailer["Root"])["DSS"])
	for _, l := range []struct {
		key name
		to  *[][]byte
	}{{"Certs", &v.Certs}, {"OCSPs", &v.OCSPs}, {"CRLs", &v.CRLs}} {
		for _, o := range f.array(dss[l.key]) {
			if s, ok := f.resolve(o).(*stream); ok {
				if data, err := f.decode(s); err == nil {
					*l.to = append(*l.to, data)
				}
			}
			if err := ctx.Err(); err != nil {
				return v, err
			}
		}
	}
	return v, nil
}
