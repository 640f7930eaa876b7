package sim

import "time"

// Profile is a kind of card that people have, or a state that a card gets into.
type Profile struct {
	Name  string // for command lines, stable
	About string // for developers
	// term is when such a card is valid, seen from now; change makes it from the standard card.
	term   func(now time.Time) term
	change func(*Card)
}

// Names of profiles that the program itself knows.
const (
	Standard  = "standard"       // what [Issue] makes
	Withdrawn = "withdrawn-chip" // its signature certificate was revoked because of the chip
)

// Profiles lists the kinds of practice card.
func Profiles() []Profile {
	return []Profile{
		{Standard, "authentication and qualified signature certificate, a PIN and PUK for each", fresh, nil},
		{"ts-cns", "health card: authentication certificate only, does not tell the tries left", span(-1, 5), func(c *Card) {
			c.Sign, c.ATR, c.EmptyVerify = nil, ST2021, CountsATry
		}},
		{"idemia-2021", "authentication certificate in the layout of IDEMIA 2021", span(-1, 5), func(c *Card) {
			c.Sign, c.ATR, c.Layout, c.EmptyVerify = nil, IDEMIA, IDEMIA2021, WrongLen
		}},
		{"infocamere-1204", "authentication certificate in the layout of the cards 1204", span(-1, 2), func(c *Card) {
			c.Sign, c.ATR, c.Layout, c.EmptyVerify = nil, ST2021, InfoCamere, WrongLen
		}},
		{"renewed", "issued four years ago, certificates renewed a year ago", func(now time.Time) term {
			return term{now.AddDate(-4, 0, 0), now.AddDate(-1, 0, 0), now.AddDate(2, 0, 0)}
		}, nil},
		{"expiring", "twenty days left", days(-1075, 20), nil},
		{"expired", "expired yesterday", days(-1096, -1), nil},
		{"not-yet-valid", "valid from tomorrow", days(1, 1096), nil},
		{"last-try", "one try left of each PIN", fresh, func(c *Card) { c.Auth.PINTries, c.Sign.PINTries = 1, 1 }},
		{"pin-blocked", "both PINs blocked", fresh, blocked},
		{"sign-blocked", "the PIN for signing blocked", fresh, func(c *Card) { c.Sign.PINTries = -1 }},
		{"puk-dead", "both PINs and both PUKs blocked", fresh, func(c *Card) {
			blocked(c)
			c.Auth.PUKTries, c.Sign.PUKTries = -1, -1
		}},
		{"one-shot", "the PIN for signing is used up by each signature", fresh, func(c *Card) { c.Sign.OneShot = true }},
		{"chamber", "card of a chamber of commerce: only the maker's library reaches the signature, with its own PIN and PUK", fresh, func(c *Card) {
			c.ATR, c.EmptyVerify, c.Applet = JSign, CountsATry, true
		}},
		{"chamber-one-pin", "the same with one PIN and PUK for both certificates", fresh, func(c *Card) {
			c.ATR, c.EmptyVerify, c.Applet, c.Sign.OnePIN = JSign, CountsATry, true, true
		}},
		{Withdrawn, "issued on a chip whose signature certificates were revoked (ID-One on Cosmo V9); Practice.Revoked lists it", fresh, func(c *Card) {
			c.ATR, c.EmptyVerify = IDEMIA, WrongLen
		}},
		{"slow", "takes 400 ms for each command", fresh, func(c *Card) { c.Latency = 400 * time.Millisecond }},
		{"mute", "does not answer", fresh, func(c *Card) { c.Mute = true }},
		{"pin-pad", "in a reader with keys", fresh, func(c *Card) { c.PINPad = true }},
		{"pin-pad-verifies", "in a reader whose keys give a PIN to sign, and none to change", fresh, func(c *Card) { c.PINPad, c.PadVerifies = true, true }},
		{"old-chip", "CNS 1.0: no extended commands, T=0", span(-1, 2), func(c *Card) {
			c.ATR, c.NoExtended, c.T0, c.EmptyVerify = Siemens, true, true, WrongLen
		}},
		{"foreign", "answers like a CNS and is none", fresh, func(c *Card) {
			c.ATR, c.ID, c.Personal, c.Auth, c.Sign = IDEMIA, "", nil, nil, nil
		}},
		{"unknown", "a card that is no CNS", fresh, func(c *Card) { c.ATR = []byte{0x3B, 0x80, 0x80, 0x01, 0x01} }},
	}
}

func profileNamed(name string) (Profile, bool) {
	for _, f := range Profiles() {
		if f.Name == name {
			return f, true
		}
	}
	return Profile{}, false
}

func fresh(now time.Time) term {
	from := now.Add(-24 * time.Hour)
	return term{from, from, now.AddDate(3, 0, 0)}
}

// span is valid from some years ago to some years ahead, issued when it became valid.
func span(from, until int) func(time.Time) term {
	return func(now time.Time) term {
		return term{now.AddDate(from, 0, 0), now.AddDate(from, 0, 0), now.AddDate(until, 0, 0)}
	}
}

func days(from, until int) func(time.Time) term {
	return func(now time.Time) term {
		return term{now.AddDate(0, 0, from), now.AddDate(0, 0, from), now.AddDate(0, 0, until)}
	}
}

func blocked(c *Card) { c.Auth.PINTries, c.Sign.PINTries = -1, -1 }
