package tsp

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// asked stands for the network: it counts who is asked, and answers as the name of the server says.
type asked map[string]int

func (a asked) RoundTrip(r *http.Request) (*http.Response, error) {
	a[r.URL.Host]++
	answer := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: r}
	switch {
	case r.Context().Err() != nil:
		return nil, r.Context().Err()
	case strings.HasPrefix(r.URL.Host, "dead"):
		return nil, errors.New("no answer")
	case strings.HasPrefix(r.URL.Host, "busy"):
		answer.StatusCode = http.StatusServiceUnavailable
	case r.URL.Path == "/to":
		answer.StatusCode = http.StatusTemporaryRedirect
		answer.Header.Set("Location", r.URL.Query().Get("at"))
	}
	return answer, nil
}

// In a run over many files a server without an answer is asked once; one that answers, with whatever, always is.
func TestSparing(t *testing.T) {
	for _, c := range []struct {
		name, address string
		want          map[string]int // how often each is asked by a GET and a POST, twice
	}{
		{"one that answers", "http://good.example/crl", map[string]int{"good.example": 4}},
		{"one that does not", "http://dead.example/crl", map[string]int{"dead.example": 1}},
		{"one at another port is another", "http://dead.example:81/crl", map[string]int{"dead.example:81": 1}},
		{"one with an error to tell", "http://busy.example/crl", map[string]int{"busy.example": 4}},
		{
			"one that sends us where nobody answers", "http://good.example/to?at=" + url.QueryEscape("http://dead.example/crl"),
			map[string]int{"good.example": 4, "dead.example": 1},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			net := asked{}
			w := &Web{Client: &http.Client{Transport: net}}
			ctx := Sparing(t.Context())
			for range 2 {
				_, got := w.Get(ctx, c.address, 10)
				_, posted := w.Post(ctx, c.address, "a/b", "", []byte("?"), nil, 10)
				for _, err := range []error{got, posted} {
					if e := (*WebError)(nil); net["dead.example"] > 0 && (!errors.As(err, &e) || e.Reason != "network") {
						t.Errorf("got %v, want a failure of the network", err)
					}
				}
			}
			for host, n := range c.want {
				if net[host] != n {
					t.Errorf("%s was asked %d times, want %d", host, net[host], n)
				}
			}
			if len(net) != len(c.want) {
				t.Errorf("asked: %v", net)
			}
		})
	}
}

// The memory is that of one run, and an exchange that was stopped tells nothing of the server.
func TestSparingEnds(t *testing.T) {
	net := asked{}
	w := &Web{Client: &http.Client{Transport: net}}
	for _, ctx := range []context.Context{t.Context(), t.Context(), Sparing(t.Context()), Sparing(t.Context())} {
		_, _ = w.Get(ctx, "http://dead.example/", 10)
	}
	if net["dead.example"] != 4 {
		t.Errorf("asked %d times, want anew by each run", net["dead.example"])
	}
	run := Sparing(t.Context())
	stopped, stop := context.WithCancel(run)
	stop()
	_, _ = w.Get(stopped, "http://good.example/", 10)
	if _, err := w.Get(run, "http://good.example/", 10); err != nil {
		t.Errorf("after an exchange that was stopped: %v", err)
	}
}
