//go:build cgo

package p11

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/miekg/pkcs11"
)

// loaded is a module in the helper.
type loaded struct {
	c        *pkcs11.Ctx
	f        functions
	sessions map[uint]*session // by slot
	opened   uint
}

// session is the one session that the helper keeps with a token. It dies with the insertion of the card, which
// is how a card that was taken out and put back between two polls is noticed.
type session struct {
	handle pkcs11.SessionHandle
	number uint
	// staged is the PIN of a key that asks for it again at each signature. The card has just accepted it; the
	// next signature uses it up.
	staged *secret
}

// Limits on what a module may tell.
const (
	maxSlots   = 64
	maxObjects = 64
	maxValue   = 64 << 10
)

func load(path string) (*loaded, reply) {
	f, reason := loadFunctions(path)
	if reason != "" {
		return nil, reply{Fault: reason}
	}
	c := pkcs11.New(path)
	if c == nil {
		return nil, reply{Fault: "it cannot be loaded"}
	}
	l := &loaded{c: c, f: f, sessions: map[uint]*session{}}
	if code := codeOf(c.Initialize()); code != ckrOK && code != ckrAlreadyInitialized {
		return nil, reply{Function: "C_Initialize", Code: code}
	}
	r := reply{Library: &library{}}
	if i, err := c.GetInfo(); err == nil {
		r.Library = &library{
			Maker: clean(i.ManufacturerID), Description: clean(i.LibraryDescription),
			Version: fmt.Sprintf("%d.%d", i.LibraryVersion.Major, i.LibraryVersion.Minor),
		}
	}
	return l, r
}

// clean makes text of a padded field.
func clean(s string) string {
	return strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", " "), "?"))
}

// codeOf is the return value behind an error of package pkcs11.
func codeOf(err error) uint {
	var code pkcs11.Error
	switch {
	case err == nil:
		return ckrOK
	case errors.As(err, &code):
		return uint(code)
	}
	return ckrArgumentsBad
}

// do carries out an order.
func (l *loaded) do(o order) reply {
	switch o.Op {
	case opSlots:
		return l.slots()
	case opRead:
		return l.read(o.request)
	case opLogout:
		return l.logout(o.request)
	case opReset:
		if !resetCard(o.Reader) {
			return reply{Fault: "the card was not reset"}
		}
		return reply{}
	case opSign:
		return l.sign(o.request)
	}
	if n := len(o.secrets); o.Op == opLogin && n > 1 || o.Op == opSetPIN && n == 1 || o.Op == opInitPIN && n != 2 {
		return reply{Fault: "wrong number of secrets"}
	}
	pins := append(o.secrets, nil, nil) // nil is typed on the reader
	switch o.Op {
	case opLogin:
		return l.login(o.request, pins[0])
	case opSetPIN:
		return l.setPIN(o.request, pins[0], pins[1])
	case opInitPIN:
		return l.initPIN(o.request, pins[0], pins[1])
	}
	return reply{Fault: "unknown request"}
}

// keeps tells whether a secret is staged.
func (l *loaded) keeps(s *secret) bool {
	for _, x := range l.sessions {
		if x.staged == s {
			return true
		}
	}
	return false
}

func (l *loaded) slots() reply {
	ids, err := l.c.GetSlotList(false)
	if err != nil {
		return reply{Function: "C_GetSlotList", Code: codeOf(err)}
	}
	var r reply
	for _, id := range ids[:min(len(ids), maxSlots)] {
		info, err := l.c.GetSlotInfo(id)
		if err != nil {
			continue // a reader that went away between two calls
		}
		s := slotInfo{ID: id, Description: clean(info.SlotDescription), Present: info.Flags&pkcs11.CKF_TOKEN_PRESENT != 0}
		if !s.Present {
			l.forget(id)
			r.Slots = append(r.Slots, s)
			continue
		}
		if t, code := l.token(id); code != ckrOK {
			s.Code = code
		} else if x, code := l.session(id); code == ckrOK {
			s.Token, s.Session = t, x.number
		} else {
			s.Code = code
		}
		r.Slots = append(r.Slots, s)
	}
	return r
}

func (l *loaded) token(slot uint) (*tokenInfo, uint) {
	t, err := l.c.GetTokenInfo(slot)
	if err != nil {
		return nil, codeOf(err)
	}
	return &tokenInfo{
		Label: clean(t.Label), Maker: clean(t.ManufacturerID), Model: clean(t.Model), Serial: clean(t.SerialNumber),
		Flags: t.Flags, MinPIN: t.MinPinLen, MaxPIN: t.MaxPinLen,
	}, ckrOK
}

// live returns the session of an insertion; whoever is at work with a card must learn that it was taken out.
func (l *loaded) live(q request) (*session, *reply) {
	s, ok := l.sessions[q.Slot]
	if !ok || s.number != q.Session {
		return nil, &reply{Function: "C_GetSessionInfo", Code: ckrSessionHandleInvalid}
	}
	if _, err := l.c.GetSessionInfo(s.handle); err != nil {
		return nil, &reply{Function: "C_GetSessionInfo", Code: codeOf(err)}
	}
	return s, nil
}

// session returns the session with a slot; it opens one for a card that was just put in.
func (l *loaded) session(slot uint) (*session, uint) {
	if s, ok := l.sessions[slot]; ok {
		if _, err := l.c.GetSessionInfo(s.handle); err == nil {
			return s, ckrOK
		}
		l.forget(slot)
	}
	h, err := l.openSession(slot)
	if err != nil {
		return nil, codeOf(err)
	}
	l.opened++
	s := &session{handle: h, number: l.opened}
	l.sessions[slot] = s
	return s, ckrOK
}

// openSession opens a session that can change the PIN where the token has such.
func (l *loaded) openSession(slot uint) (pkcs11.SessionHandle, error) {
	h, err := l.c.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	if codeOf(err) == ckrTokenWriteProtected {
		return l.c.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION)
	}
	return h, err
}

// forget drops the session with a slot.
func (l *loaded) forget(slot uint) {
	if s, ok := l.sessions[slot]; ok {
		s.staged.wipe()
		_ = l.c.CloseSession(s.handle) // it may have died with its card
		delete(l.sessions, slot)
	}
}

func (l *loaded) close() {
	for slot, s := range l.sessions {
		_ = l.c.Logout(s.handle) // nobody may be logged in
		l.forget(slot)
	}
	_ = l.c.Finalize() // the process ends in any case
}

func (l *loaded) read(q request) reply {
	s, bad := l.live(q)
	if bad != nil {
		return *bad
	}
	var r reply
	certs, err := l.find(s, pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_CERTIFICATE))
	if err != nil {
		return reply{Function: "C_FindObjects", Code: codeOf(err)}
	}
	for _, o := range certs {
		if der := l.value(s, o, pkcs11.CKA_VALUE); len(der) > 0 {
			r.Certs = append(r.Certs, certInfo{
				DER: der, ID: l.value(s, o, pkcs11.CKA_ID),
				Authority: number(l.value(s, o, pkcs11.CKA_CERTIFICATE_CATEGORY)) == 2, // CK_CERTIFICATE_CATEGORY_AUTHORITY
			})
		}
	}
	r.Keys = l.keys(s)
	return r
}

// keys lists the private keys that the module shows.
func (l *loaded) keys(s *session) []keyInfo {
	var out []keyInfo
	found, err := l.find(s, pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PRIVATE_KEY))
	if err != nil {
		return nil
	}
	for _, o := range found {
		out = append(out, keyInfo{l.value(s, o, pkcs11.CKA_ID), l.always(s, o)})
	}
	return out
}

func (l *loaded) always(s *session, o pkcs11.ObjectHandle) bool {
	return number(l.value(s, o, pkcs11.CKA_ALWAYS_AUTHENTICATE)) == 1
}

// number reads a CK_BBOOL or CK_ULONG in the byte order of the machines that modules exist for.
func number(b []byte) uint {
	n := uint(0)
	for i, x := range b[:min(len(b), 8)] {
		n |= uint(x) << (8 * i)
	}
	return n
}

func (l *loaded) find(s *session, template ...*pkcs11.Attribute) ([]pkcs11.ObjectHandle, error) {
	if err := l.c.FindObjectsInit(s.handle, template); err != nil {
		return nil, err
	}
	var all []pkcs11.ObjectHandle
	for len(all) < maxObjects {
		some, _, err := l.c.FindObjects(s.handle, maxObjects)
		if err != nil {
			_ = l.c.FindObjectsFinal(s.handle) // the first error tells what happened
			return nil, err
		}
		if len(some) == 0 {
			break
		}
		all = append(all, some...)
	}
	return all[:min(len(all), maxObjects)], l.c.FindObjectsFinal(s.handle)
}

// value reads one attribute: a module that lacks one of several may refuse them all. It is nil where the module
// does not tell.
func (l *loaded) value(s *session, o pkcs11.ObjectHandle, attribute uint) []byte {
	a, err := l.c.GetAttributeValue(s.handle, o, []*pkcs11.Attribute{pkcs11.NewAttribute(attribute, nil)})
	if err != nil || len(a) != 1 || len(a[0].Value) > maxValue {
		return nil
	}
	return a[0].Value
}

// idle ends a login that is still in force, so that the next one is judged.
func (l *loaded) idle(s *session) {
	s.staged.wipe()
	s.staged = nil
	if i, err := l.c.GetSessionInfo(s.handle); err == nil && i.State != pkcs11.CKS_RO_PUBLIC_SESSION && i.State != pkcs11.CKS_RW_PUBLIC_SESSION {
		_ = l.c.Logout(s.handle) // if it fails, the login tells
	}
}

func (l *loaded) logout(q request) reply {
	s, bad := l.live(q)
	if bad != nil {
		return *bad
	}
	s.staged.wipe()
	s.staged = nil
	return reply{Function: "C_Logout", Code: codeOf(l.c.Logout(s.handle))}
}

// cause makes a code that says nothing into the removal of the card, where the card is not there any more.
func (l *loaded) cause(slot, code uint) uint {
	switch code {
	case ckrGeneralError, ckrFunctionFailed, ckrDeviceError:
		if i, err := l.c.GetSlotInfo(slot); err == nil && i.Flags&pkcs11.CKF_TOKEN_PRESENT == 0 {
			return ckrDeviceRemoved
		}
	}
	return code
}

// judged is the answer to a judgement, with the flags that the token has now.
func (l *loaded) judged(slot uint, function string, code uint) reply {
	r := reply{Function: function, Code: l.cause(slot, code)}
	if code != ckrOK {
		r.Token, _ = l.token(slot)
	}
	return r
}

func (l *loaded) login(q request, pin *secret) reply {
	s, bad := l.live(q)
	if bad != nil {
		return *bad
	}
	l.idle(s)
	r := l.judged(q.Slot, "C_Login", l.f.login(s.handle, userNormal, pin))
	if r.Code != ckrOK {
		return r
	}
	r.Keys = l.keys(s)
	for _, k := range r.Keys {
		if k.Always && pin != nil {
			s.staged = pin
		}
	}
	return r
}

// setPIN logs in before it changes the PIN: see the package comment. On a reader with keys it does not, for the
// person would have to type the old PIN twice.
func (l *loaded) setPIN(q request, old, replacement *secret) reply {
	s, bad := l.live(q)
	if bad != nil {
		return *bad
	}
	l.idle(s)
	if old != nil {
		if code := l.f.login(s.handle, userNormal, old); code != ckrOK && code != ckrPINExpired {
			return l.judged(q.Slot, "C_Login", code)
		}
	}
	r := l.judged(q.Slot, "C_SetPIN", l.f.setPIN(s.handle, old, replacement))
	if old != nil {
		_ = l.c.Logout(s.handle) // the login was ours
	}
	return r
}

func (l *loaded) initPIN(q request, puk, replacement *secret) reply {
	s, bad := l.live(q)
	if bad != nil {
		return *bad
	}
	l.idle(s)
	if code := l.f.login(s.handle, userSO, puk); code != ckrOK {
		return l.judged(q.Slot, "C_Login", code)
	}
	r := l.judged(q.Slot, "C_InitPIN", l.f.initPIN(s.handle, replacement))
	_ = l.c.Logout(s.handle) // the login was ours
	return r
}

// key finds a private key by CKA_ID or, where the module gives key and certificate different ones, by modulus.
func (l *loaded) key(s *session, q request) (pkcs11.ObjectHandle, *reply) {
	private := pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PRIVATE_KEY)
	templates := [][]*pkcs11.Attribute{{private, pkcs11.NewAttribute(pkcs11.CKA_ID, q.Key)}}
	if len(q.Modulus) > 0 {
		templates = append(templates, []*pkcs11.Attribute{private, pkcs11.NewAttribute(pkcs11.CKA_MODULUS, q.Modulus)})
	}
	for _, t := range templates {
		found, err := l.find(s, t...)
		if err != nil {
			return 0, &reply{Function: "C_FindObjects", Code: codeOf(err)}
		}
		for _, o := range found {
			if l.fits(s, o, q) {
				return o, nil
			}
		}
	}
	if i, err := l.c.GetSessionInfo(s.handle); err == nil && (i.State == pkcs11.CKS_RO_PUBLIC_SESSION || i.State == pkcs11.CKS_RW_PUBLIC_SESSION) {
		return 0, &reply{Function: "C_FindObjects", Code: ckrUserNotLoggedIn}
	}
	return 0, &reply{Function: "C_FindObjects", Code: ckrKeyHandleInvalid}
}

// fits tells whether a private key is of the kind that is looked for, as far as the module shows.
func (l *loaded) fits(s *session, o pkcs11.ObjectHandle, q request) bool {
	kind := uint(pkcs11.CKK_EC)
	if len(q.Modulus) > 0 {
		kind = pkcs11.CKK_RSA
	}
	if k := l.value(s, o, pkcs11.CKA_KEY_TYPE); len(k) > 0 && number(k) != kind {
		return false
	}
	m := l.value(s, o, pkcs11.CKA_MODULUS)
	return kind == pkcs11.CKK_EC || len(m) == 0 || bytes.Equal(bytes.TrimLeft(m, "\x00"), q.Modulus)
}

func (l *loaded) sign(q request) reply {
	s, bad := l.live(q)
	if bad != nil {
		return *bad
	}
	key, bad := l.key(s, q)
	if bad != nil {
		return *bad
	}
	again := l.always(s, key)
	if t, _ := l.token(q.Slot); again && s.staged == nil && (t == nil || t.Flags&flagProtectedPad == 0) {
		return reply{Function: "C_Sign", Code: ckrUserNotLoggedIn}
	}
	var parameter any
	if p := q.PSS; p != nil {
		parameter = pkcs11.NewPSSParams(p.Hash, p.MGF, p.Salt)
	}
	if err := l.c.SignInit(s.handle, []*pkcs11.Mechanism{pkcs11.NewMechanism(q.Mechanism, parameter)}, key); err != nil {
		return reply{Function: "C_SignInit", Code: l.cause(q.Slot, codeOf(err))}
	}
	if again {
		code := l.f.login(s.handle, userContext, s.staged)
		s.staged.wipe()
		s.staged = nil
		if code != ckrOK {
			r := l.judged(q.Slot, loginForKey, code)
			l.restart(q.Slot, s)
			return r
		}
	}
	sig, err := l.c.Sign(s.handle, q.Data)
	if err != nil {
		return reply{Function: "C_Sign", Code: l.cause(q.Slot, codeOf(err))}
	}
	return reply{Signature: sig}
}

// restart ends an operation that was begun, with the session, and opens the session again for the same insertion.
func (l *loaded) restart(slot uint, s *session) {
	_ = l.c.CloseSession(s.handle) // it may have died with its card
	h, err := l.openSession(slot)
	if err != nil {
		delete(l.sessions, slot)
		return
	}
	s.handle = h
}
