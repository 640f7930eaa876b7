package main

import (
	"flag"
	"fmt"
	"strings"
	"time"

	"ceralacca/app"
	"ceralacca/app/lang"
	"ceralacca/card"
)

// chooseError means that there is no card, or more than one and none was named.
type chooseError struct {
	msg   lang.Msg
	cause error
}

func (e *chooseError) Error() string { return e.msg.Key }
func (e *chooseError) Unwrap() error { return e.cause }

// slot finds the card to work with: the one in the reader that --reader names, or the only one.
func (s *session) slot() (card.Slot, error) {
	sn, err := s.engine.Look(s.ctx)
	if err != nil {
		return card.Slot{}, err
	}
	if sn.Err != nil {
		return card.Slot{}, sn.Err
	}
	var found []card.Slot
	var names []string
	for _, sl := range sn.Slots {
		if sl.State != card.Empty && (s.reader == "" || strings.Contains(sl.Reader, s.reader)) {
			found, names = append(found, sl), append(names, sl.Reader)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return card.Slot{}, &chooseError{msg: lang.M("cli.no-card")}
	}
	return card.Slot{}, &chooseError{msg: lang.M("cli.many-cards", "readers", strings.Join(names, "; "))}
}

var slotStates = map[card.SlotState]string{
	card.Empty: "empty", card.Present: "present", card.Busy: "busy", card.Mute: "mute", card.Unsupported: "unsupported",
}

var uses = map[app.CertUse]string{app.ForOther: "other", app.ForSigning: "signature", app.ForLogin: "authentication"}

var renewals = map[app.Renewal]string{
	app.RenewalNone: "none", app.RenewalTooEarly: "too-early", app.RenewalOpen: "open",
	app.RenewalLastDay: "last-day", app.RenewalClosed: "closed", app.RenewalExpired: "expired", app.RenewalNotYet: "none",
	app.RenewalUnsaid: "unknown",
}

type jsonReader struct {
	Name  string    `json:"name"`
	State string    `json:"state"`
	ATR   string    `json:"atr,omitempty"`
	Card  *jsonCard `json:"card,omitempty"`
	Error any       `json:"error,omitempty"`
}

type jsonCard struct {
	Kind         string     `json:"kind,omitempty"`
	Serial       string     `json:"serial,omitempty"`
	Label        string     `json:"label,omitempty"`
	Via          string     `json:"via,omitempty"`
	Practice     bool       `json:"practice,omitempty"`
	Holder       jsonHolder `json:"holder"`
	Issuer       string     `json:"issuer,omitempty"`
	Issued       string     `json:"issued,omitempty"`
	Expires      string     `json:"expires,omitempty"`
	PINs         []jsonPIN  `json:"pins"`
	Certificates []jsonCert `json:"certificates"`
}

type jsonHolder struct {
	Surname    string `json:"surname,omitempty"`
	Name       string `json:"name,omitempty"`
	FiscalCode string `json:"fiscal_code,omitempty"`
	BirthDate  string `json:"birth_date,omitempty"`
}

type jsonPIN struct {
	ID        string `json:"id"`
	Label     string `json:"label"`
	TriesLeft *int   `json:"tries_left"` // null: the card does not tell
	Blocked   bool   `json:"blocked"`
	Min       int    `json:"min"`
	Max       int    `json:"max"`
	// Additions to the contract: the PUK, what was refused today, whether it is typed on the reader.
	PUKTriesLeft  *int `json:"puk_tries_left,omitempty"` // absent: the card does not tell
	PUKBlocked    bool `json:"puk_blocked,omitempty"`
	WrongToday    int  `json:"wrong_today,omitempty"`
	PUKWrongToday int  `json:"puk_wrong_today,omitempty"`
	OnReader      bool `json:"on_reader,omitempty"`
}

type jsonCert struct {
	ID         string `json:"id"`
	Use        string `json:"use"`
	Qualified  bool   `json:"qualified"`
	SubjectCN  string `json:"subject_cn,omitempty"`
	FiscalCode string `json:"fiscal_code,omitempty"`
	IssuerCN   string `json:"issuer_cn,omitempty"`
	Serial     string `json:"serial,omitempty"`
	NotBefore  string `json:"not_before,omitempty"`
	NotAfter   string `json:"not_after,omitempty"`
	DaysLeft   int    `json:"days_left"`
	Renewal    string `json:"renewal"`
	SHA256     string `json:"sha256"`
	Key        string `json:"key,omitempty"`
	// Additions to the contract: what the issuer says, with --ask or remembered from when it was bad, and the renewal window.
	Status     *jsonStatus `json:"status,omitempty"`
	Withdrawn  string      `json:"withdrawn,omitempty"` // the family of chips because of which it was revoked
	RenewFrom  string      `json:"renew_from,omitempty"`
	RenewUntil string      `json:"renew_until,omitempty"`
}

type jsonStatus struct {
	State   string `json:"state"` // good, revoked, suspended, unknown
	Since   string `json:"since,omitempty"`
	Checked string `json:"checked,omitempty"`
}

// card tells readers and cards without asking for a PIN.
func (s *session) card(args []string) (int, error) {
	var id string
	var ask bool
	rest, err := s.flags("card", args, func(f *flag.FlagSet) {
		f.StringVar(&id, "cert", "", "")
		f.BoolVar(&ask, "ask", false, "")
	})
	if err != nil {
		return 0, err
	}
	if len(rest) > 0 {
		return s.cardFile(rest, id)
	}
	sn, err := s.engine.Look(s.ctx)
	if err == nil {
		err = sn.Err
	}
	if err != nil {
		return 0, err
	}
	readers := []jsonReader{}
	cards := 0
	for _, sl := range sn.Slots {
		if s.reader != "" && !strings.Contains(sl.Reader, s.reader) {
			continue
		}
		r := jsonReader{Name: sl.Reader, State: slotStates[sl.State]}
		if sl.State == card.Present {
			c, err := s.inspect(sl, ask)
			r.ATR = c.ATR
			if err != nil {
				r.Error = s.jsonError(app.Explain(err))
				s.say(app.Explain(err))
			} else {
				cards++
				r.Card = s.jsonCard(&c)
				s.tellCard(&c)
			}
		}
		readers = append(readers, r)
	}
	if s.json {
		s.printJSON(map[string]any{"readers": readers})
	}
	if cards == 0 {
		fmt.Fprintln(s.words, s.texts.T("cli.no-card"))
		return exitNoCard, nil
	}
	return exitOK, nil
}

func (s *session) jsonCard(c *app.Card) *jsonCard {
	j := &jsonCard{
		Kind: c.Kind, Serial: c.Serial, Via: c.Via, Label: strings.TrimSpace(c.Surname + " " + c.Name),
		Practice: s.engine.Practice(),
		Holder:   jsonHolder{c.Surname, c.Name, c.FiscalCode, date(c.Birth)},
		Issuer:   c.Issuer, Issued: date(c.Issued), Expires: date(c.Expires),
		PINs: []jsonPIN{}, Certificates: []jsonCert{},
	}
	for _, p := range c.PINs {
		jp := jsonPIN{ID: fmt.Sprintf("%02x", byte(p.Ref)), Label: s.texts.Text(app.PINLabel(p.Ref)), Blocked: p.Blocked, Min: p.Min, Max: p.Max}
		jp.TriesLeft, jp.PUKTriesLeft = counted(p.TriesLeft), counted(p.PUKTriesLeft)
		jp.PUKBlocked, jp.OnReader, jp.WrongToday, jp.PUKWrongToday = p.PUKBlocked, p.OnReader, p.WrongToday, p.PUKWrongToday
		j.PINs = append(j.PINs, jp)
	}
	for i := range c.Certificates {
		x := &c.Certificates[i]
		j.Certificates = append(j.Certificates, jsonCert{
			ID: x.ID, Use: uses[x.Use], Qualified: x.Qualified, SubjectCN: x.SubjectCN, FiscalCode: x.FiscalCode,
			IssuerCN: x.IssuerCN, Serial: x.Serial, NotBefore: app.Stamp(x.NotBefore), NotAfter: app.Stamp(x.NotAfter),
			DaysLeft: x.DaysLeft, Renewal: renewals[x.Renewal], SHA256: x.SHA256, Key: x.KeyType,
			Withdrawn: x.Withdrawn, RenewFrom: date(x.RenewFrom), RenewUntil: date(x.RenewUntil), Status: jsonStatusOf(x.Status),
		})
	}
	return j
}

func jsonStatusOf(st app.CertStatus) *jsonStatus {
	if st.State == "" {
		return nil
	}
	return &jsonStatus{State: st.State, Since: stamp(st.Since), Checked: stamp(st.Checked)}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return app.Stamp(t)
}

// inspect reads the card; with ask the issuers of its certificates are asked first whether these still hold.
func (s *session) inspect(slot card.Slot, ask bool) (app.Card, error) {
	c, err := s.engine.Inspect(s.ctx, slot)
	if err != nil || !ask {
		return c, err
	}
	if err := s.engine.CheckCertificates(s.ctx, &c); err != nil {
		return c, err
	}
	return s.engine.Inspect(s.ctx, slot)
}

// counted is the number of tries, or nil where the card does not tell.
func counted(n int) *int {
	if n < 0 {
		return nil
	}
	return &n
}

// tellCard prints the card for a person.
func (s *session) tellCard(c *app.Card) {
	if s.json {
		return
	}
	fmt.Fprintf(s.out, "%s %s  (%s, %s)\n", c.Name, c.Surname, s.texts.Text(app.KindText(c)), c.Serial)
	if c.FiscalCode != "" {
		fmt.Fprintln(s.out, "  "+s.labelled(s.texts.T("cli.fiscal-code"), c.FiscalCode))
	}
	for i := range c.Certificates {
		x := &c.Certificates[i]
		fmt.Fprintln(s.out, "  "+s.labelled(s.texts.T("cli.use."+uses[x.Use]), x.SubjectCN))
		fmt.Fprintf(s.out, "    %s\n", s.texts.Text(lang.MN("cli.validity", x.DaysLeft, "date", s.texts.Date(x.NotAfter), "issuer", x.IssuerCN)))
		if x.Renewal == app.RenewalTooEarly {
			fmt.Fprintf(s.out, "    %s\n", s.texts.Text(lang.M("ui.renew.when", "from", s.texts.Date(x.RenewFrom), "until", s.texts.Date(x.RenewUntil))))
		}
		if st := x.Status; st.State != "" {
			fmt.Fprintf(s.out, "    %s\n", s.texts.Text(lang.M("ui.status."+st.State, "since", s.texts.Date(st.Since), "checked", s.texts.DateTime(st.Checked))))
		}
	}
	for _, p := range c.PINs {
		name := s.texts.Text(app.PINLabel(p.Ref))
		fmt.Fprintln(s.out, "  "+s.labelled(name, s.texts.Text(app.TriesText(p.Tries(false)))))
		fmt.Fprintf(s.out, "  %s, PUK: %s\n", name, s.texts.Text(app.PUKText(p.Tries(true))))
	}
	if c.Advice != nil {
		s.say(c.Advice)
	}
	for _, l := range s.engine.Guides(c) {
		fmt.Fprintln(s.out, "  "+s.labelled(s.texts.Text(l.Label), l.URL))
	}
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}
