package main

import (
	"testing"
	"time"
)

func TestTurns(t *testing.T) {
	hundred := make(turns, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i+1) * time.Millisecond
	}
	for _, c := range []struct {
		name string
		t    turns
		want string
	}{
		{"none", nil, "0 ms · 0 ms · 0 ms"},
		{"one", hundred[:1], "1 ms · 1 ms · 1 ms"},
		{"a hundred", hundred, "51 ms · 100 ms · 100 ms"},
	} {
		if got := c.t.String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
