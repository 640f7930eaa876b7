package xmlsig

import (
	"context"
	"crypto"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// TestWorstCases holds that documents made to be slow end, good or refused: without the budget of
// canonicalised bytes they would go on for hours.
func TestWorstCases(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds: left out with -short")
	}
	ref := func(uri, transforms string) string {
		return strings.Replace(reference(0, `URI="`+uri+`"`, transforms), "@D0@", "AAAA", 1)
	}
	for name, doc := range map[string]string{
		"siblings": "<r>" + strings.Repeat("<a/>", 100_000) + `<a Id="q"/>` + signature(rsa256, strings.Repeat(ref("#q", ""), 1000), "") + "</r>",
		"objects": "<r>" + signature(rsa256, strings.Repeat(ref("#q", ""), 1000), strings.Repeat("<ds:Object><x/></ds:Object>", 100_000)) +
			`<a Id="q"/></r>`,
		"copies": "<r>" + strings.Repeat("<a b='1'>x</a>", 50_000) + signature(rsa256, strings.Repeat(ref("", strings.Repeat(exc, 15)), 100), "") + "</r>",
		"picked": "<r>" + strings.Repeat("<a x='1'/>", 100_000) + signature(rsa256, strings.Repeat(ref("", xpath("ancestor-or-self::*[@x='1']")), 1000), "") + "</r>",
		"paths": "<r>" + strings.Repeat("<a>", 200) + strings.Repeat("<b/>", 100_000) + strings.Repeat("</a>", 200) +
			signature(rsa256, strings.Repeat(ref("", filter2("intersect", "//a//b//c")), 1000), "") + "</r>",
		"base64": "<r>" + strings.Repeat("AAAA", 1_000_000) + signature(rsa256, strings.Repeat(ref("#q", base64Transform), 1000), "") +
			`<a Id="q">` + strings.Repeat("AAAA", 1_000_000) + "</a></r>",
		"outside": "<r>" + signature(rsa256, strings.Repeat(ref("large", base64Transform), 1000), "") + "</r>",
		"certificates": "<r>" + strings.Replace(signature(rsa256, ref("", ""), ""), "@CERT@",
			strings.Repeat("AAAA</ds:X509Certificate><ds:X509Certificate>", 50_000), 1) + "</r>",
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := Verify(t.Context(), []byte(doc), Options{Resolve: func(context.Context, string) (io.ReadCloser, error) {
				return io.NopCloser(io.LimitReader(zeros{}, 1<<30)), nil
			}})
			t.Logf("%d bytes in %v: %v", len(doc), time.Since(start).Round(time.Millisecond), err)
		})
	}
}

const base64Transform = `<ds:Transform Algorithm="` + algBase64 + `"/>`

// zeros are a file of the digit of base64 that stands for nothing.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'A'
	}
	return len(p), nil
}

// TestManyCovers holds that a signature of very many good references, each of which has to be asked about very many
// elements, ends too.
func TestManyCovers(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds: left out with -short")
	}
	const refs, depth = 400, 200
	var refer strings.Builder
	for i := range refs {
		refer.WriteString(reference(i, `URI="#q"`, ""))
	}
	refer.WriteString(reference(refs, `URI="#o"`, ""))
	doc := "<r>" + strings.Repeat("<d>", depth) + `<q Id="q"/>` + signature(rsa256, refer.String(), `<ds:Object Id="o">`+strings.Repeat("<x/>", 100_000)+"</ds:Object>") +
		strings.Repeat("</d>", depth) + "</r>"
	start := time.Now()
	_, err := Verify(t.Context(), rsaIdentity().sign(t, doc, crypto.SHA256), Options{})
	t.Logf("%v: %v", time.Since(start).Round(time.Millisecond), err)
	var limit *LimitError
	if err != nil && !errors.As(err, &limit) {
		t.Error(err)
	}
}
