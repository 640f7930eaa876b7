package pdf

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha1" // a name that the standard prescribes
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
)

// ValidationData is what a document security store holds, each in DER (ETSI EN 319 142-1 §5.4.2).
type ValidationData struct {
	Certs, OCSPs, CRLs [][]byte
	// Signature is the [Update.SignatureKey] that the data is added for; empty for none in particular.
	Signature string
}

// PrepareDSS computes the revision that adds v to the document security store. What the store holds already is
// kept and not added twice, and so are its /VRI entries. One is written only where v brings nothing new: it says that
// what is there serves this signature too, which EU DSS would not see otherwise. Else the standard leaves it optional,
// and validators read the lists. The Update has no hole and can be written at once.
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
	entry, had := dict{}, b.next
	for _, l := range []struct {
		key, entry name
		ders       [][]byte
	}{{"Certs", "Cert", v.Certs}, {"OCSPs", "OCSP", v.OCSPs}, {"CRLs", "CRL", v.CRLs}} {
		list, used := addStreams(f, b, f.array(dss[l.key]), l.ders)
		if len(list) > 0 {
			dss[l.key] = list
		}
		if len(used) > 0 {
			entry[l.entry] = used
		}
	}
	if b.next == had && v.Signature != "" {
		vri := clone(f.dict(dss["VRI"]))
		vri[name(v.Signature)] = entry
		dss["VRI"] = vri
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

// addStreams adds what is missing of ders to list, and tells where all of ders are then.
func addStreams(f *file, b *builder, list array, ders [][]byte) (all, used array) {
	have := map[[32]byte]object{}
	for _, o := range list {
		if s, ok := f.resolve(o).(*stream); ok {
			if data, err := f.decode(s); err == nil {
				have[sha256.Sum256(data)] = o
			}
		}
	}
	all = append(array{}, list...)
	for _, der := range ders {
		h := sha256.Sum256(der)
		if have[h] == nil {
			id := b.alloc()
			b.putStream(id, dict{"Filter": name("FlateDecode")}, deflate(der))
			have[h], all = id, append(all, id)
		}
		used = append(used, have[h])
	}
	return all, used
}

// SignatureKey is the name of the signature among the /VRI entries: the SHA-1 digest of its /Contents in upper-case
// hexadecimal (ISO 32000-2 §12.8.4.4). It is a name and protects nothing.
func (u *Update) SignatureKey() string {
	if u.end == 0 {
		return ""
	}
	contents, err := hex.DecodeString(string(u.tail[u.start+1 : u.end-1]))
	if err != nil {
		return ""
	}
	sum := sha1.Sum(contents)
	return strings.ToUpper(hex.EncodeToString(sum[:]))
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
