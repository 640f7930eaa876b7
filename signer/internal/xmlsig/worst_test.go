package xmlsig

import (
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
		"certificates": "<r>" + strings.Replace(signature(rsa256, ref("", ""), ""), "@CERT@",
			strings.Repeat("AAAA</ds:X509Certificate><ds:X509Certificate>", 50_000), 1) + "</r>",
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := Verify(t.Context(), []byte(doc), Options{})
			t.Logf("%d bytes in %v: %v", len(doc), time.Since(start).Round(time.Millisecond), err)
		})
	}
}
