package card

import (
	"context"
	"errors"
	"fmt"
)

// The limits of the CNS. OpenSC's driver for it has the same for the PIN and its block (pkcs15-itacns.c: min_length 5,
// max_length and stored_length 8, pad_char FF, ASCII digits); InfoCert's PINs of exactly eight digits and Aruba's of five
// and more are within them. That every PUK has eight is progettocns.it's word, and of the makers' manuals. The cards 1202
// of old took no PIN under six digits: such a one they refuse themselves, with 6A80, and no try is spent.
const (
	minPIN = 5
	maxPIN = 8
	lenPUK = 8
	field  = 8    // bytes of a PIN or PUK in a command
	fill   = 0xFF // the bytes after the digits
)

// fullTries is what the retry counter of a PIN starts with, by the chambers' instructions (tuttocamere.it) and
// progettocns.it. The cards 1201 of old had seven; on one of them "at least one wrong PIN" would be told late, not wrongly.
const fullTries = 3

// search is bit 8 of the qualifier, specific reference data (ISO 7816-4 §7.5.1): the PIN is looked for from the current
// folder up. Cards of ST want it even for the PIN of the master file (OpenSC, card-itacns.c).
const search = 0x80

// findPINs fills Info.PINs. A card that has told its number or its holder is a CNS and has the PIN of the
// authentication key; for everything else the file of a certificate must be there.
func (t *token) findPINs(ctx context.Context) error {
	found := map[PINRef]bool{AuthPIN: t.info.Serial != "" || t.info.Label != ""}
	for _, p := range places {
		if found[p.pin] {
			continue
		}
		if err := t.session.selectFile(ctx, p.file...); err == nil {
			found[p.pin] = true
		} else if !absent(err) {
			return fmt.Errorf("looking for certificate %s: %w", p.id(), err)
		}
	}
	for _, r := range []PINRef{AuthPIN, SignPIN} {
		if found[r] {
			t.info.PINs = append(t.info.PINs, t.pinInfo(r))
		}
	}
	return nil
}

// pinInfo is what this driver knows of a PIN of the CNS.
func (t *token) pinInfo(r PINRef) PINInfo {
	p := PINInfo{
		Ref: r, Min: minPIN, Max: maxPIN, MinPUK: lenPUK, MaxPUK: lenPUK, CanReset: true, CanChangePUK: changesPUK(t.info.Serial),
	}
	if _, keys := t.session.conn.(PadConn); keys {
		p.OnReader, p.TypeWithin = true, TypeWithin
	}
	return p
}

// Login implements Token.
func (t *token) Login(ctx context.Context, r PINRef, pin *PIN) error {
	if pin != nil {
		if err := t.check(r, false, pin); err != nil {
			return err
		}
	}
	release, err := t.begin(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := t.list(ctx); err != nil {
		return err
	}
	delete(t.rights, r)
	if err := t.judge(ctx, judgement{ins: insVerify, ref: r, pins: []*PIN{pin}}); err != nil {
		return err
	}
	t.rights[r] = true
	return nil
}

// ChangePIN implements Token.
func (t *token) ChangePIN(ctx context.Context, r PINRef, old, replacement *PIN) error {
	return t.replace(ctx, judgement{ins: insChange, ref: r, pins: []*PIN{old, replacement}}, false)
}

// Unblock implements Token.
func (t *token) Unblock(ctx context.Context, r PINRef, puk, replacement *PIN) error {
	return t.replace(ctx, judgement{ins: insResetCounter, ref: r, puk: true, pins: []*PIN{puk, replacement}}, false)
}

// ChangePUK implements Token.
func (t *token) ChangePUK(ctx context.Context, r PINRef, old, replacement *PIN) error {
	if p, _ := t.limits(r); !p.CanChangePUK {
		return ErrNoPUKChange
	}
	err := t.replace(ctx, judgement{ins: insChange, ref: r, puk: true, pins: []*PIN{old, replacement}}, true)
	if st := new(StatusError); errors.As(err, &st) && st.INS == insChange {
		switch st.SW { // the refusals of ISO 7816-4 §5.6 that are of the command and not of what is in it
		case 0x6700, 0x6982, 0x6984, 0x6985, 0x6A81, 0x6A86, swReference, 0x6D00:
			return fmt.Errorf("%w: %w", ErrNoPUKChange, err)
		}
	}
	return err
}

// changesPUK tells whether it is worth asking a card to change its PUK. The health cards of the regions, whose
// number begins with 6 (ID_Carta in AgID's file system of the CNS: 5 is national, 6 regional, 7 of another issuer), do not let their holders do that, and to try could cost a try of the PUK; of a card without a
// number nothing is known.
func changesPUK(serial string) bool { return serial != "" && serial[0] != '6' }

// replace sends a judgement that brings a new value with it, of a PIN or of a PUK.
func (t *token) replace(ctx context.Context, j judgement, newPUK bool) error {
	if j.pins[0] != nil || j.pins[1] != nil {
		if err := errors.Join(t.check(j.ref, j.puk, j.pins[0]), t.check(j.ref, newPUK, j.pins[1])); err != nil {
			return err
		}
	}
	release, err := t.begin(ctx)
	if err != nil {
		return err
	}
	defer release()
	return t.judge(ctx, j)
}

// limits finds a PIN of the card. One that it does not list has those of the CNS.
func (t *token) limits(r PINRef) (PINInfo, bool) {
	for _, p := range t.info.PINs {
		if p.Ref == r {
			return p, true
		}
	}
	return PINInfo{Ref: r, Min: minPIN, Max: maxPIN, MinPUK: lenPUK, MaxPUK: lenPUK}, false
}

// check keeps a PIN that the card could not have from reaching it.
func (t *token) check(r PINRef, puk bool, p *PIN) error {
	l, _ := t.limits(r)
	e := &FormatError{Ref: r, PUK: puk, Min: l.Min, Max: l.Max}
	if puk {
		e.Min, e.Max = l.MinPUK, l.MaxPUK
	}
	if n := p.Len(); n < e.Min || n > e.Max {
		return e
	}
	return nil
}

// judgement is a command that makes the card judge a PIN or PUK.
type judgement struct {
	ins  byte
	ref  PINRef
	puk  bool   // what is judged is the PUK of ref
	pins []*PIN // typed on the reader where they are nil
}

// judge sends VERIFY, CHANGE REFERENCE DATA or RESET RETRY COUNTER (ISO 7816-4 §7.5.6, §7.5.7, §7.5.10) once.
// A card may know the PIN only by the other form of the qualifier; that one is tried when, and only when, the
// first was answered with 6A88, for then there was nothing to judge.
func (t *token) judge(ctx context.Context, j judgement) error {
	qualifiers, err := t.approach(ctx, j.ref)
	if err != nil {
		return err
	}
	var sw uint16
	for _, p2 := range qualifiers {
		if err := ctx.Err(); err != nil {
			return err
		}
		sent := p2
		if j.ins == insChange && j.puk {
			sent++ // the PUK itself is what is changed
		}
		sw, err = t.present(ctx, j, sent)
		switch {
		case errors.Is(err, ErrUnsupported), errors.Is(err, ErrCancelled): // it did not leave
			return err
		case err != nil:
			t.note(j.ref, j.puk, nil)
			return &OutcomeUnknownError{Ref: j.ref, Err: err}
		}
		if sw != swReference {
			t.refs[j.ref] = p2
			break
		}
	}
	return t.verdict(j, sw)
}

// approach selects the folder of a PIN and tells the qualifiers to try. The master file's PIN is asked for
// plainly, as every program does; one in a folder is searched from there.
func (t *token) approach(ctx context.Context, r PINRef) ([]byte, error) {
	var folder []uint16
	qualifiers := []byte{byte(r), byte(r) | search}
	if r != AuthPIN {
		folder, qualifiers = []uint16{signFolder}, []byte{byte(r) | search, byte(r)}
	}
	if p2, ok := t.refs[r]; ok {
		qualifiers = []byte{p2}
	}
	if err := t.session.selectFolder(ctx, folder...); err != nil {
		return nil, fmt.Errorf("selecting the folder of PIN %02X: %w", byte(r), err)
	}
	return qualifiers, nil
}

// errNotSent means that the command did not leave.
var errNotSent = fmt.Errorf("reader has no keys: %w", ErrUnsupported)

// present builds the command in a buffer of its exact size, sends it and clears the buffer.
func (t *token) present(ctx context.Context, j judgement, p2 byte) (uint16, error) {
	apdu := make([]byte, 5+field*len(j.pins))
	defer clear(apdu)
	apdu[1], apdu[3], apdu[4] = j.ins, p2, byte(field*len(j.pins))
	for i := range apdu[5:] {
		apdu[5+i] = fill
	}
	if j.pins[0] == nil {
		pad, ok := t.session.conn.(PadConn)
		if !ok {
			return 0, errNotSent
		}
		l, _ := t.limits(j.ref)
		ask, least, most := pad.TransmitPIN, l.Min, l.Max
		switch {
		case len(j.pins) == 2 && j.puk && j.ins == insChange:
			ask, least, most = pad.TransmitPINs, l.MinPUK, l.MaxPUK
		case len(j.pins) == 2 && j.puk:
			ask, least, most = pad.TransmitPINs, min(l.Min, l.MinPUK), max(l.Max, l.MaxPUK)
		case len(j.pins) == 2:
			ask = pad.TransmitPINs
		}
		rsp, err := ask(ctx, apdu, least, most)
		if err != nil {
			return 0, err
		}
		_, sw, err := split(rsp)
		return sw, err
	}
	for i, p := range j.pins {
		p.Use(func(digits []byte) { copy(apdu[5+field*i:5+field*(i+1)], digits) })
	}
	_, sw, err := t.session.once(apdu)
	return sw, err
}

// verdict turns the answer into an error and notes what it tells about the tries left. Only these speak of the PIN
// (ISO 7816-4 §5.6): 63CX with X tries left; 6300, which some CNS answer in its place and which tells no number; and 6983,
// blocked. Some cards stay at 63C0 when blocked.
func (t *token) verdict(j judgement, sw uint16) error {
	refusal := &PINError{Ref: j.ref, PUK: j.puk}
	switch {
	case sw == swOK:
		t.note(j.ref, j.puk, nil)
		if j.puk && j.ins == insResetCounter { // it frees the PIN
			t.note(j.ref, false, nil)
		}
		return nil
	case sw&0xFFF0 == 0x63C0:
		refusal.TriesLeft = int(sw & 0x0F)
		refusal.Blocked = refusal.TriesLeft == 0
	case sw == 0x6300:
		refusal.TriesLeft = UnknownTries
	case sw == 0x6983:
		refusal.Blocked = true
	default:
		return &StatusError{j.ins, sw}
	}
	t.note(j.ref, j.puk, refusal)
	return refusal
}

// note writes into the journal what is known of a PIN or PUK that was judged: after a refusal what that told, else
// nothing.
func (t *token) note(r PINRef, puk bool, refusal *PINError) {
	tries, blocked := UnknownTries, false
	if refusal != nil {
		tries, blocked = refusal.TriesLeft, refusal.Blocked
	}
	t.source.remember(pinID{t.serial, r}, func(s *PINStatus) {
		if puk {
			s.PUKTriesLeft, s.PUKBlocked = tries, blocked
			return
		}
		s.TriesLeft, s.Blocked, s.Low = tries, blocked, refusal != nil
	})
}

// PINStatus implements Token. It asks the card only where that was proved harmless; for other cards it knows
// what refusals have told since the program started.
func (t *token) PINStatus(ctx context.Context, r PINRef) (PINStatus, error) {
	release, err := t.begin(ctx)
	if err != nil {
		return PINStatus{}, err
	}
	defer release()
	st := t.source.recall(pinID{t.serial, r})
	if !t.profile.emptyVerify() || len(t.rights) > 0 { // to ask would leave the folder of a PIN that is in use
		return st, nil
	}
	if err := t.ask(ctx, r, 0, &st.TriesLeft, &st.Blocked); err != nil {
		return PINStatus{}, err
	}
	st.Low = st.TriesLeft != UnknownTries && st.TriesLeft < fullTries
	if err := t.ask(ctx, r, 1, &st.PUKTriesLeft, &st.PUKBlocked); err != nil {
		return PINStatus{}, err
	}
	return st, nil
}

// ask sends VERIFY without data for a PIN, or with step 1 for its PUK (ISO 7816-4 §7.5.6).
func (t *token) ask(ctx context.Context, r PINRef, step byte, tries *int, blocked *bool) error {
	qualifiers, err := t.approach(ctx, r)
	if err != nil {
		return err
	}
	for _, p2 := range qualifiers {
		_, sw, err := t.session.do(ctx, []byte{0, insVerify, 0, p2 + step})
		switch {
		case err != nil:
			return err
		case sw&0xFFF0 == 0x63C0:
			*tries, *blocked = int(sw&0x0F), sw&0x0F == 0
		case sw == 0x6983:
			*tries, *blocked = 0, true
		case sw == swOK: // another program is logged in: a right PIN sets the counter back
			*tries, *blocked = fullTries, false
		}
		if sw != swReference {
			return nil
		}
	}
	return nil
}
