package app

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"ceralacca/app/lang"
	"ceralacca/assets"
)

func TestCalendar(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	c := &Card{Certificates: []Certificate{
		{Use: ForLogin, NotAfter: time.Date(2028, 3, 20, 10, 0, 0, 0, time.UTC), SHA256: strings.Repeat("b", 64)},
		{Use: ForSigning, NotAfter: time.Date(2028, 3, 14, 10, 0, 0, 0, time.UTC), SHA256: strings.Repeat("a", 64)},
	}}
	for i := range c.Certificates {
		c.Certificates[i].setRenewal(now, chamberRule)
	}
	for _, tag := range lang.Languages {
		texts, err := lang.Load(assets.FS, tag)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := Calendar(&b, c, texts, now, false); err != nil {
			t.Fatal(err)
		}
		got := b.String()
		for _, want := range []string{
			"DTSTART;VALUE=DATE:20271215\r\n", "DTSTART;VALUE=DATE:20280213\r\n", "DTSTART;VALUE=DATE:20280313\r\n",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: lacks %q", tag, want)
			}
		}
		if n := strings.Count(got, "BEGIN:VALARM"); n != 3 {
			t.Errorf("%d alarms", n)
		}
		for _, l := range strings.Split(got, "\r\n") {
			if len(l) > 75 || strings.ContainsAny(l, "\n\r") {
				t.Errorf("line %q", l)
			}
		}
	}
	for i := range c.Certificates {
		c.Certificates[i].setRenewal(now, nil)
	}
	var b strings.Builder
	if err := Calendar(&b, c, tongues(t)[0], now, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"DATE:20271215\r\n", "DATE:20280213\r\n", "DATE:20280307\r\n"} {
		if !strings.Contains(b.String(), want) || strings.Contains(b.String(), "rinnovare") {
			t.Errorf("without a rule: lacks %q, or speaks of a renewal: %s", want, b.String())
		}
	}
	var none *NoCertificateError
	if err := Calendar(&strings.Builder{}, &Card{}, nil, now, false); !errors.As(err, &none) {
		t.Errorf("empty card: %v", err)
	}
}

func TestGuides(t *testing.T) {
	g, err := LoadGuides(assets.FS)
	if err != nil {
		t.Fatal(err)
	}
	chamber := &Card{Certificates: []Certificate{{Use: ForLogin, SubjectOU: "Camera di Commercio di Lecce"}}}
	for _, tc := range []struct {
		name, issuer string
		card         *Card
		want         int
	}{
		{"chamber device", "InfoCamere S.C.p.A.", chamber, 5},
		{"older chamber device", "ArubaPEC S.p.A.", chamber, 4},
		{"sold by Aruba itself", "ArubaPEC S.p.A.", &Card{}, 0},
		{"health card", "Regione Veneto - CA Cittadini", &Card{}, 3},
		{"somebody else", "Namirial S.p.A.", chamber, 0},
	} {
		if got := g.For(tc.card, &Certificate{IssuerO: tc.issuer}); len(got) != tc.want {
			t.Errorf("%s: %d links, want %d", tc.name, len(got), tc.want)
		}
	}
	for _, bad := range []string{"http://x.it/", "https://a@x.it/", "javascript:1", "https://"} {
		f := fstest.MapFS{"guides.json": {Data: []byte(`{"checked":"2026-11-22","links":[{"url":"` + bad + `"}]}`)}}
		if _, err := LoadGuides(f); err == nil {
			t.Errorf("%s accepted", bad)
		}
	}
}
