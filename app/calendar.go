package app

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"ceralacca/app/lang"
)

// Calendar writes an iCalendar file (RFC 5545) with what the holder of the card must not forget: the day on which
// the renewal opens, thirty days before the end, and the last day of the renewal, each with an alarm in the morning.
// Where there is no renewal, or no rule of it is known, they are 90, 30 and 7 days before the end. The earlier of the
// two certificates decides. It returns an error when the card has no certificate that is still to end.
//
// With practice each entry begins with TEST and says that it may be deleted: the file may end among real dates.
func Calendar(w io.Writer, c *Card, t *lang.Catalog, now time.Time, practice bool) error {
	cert := soonest(c)
	if cert == nil {
		return &NoCertificateError{}
	}
	before := func(days int) time.Time { return day(cert.NotAfter).AddDate(0, 0, -days) }
	events := []event{{"opens", "calendar.opens", cert.RenewFrom}, {"month", "calendar.month", before(30)}, {"last", "calendar.last", cert.RenewUntil}}
	note := "calendar.note"
	if cert.RenewFrom.IsZero() {
		events = []event{{"ends-90", "calendar.ends", before(soon)}, {"ends-30", "calendar.ends", before(30)}, {"ends-7", "calendar.ends", before(7)}}
		note = "reminder.ends.body"
		if c.origin() == fromHealth {
			note = "reminder.health.body"
		}
	}
	mark := ""
	if practice {
		mark, note = "TEST · ", "calendar.practice"
	}
	var b strings.Builder
	line := func(s string) { b.WriteString(fold(s)) }
	line("BEGIN:VCALENDAR")
	line("VERSION:2.0")
	line("PRODID:-//Ceralacca//Ceralacca " + Version + "//IT")
	for _, e := range events {
		text := mark + t.Text(lang.M(e.key, "date", t.Date(cert.NotAfter)))
		line("BEGIN:VEVENT")
		line("UID:" + cert.SHA256[:32] + "-" + e.id + "@ceralacca")
		line("DTSTAMP:" + now.UTC().Format("20060102T150405Z"))
		line("DTSTART;VALUE=DATE:" + e.on.Format("20060102"))
		line("DTEND;VALUE=DATE:" + e.on.AddDate(0, 0, 1).Format("20060102"))
		line("SUMMARY:" + escape(text))
		line("DESCRIPTION:" + escape(t.T(note)))
		line("TRANSP:TRANSPARENT")
		line("BEGIN:VALARM")
		line("ACTION:DISPLAY")
		line("DESCRIPTION:" + escape(text))
		line("TRIGGER:PT9H")
		line("END:VALARM")
		line("END:VEVENT")
	}
	line("END:VCALENDAR")
	_, err := io.WriteString(w, b.String())
	return err
}

type event struct {
	id, key string
	on      time.Time
}

// soonest is the certificate of the card that ends first, of those that are not over.
func soonest(c *Card) *Certificate {
	var first *Certificate
	for i := range c.Certificates {
		x := &c.Certificates[i]
		if x.Use != ForOther && x.Renewal != RenewalExpired && !x.Ended() && (first == nil || x.NotAfter.Before(first.NotAfter)) {
			first = x
		}
	}
	return first
}

// escape writes a text value, RFC 5545 §3.3.11.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`).Replace(s)
}

// fold ends a content line and breaks it so that no line is longer than 75 octets, RFC 5545 §3.1, without
// cutting a character in two.
func fold(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if w := len(string(r)); n+w > 75 {
			b.WriteString("\r\n ")
			n = 1
		}
		b.WriteRune(r)
		n += len(string(r))
	}
	return b.String() + "\r\n"
}

// SaveCalendar writes the calendar to dest, which must not exist.
func (e *Engine) SaveCalendar(ctx context.Context, c *Card, t *lang.Catalog, dest string) error {
	return writeNew(ctx, dest, func(w io.Writer) error { return Calendar(w, c, t, e.cfg.Now(), e.Practice()) }, nil)
}

// ExportCertificate writes the certificate to dest, which must not exist: in DER when the name ends in .der or
// .cer, in PEM otherwise.
func (e *Engine) ExportCertificate(ctx context.Context, c *Certificate, dest string) error {
	low := strings.ToLower(dest)
	return writeNew(ctx, dest, func(w io.Writer) error {
		if strings.HasSuffix(low, ".der") || strings.HasSuffix(low, ".cer") {
			_, err := w.Write(c.DER)
			return err
		}
		return encodePEM(w, c.DER)
	}, nil)
}

// CertificateIDError means that the card has no certificate with that ID.
type CertificateIDError struct{ ID string }

func (e *CertificateIDError) Error() string { return fmt.Sprintf("card has no certificate %q", e.ID) }
