package pac

import (
	"errors"
	"net/url"
	"strings"
	"testing"
)

func words(ways []*url.URL) string {
	var all []string
	for _, w := range ways {
		if w == nil {
			all = append(all, "-")
		} else {
			all = append(all, w.String())
		}
	}
	return strings.Join(all, " ")
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ name, said, want string }{
		{"direct", "DIRECT", "-"},
		{"empty", " ", "-"},
		{"one", "PROXY proxy.studio.it:8080", "http://proxy.studio.it:8080"},
		{"a list", "PROXY a:1; HTTPS b:2;SOCKS5 c:3 ; direct;", "http://a:1 https://b:2 socks5://c:3 -"},
		{"usual ports", "PROXY a; HTTPS b; SOCKS5 c", "http://a:80 https://b:443 socks5://c:1080"},
		{"IPv6", "PROXY [2001:db8::1]:3128", "http://[2001:db8::1]:3128"},
		{"what is not spoken is left out", "SOCKS a:1; SOCKS4 b:2; QUIC c:3; DIRECT", "-"},
		{"what is broken is left out", "PROXY; PROXY a b; PROXY a:99999; PROXY a:0; PROXY http://a; PROXY u:p@a:1; PROXY a/b; PROXY e:5", "http://e:5"},
		{"nothing that can be gone", "SOCKS a:1", ""},
		{"prose", "use the proxy please", ""},
		{"too long", "DIRECT;" + strings.Repeat("x", maxAnswer), ""},
	} {
		got, err := Parse(c.said)
		var no *AnswerError
		if (c.want == "") != errors.As(err, &no) || words(got) != c.want {
			t.Errorf("%s: %q, %v; want %q", c.name, words(got), err, c.want)
		}
	}
	if got, _ := Parse(strings.Repeat("DIRECT;", 100)); len(got) != maxWays {
		t.Errorf("%d ways", len(got))
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "DIRECT", "PROXY a:1; HTTPS [::1]:2; SOCKS5 c", "PROXY a@b:1;;", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ways, err := Parse(s)
		if (err == nil) == (len(ways) == 0) || len(ways) > maxWays {
			t.Fatalf("%d ways, %v", len(ways), err)
		}
		for _, w := range ways {
			if w == nil {
				continue
			}
			again, err := url.Parse(w.String())
			if err != nil || again.Host != w.Host || w.Hostname() == "" || w.Port() == "" || w.User != nil || w.Path != "" {
				t.Fatalf("%q: %#v, %v", s, w, err)
			}
		}
	})
}
