package app

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ceralacca/signer"
)

// opensslTSA answers as a time-stamp authority with OpenSSL. It returns the authority's folder, where tsa.pem lies.
func opensslTSA(t *testing.T) (http.HandlerFunc, string) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed (.ci/install check)")
	}
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	eku, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(5), Subject: pkix.Name{CommonName: "Marche di prova"}, KeyUsage: x509.KeyUsageDigitalSignature,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: eku}},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "tsa.cnf", []byte("[tsa]\ndefault_tsa = t\n[t]\nserial = serial\ncrypto_device = builtin\nsigner_cert = tsa.pem\n"+
		"signer_key = tsa.key\nsigner_digest = sha256\ndefault_policy = 1.2.3.4\ndigests = sha256\ness_cert_id_alg = sha256\n"))
	put(t, dir, "serial", []byte("01\n"))
	put(t, dir, "tsa.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	put(t, dir, "tsa.key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
	turn := make(chan struct{}, 1)
	return func(w http.ResponseWriter, r *http.Request) {
		turn <- struct{}{}
		defer func() { <-turn }()
		query, err := io.ReadAll(r.Body)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "query"), query, 0o600)
		}
		cmd := exec.Command("openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply")
		cmd.Dir = dir
		if out, rerr := cmd.CombinedOutput(); err != nil || rerr != nil {
			http.Error(w, string(out), http.StatusInternalServerError)
			return
		}
		http.ServeFile(w, r, filepath.Join(dir, "reply"))
	}, dir
}

// chooser is a person who answers time-stamp questions in turn, the last answer for ever.
type chooser struct {
	answers
	choices []int
	put     []Choice
}

func (c *chooser) Choose(_ context.Context, q Choice) (int, error) {
	c.put = append(c.put, q)
	n := c.choices[min(len(c.put), len(c.choices))-1]
	return n, nil
}

// counted serves h and counts the requests.
func counted(t *testing.T, h http.Handler) (string, *atomic.Int32) {
	t.Helper()
	var n atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { n.Add(1); h.ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	return srv.URL, &n
}

// TestHostileAuthorities: whatever an authority does, the signature is made once, kept, and told to lack its
// time-stamp; the authority is asked once.
func TestHostileAuthorities(t *testing.T) {
	good, dir := opensslTSA(t)
	other := exec.Command("openssl", "ts", "-query", "-data", "tsa.cnf", "-sha256", "-cert", "-out", "other")
	other.Dir = dir
	if out, err := other.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	otherQuery, err := os.ReadFile(filepath.Join(dir, "other"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, reason, advice string
		handler              http.HandlerFunc
	}{
		{"answer to another question", "nonce", "stamp-wrong", func(w http.ResponseWriter, r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader(string(otherQuery)))
			good(w, r)
		}},
		{"time-stamp of other bytes", "imprint", "stamp-wrong", func(w http.ResponseWriter, r *http.Request) {
			query, err := io.ReadAll(r.Body)
			at := bytes.Index(query, []byte{0x04, 0x20}) // the octets of the SHA-256
			if err != nil || at < 0 {
				t.Errorf("request %x, %v", query, err)
				return
			}
			query[at+2] ^= 1
			r.Body = io.NopCloser(bytes.NewReader(query))
			good(w, r)
		}},
		{"HTTP 500", "status", "stamp-refused", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }},
		{"unknown user", "status", "stamp-login", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }},
		{"redirect", "redirect", "stamp-wrong", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusFound) }},
		{"redirect to a file", "redirect", "stamp-wrong", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(http.StatusTemporaryRedirect)
		}},
		{"garbage", "garbage", "stamp-wrong", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }},
		{"huge", "too-large", "stamp-wrong", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 2<<20)) }},
		{"hangs up", "network", "stamp-unreachable", func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			address, asked := counted(t, tc.handler)
			e, bus := practiceEngine(t)
			file := put(t, t.TempDir(), "a.txt", []byte("a"))
			c := &chooser{answers: answers{pins: []string{PracticePIN}}, choices: []int{StampWithout}}
			bus.Script()
			var res FileResult
			err := e.Sign(t.Context(), SignRequest{Slot: slotOf(t, e), Files: []string{file}, Level: LevelT, TSA: address}, c,
				SignEvents{Done: func(r FileResult) { res = r }})
			if err != nil || res.Err != nil || res.Short == nil || res.Level != LevelB || res.Output != file+".p7m" {
				t.Fatalf("%+v, %v", res, err)
			}
			var stamp *signer.TimeStampError
			if !errors.As(res.Short, &stamp) || stamp.Reason != tc.reason || Explain(stamp).Code != tc.advice || Explain(res.Short).Code != "no-time-stamp" {
				t.Errorf("told %+v", stamp)
			}
			if asked.Load() != 1 || len(c.put) != 1 {
				t.Errorf("authority asked %d times, person %d times", asked.Load(), len(c.put))
			}
			if rep, err := e.Verify(t.Context(), VerifyRequest{File: res.Output}); err != nil || JudgeReport(rep).Seal != SealWhole {
				t.Errorf("%+v, %v", rep, err)
			}
		})
	}
}

// TestSlowAuthority: a job that waits for an authority ends as soon as it is told to, and leaves nothing behind.
func TestSlowAuthority(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	address, _ := counted(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then the server sees that the client hangs up
		cancel()
		<-r.Context().Done()
	}))
	e, _ := practiceEngine(t)
	dir := t.TempDir()
	file := put(t, dir, "a.txt", []byte("a"))
	c := &chooser{answers: answers{pins: []string{PracticePIN}}, choices: []int{StampAgain}}
	err := e.Sign(ctx, SignRequest{Slot: slotOf(t, e), Files: []string{file}, Level: LevelT, TSA: address}, c, SignEvents{})
	if !errors.Is(err, context.Canceled) || len(c.put) != 0 {
		t.Errorf("%v, asked %v", err, c.put)
	}
	only(t, dir, "a.txt")
}

// TestStampTriedAgain: the person has the authority asked again; the card signs once all the same.
func TestStampTriedAgain(t *testing.T) {
	good, _ := opensslTSA(t)
	n := 0
	address, asked := counted(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n++; n < 3 {
			w.WriteHeader(503)
			return
		}
		good(w, r)
	}))
	e, bus := practiceEngine(t)
	file := put(t, t.TempDir(), "a.txt", []byte("a"))
	c := &chooser{answers: answers{pins: []string{PracticePIN}}, choices: []int{StampAgain}}
	var res FileResult
	err := e.Sign(t.Context(), SignRequest{Slot: slotOf(t, e), Files: []string{file}, Level: LevelT, TSA: address}, c,
		SignEvents{Done: func(r FileResult) { res = r }})
	if err != nil || res.Err != nil || res.Short != nil || res.Level != LevelT || asked.Load() != 3 || len(c.put) != 2 {
		t.Fatalf("%+v, %v; %d requests, %d questions", res, err, asked.Load(), len(c.put))
	}
	if n := bus.Count(0x2A); n != 1 {
		t.Errorf("the card signed %d times", n)
	}
	if first, again := c.put[0].Tried, c.put[1].Tried; !first.IsZero() || again.Key != "stamp.tried" {
		t.Errorf("told of the attempt: %+v, then %+v", first, again)
	}
}

// TestStampAgainShown: the State tells that a time-stamp is asked for again, from the answer to what comes of it.
func TestStampAgainShown(t *testing.T) {
	for _, tc := range []struct {
		name   string
		answer int
		want   bool
	}{{"again", StampAgain, true}, {"without", StampWithout, false}, {"stop", StampStop, false}} {
		t.Run(tc.name, func(t *testing.T) {
			st := State{Docs: &Docs{List: []Doc{{ID: 1}}}, Job: &Job{Running: true, Total: 1, Stamping: true}}
			var told []bool
			j := &jobAsker{&chooser{choices: []int{tc.answer}}, nil, func(on bool) {
				st = stampAgain(on)(st)
				told = append(told, st.Job.Stamping)
			}, ""}
			if i, err := j.Choose(t.Context(), Choice{}); err != nil || i != tc.answer || !slices.Equal(told, []bool{false, tc.want}) {
				t.Errorf("answer %d, %v; told %v", i, err, told)
			}
			if st = endFile(1, FileResult{})(st); st.Job.Stamping {
				t.Error("still told of once the file is done")
			}
		})
	}
}

// TestNextAuthority: one that is certainly not reached is followed by the next on the list, unasked.
func TestNextAuthority(t *testing.T) {
	good, _ := opensslTSA(t)
	address, _ := counted(t, good)
	gone := httptest.NewServer(good)
	gone.Close()
	e, _ := practiceEngine(t)
	if err := e.SaveAuthorities([]Authority{{Name: "Chiusa", URL: gone.URL}, {Name: "Aperta", URL: address}}); err != nil {
		t.Fatal(err)
	}
	file := put(t, t.TempDir(), "a.txt", []byte("a"))
	c := &chooser{answers: answers{pins: []string{PracticePIN}}, choices: []int{StampStop}}
	var res FileResult
	err := e.Sign(t.Context(), SignRequest{Slot: slotOf(t, e), Files: []string{file}, Level: LevelT}, c,
		SignEvents{Done: func(r FileResult) { res = r }})
	if err != nil || res.Level != LevelT || len(c.put) != 0 {
		t.Fatalf("%+v, %v, asked %v", res, err, c.put)
	}
}

// TestStopAtAFailedStamp: what the card has signed by then is kept, the rest can be resumed.
func TestStopAtAFailedStamp(t *testing.T) {
	address, asked := counted(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }))
	e, _ := practiceEngine(t)
	dir := t.TempDir()
	var files []string
	for _, n := range strings.Fields("a b c d e f g h i j k l") {
		files = append(files, put(t, dir, n, []byte(n)))
	}
	c := &chooser{answers: answers{pins: []string{PracticePIN}}, choices: []int{StampStop}}
	done := 0
	err := e.Sign(t.Context(), SignRequest{Slot: slotOf(t, e), Files: files, Level: LevelT, TSA: address}, c,
		SignEvents{Done: func(r FileResult) {
			done++
			if r.Err != nil || r.Short == nil {
				t.Errorf("%+v", r)
			}
		}})
	if !errors.Is(err, context.Canceled) || done == 0 || done > inFlight || len(c.put) != 1 || int(asked.Load()) > inFlight {
		t.Errorf("%v; %d done, %d questions, %d requests", err, done, len(c.put), asked.Load())
	}
	list, err := e.Interrupted()
	if err != nil || len(list) != 1 || list[0].Done != done || list[0].Total != len(files) {
		t.Errorf("%+v, %v", list, err)
	}
}

// keyrings is a keyring in memory.
type keyrings map[string]string

func (k keyrings) Get(service, user string) (string, error) { return k[service+"|"+user], nil }
func (k keyrings) Set(service, user, p string) error        { k[service+"|"+user] = p; return nil }
func (k keyrings) Delete(service, user string) error        { delete(k, service+"|"+user); return nil }

func TestAuthorities(t *testing.T) {
	good, _ := opensslTSA(t)
	var user, password string
	address, _ := counted(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ = r.BasicAuth()
		good(w, r)
	}))
	secrets := keyrings{}
	dir := t.TempDir()
	e := New(Config{Dir: dir, Secrets: secrets})
	a := Authority{Name: "Ufficio", URL: address, User: "anna"}
	if err := e.SaveAuthorities([]Authority{a}); err != nil {
		t.Fatal(err)
	}
	if err := e.KeepPassword(a, "s3gr3ta"); err != nil || !e.HasPassword(a) {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(e.authoritiesFile()); strings.Contains(string(b), "s3gr3ta") || !strings.Contains(string(b), "anna") {
		t.Errorf("file holds %s", b)
	}
	file := put(t, t.TempDir(), "a.txt", []byte("a"))
	var res FileResult
	if err := e.Timestamp(t.Context(), TimestampRequest{Files: []string{file}, TSA: "ufficio"}, func(r FileResult) { res = r }); err != nil || res.Err != nil {
		t.Fatalf("%v %v", err, res.Err)
	}
	if user != "anna" || password != "s3gr3ta" || res.Output != file+".tsd" {
		t.Errorf("%q %q %+v", user, password, res)
	}
	for _, bad := range []string{"", "ftp://x/", "https://u:p@x/", "x"} {
		var no *AuthorityError
		if err := e.SaveAuthorities([]Authority{{URL: bad}}); !errors.As(err, &no) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if err := e.SaveAuthorities(nil); err != nil || len(secrets) != 0 {
		t.Errorf("%v, the keyring still holds %v", err, secrets)
	}
}

// TestTimestamp stamps files as TSD and TSR; both are judged by OpenSSL too.
func TestTimestamp(t *testing.T) {
	good, tsa := opensslTSA(t)
	address, asked := counted(t, good)
	e := New(Config{Dir: t.TempDir(), Secrets: keyrings{}})
	dir := t.TempDir()
	file := put(t, dir, "è #1 100%.bin", []byte(strings.Repeat("abc", 100_000)))
	var got []FileResult
	for _, f := range []Format{FormatTSD, FormatTSR} {
		err := e.Timestamp(t.Context(), TimestampRequest{Files: []string{filepath.Join(dir, "gone"), file}, TSA: address, Format: f},
			func(r FileResult) { got = append(got, r) })
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(got) != 4 || got[0].Err == nil || got[2].Err == nil || got[1].Err != nil || got[3].Err != nil || asked.Load() != 2 {
		t.Fatalf("%d requests, %+v", asked.Load(), got)
	}
	only(t, dir, filepath.Base(file), filepath.Base(file)+".tsd", filepath.Base(file)+".tsr")
	verify := func(args ...string) {
		t.Helper()
		args = append([]string{"ts", "-verify", "-data", file, "-CAfile", filepath.Join(tsa, "tsa.pem"), "-partial_chain"}, args...)
		if out, err := exec.Command("openssl", args...).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
	verify("-in", file+".tsr")
	// The token of the TSD is its last element: whatever follows the content and two short heads.
	tsd, err := os.ReadFile(file + ".tsd")
	if err != nil {
		t.Fatal(err)
	}
	at := strings.LastIndex(string(tsd), "abc") + 3 + 4 + 4
	verify("-token_in", "-in", put(t, t.TempDir(), "token", tsd[at:]))
	rep, err := e.Verify(t.Context(), VerifyRequest{File: file + ".tsr", Originals: []string{file}})
	if err != nil || len(rep.Signatures) != 1 || rep.Signatures[0].Integrity != signer.Intact {
		t.Errorf("%+v, %v", rep, err)
	}
	// Nothing is overwritten, and no mark is spent to find that out.
	err = e.Timestamp(t.Context(), TimestampRequest{Files: []string{file}, TSA: address}, func(r FileResult) { got = append(got, r) })
	if err != nil || !errors.As(got[4].Err, new(*ExistsError)) || asked.Load() != 2 {
		t.Errorf("%v, %+v, %d requests", err, got[4], asked.Load())
	}
	huge := put(t, t.TempDir(), "huge", nil)
	if err := os.Truncate(huge, 8<<40); err != nil { // takes no room itself
		t.Fatal(err)
	}
	err = e.Timestamp(t.Context(), TimestampRequest{Files: []string{huge}, TSA: address}, func(r FileResult) { got = append(got, r) })
	if err != nil || !errors.As(got[5].Err, new(*SpaceError)) || asked.Load() != 2 {
		t.Errorf("no room: %v, %+v, %d requests", err, got[5], asked.Load())
	}
	down, requests := counted(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }))
	other := put(t, dir, "b", nil)
	err = e.Timestamp(t.Context(), TimestampRequest{Files: []string{other, other}, TSA: down}, func(FileResult) {})
	if !errors.As(err, new(*signer.TimeStampError)) || requests.Load() != 1 {
		t.Errorf("%v after %d requests", err, requests.Load())
	}
}

// TestStoreStamps: a time-stamp of each file, none twice, and an authority that fails ends the job.
func TestStoreStamps(t *testing.T) {
	good, _ := opensslTSA(t)
	address, asked := counted(t, good)
	e, _ := practiceEngine(t)
	w := runStore(t, e, &answers{})
	_, files := many(t, 2)
	w.SetChoices(SignChoices{TSA: address})
	w.Timestamp(files, FormatTSR)
	w.Timestamp(files, FormatTSR) // a second click
	st := w.until("stamped", func(st *State) bool { return st.Stamping != nil && !st.Stamping.Running })
	if j := st.Stamping; j.Advice != nil || len(j.Results) != 2 || j.Results[1].Output != files[1]+".tsr" || asked.Load() != 2 {
		t.Errorf("%+v, asked %d times", j, asked.Load())
	}
	w.Timestamp(files, FormatTSR)
	st = w.until("refused", func(st *State) bool {
		return !st.Stamping.Running && len(st.Stamping.Results) == 2 && st.Stamping.Results[0].Err != nil
	})
	if a := Explain(st.Stamping.Results[0].Err); a.Code != "output-exists" || asked.Load() != 2 {
		t.Errorf("%+v, asked %d times", a, asked.Load())
	}
	down, _ := counted(t, http.NotFoundHandler())
	w.SetChoices(SignChoices{TSA: down})
	w.Timestamp(files, FormatTSD)
	w.until("given up", func(st *State) bool {
		return !st.Stamping.Running && st.Stamping.Advice != nil && len(st.Stamping.Results) == 1
	})
}

// A token without room in the PDF is told to the person, and no second one is asked for on their behalf. Their no is
// for that file alone: the next has room.
func TestStampWithoutRoom(t *testing.T) {
	for _, tt := range []struct {
		name           string
		answer         int
		more, off, end bool
	}{
		{"another", StampAgain, true, false, false},
		{"without", StampWithout, false, false, false},
		{"stop", StampStop, false, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			stopped := false
			c := &chooser{choices: []int{tt.answer}}
			s := &stamper{tsas: []*signer.TSA{{URL: "https://tsa.example"}}, ask: c, turn: make(chan struct{}, 1), stop: func() { stopped = true }, now: time.Now}
			first := s.first()
			next := first.Failed(t.Context(), &signer.TimeStampError{Reason: "room", Asked: true, Err: io.EOF})
			if (next != nil) != tt.more || (s.givenUp() != nil) != tt.off || stopped != tt.end {
				t.Errorf("asked again %v, given up %v, stopped %v", next != nil, s.givenUp(), stopped)
			}
		})
	}
	e := New(Config{})
	a, b := signerTSA(t, e, "https://a.example"), signerTSA(t, e, "https://a.example")
	if a.Sizes != b.Sizes || a.Sizes == signerTSA(t, e, "https://b.example").Sizes {
		t.Error("the sizes of an authority's tokens are not remembered from job to job, each for itself")
	}
}

func signerTSA(t *testing.T, e *Engine, address string) *signer.TSA {
	t.Helper()
	tsa, err := e.tsa(Authority{URL: address})
	if err != nil {
		t.Fatal(err)
	}
	return tsa
}
