package pac

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	maxScript   = 1 << 20 // bytes, as Chromium
	fetchTime   = 10 * time.Second
	scriptAge   = time.Hour       // of a script that was read
	failureAge  = time.Minute     // of one that could not be
	answerAge   = 5 * time.Minute // and how long a proxy that was not there is left out
	dialTime    = 3 * time.Second
	maxAnswers  = 256
	maxRedirect = 5
)

// Finder asks scripts, and remembers for a while what they said. The zero value is ready. It is safe for concurrent use.
type Finder struct {
	// Program is what runs a script, with [WorkerArg] as its only argument; empty is this program.
	Program string
	// Patience is how long a script may take; 0 is 8 seconds.
	Patience time.Duration
	// Now is the time; nil means time.Now.
	Now func() time.Time
	// Client fetches scripts, without any proxy; nil is one of our own.
	Client *http.Client

	once    sync.Once
	turn    chan struct{} // holds a token while a script is read or asked: one at a time
	source  string        // that script and readErr are of
	script  []byte
	readErr error
	read    time.Time
	answers map[string]answer
	gone    map[string]time.Time // proxies that were not there

	mu     sync.Mutex
	failed error // of the last question
}

type answer struct {
	ways []*url.URL
	err  error
	at   time.Time
}

// ScriptError means that a proxy script could not be had or followed.
type ScriptError struct {
	Source string // where it stands
	Err    error
}

func (e *ScriptError) Error() string { return "proxy script " + e.Source + ": " + e.Err.Error() }

// Unwrap returns the reason.
func (e *ScriptError) Unwrap() error { return e.Err }

// Find tells by whom u is to be asked, as the script at source says: nil is the direct way. Of several ways it is the
// first whose proxy can be reached. What goes wrong is a [*ScriptError].
func (f *Finder) Find(ctx context.Context, source string, u *url.URL) (*url.URL, error) {
	f.once.Do(func() { f.turn = make(chan struct{}, 1) })
	select {
	case f.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, &ScriptError{source, ctx.Err()}
	}
	defer func() { <-f.turn }()
	ways, err := f.ask(ctx, source, u)
	if err != nil {
		err = &ScriptError{source, err}
	}
	if ctx.Err() == nil {
		f.mu.Lock()
		f.failed = err
		f.mu.Unlock()
	}
	if err != nil {
		return nil, err
	}
	return f.first(ctx, ways), nil
}

// Failed is why the last question had no answer; nil when it had one.
func (f *Finder) Failed() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed
}

func (f *Finder) now() time.Time {
	if f.Now != nil {
		return f.Now()
	}
	return time.Now()
}

func (f *Finder) ask(ctx context.Context, source string, u *url.URL) ([]*url.URL, error) {
	if err := f.load(ctx, source); err != nil {
		return nil, err
	}
	about := asked(u)
	if a, known := f.answers[about]; known && f.now().Sub(a.at) < answerAge {
		return a.ways, a.err
	}
	said, err := f.run(ctx, request{Script: f.script, URL: about, Host: u.Hostname()})
	var ways []*url.URL
	if err == nil {
		ways, err = Parse(said)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if errors.Is(err, ErrTooLong) || errors.Is(err, ErrDied) { // it would be no better for another address
		f.readErr, f.read = err, f.now()
		return nil, err
	}
	if f.answers == nil || len(f.answers) >= maxAnswers {
		f.answers = map[string]answer{}
	}
	f.answers[about] = answer{ways, err, f.now()}
	return ways, err
}

// asked is what a script is told of an address: of https the host alone, as browsers do, of http the path too, and never
// a user.
func asked(u *url.URL) string {
	to := url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/"}
	if u.Scheme == "http" {
		to.Path, to.RawPath, to.RawQuery = u.Path, u.RawPath, u.RawQuery
		if to.Path == "" {
			to.Path = "/"
		}
	}
	return to.String()
}

// load reads the script at source, unless it has been read a short while ago.
func (f *Finder) load(ctx context.Context, source string) error {
	age := scriptAge
	if f.readErr != nil {
		age = failureAge
	}
	if source == f.source && f.now().Sub(f.read) < age {
		return f.readErr
	}
	b, err := f.fetch(ctx, source)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if source != f.source || sha256.Sum256(b) != sha256.Sum256(f.script) {
		f.answers = nil
	}
	f.source, f.script, f.readErr, f.read = source, b, err, f.now()
	return err
}

var (
	errNotFound = errors.New("no address of http, https or file")
	errTooLarge = errors.New("larger than 1 MiB")
	errEmpty    = errors.New("is empty")
)

func (f *Finder) fetch(ctx context.Context, source string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	u, err := url.Parse(source)
	if err != nil {
		return nil, errNotFound
	}
	var r io.ReadCloser
	switch u.Scheme {
	case "file":
		r, err = regular(localPath(u))
	case "http", "https":
		r, err = f.get(ctx, source)
	default:
		err = errNotFound
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, maxScript+1))
	switch {
	case err != nil:
		return nil, err
	case len(b) > maxScript:
		return nil, errTooLarge
	case strings.TrimSpace(string(b)) == "":
		return nil, errEmpty
	}
	return b, nil
}

// regular opens a file that is no pipe, which would wait for ever.
func regular(path string) (io.ReadCloser, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, errNotFound
	}
	return os.Open(path)
}

// direct asks without a proxy: by the script it would be found first.
var direct = &http.Client{
	Transport: &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(next *http.Request, via []*http.Request) error {
		if len(via) > maxRedirect || next.URL.Scheme != "http" && next.URL.Scheme != "https" {
			return errNotFound
		}
		return nil
	},
}

func (f *Finder) get(ctx context.Context, source string) (io.ReadCloser, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, source, nil)
	if err != nil {
		return nil, errNotFound
	}
	c := f.Client
	if c == nil {
		c = direct
	}
	resp, err := c.Do(q)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, fmt.Errorf("HTTP status %d", resp.StatusCode)
	}
	return resp.Body, nil
}

// first is the first way that can be gone. A single one is not tried: whoever asks will see.
func (f *Finder) first(ctx context.Context, ways []*url.URL) *url.URL {
	for i, w := range ways {
		if w == nil || len(ways) == 1 {
			return w
		}
		if at, gone := f.gone[w.Host]; gone && f.now().Sub(at) < answerAge {
			continue
		}
		d := net.Dialer{Timeout: dialTime}
		c, err := d.DialContext(ctx, "tcp", w.Host)
		if err == nil {
			c.Close()
			return w
		}
		if ctx.Err() != nil {
			return ways[i]
		}
		if f.gone == nil || len(f.gone) >= maxAnswers {
			f.gone = map[string]time.Time{}
		}
		f.gone[w.Host] = f.now()
	}
	return ways[0]
}
