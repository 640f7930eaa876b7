package tsp

import (
	"context"
	"errors"
	"net/url"
	"sync"
)

// silent are the servers that gave no answer at all during one run over many files.
type silent struct {
	mu    sync.Mutex
	hosts map[string]error // by host and port as written
}

type silentKey struct{}

// Sparing is ctx for a run over many files: a server that could not be reached is not asked again by exchanges under
// it, or each file would wait for the same dead server. What has answered, be it with an error, is asked again. The
// memory ends with the context: who starts anew asks anew.
func Sparing(ctx context.Context) context.Context {
	return context.WithValue(ctx, silentKey{}, &silent{hosts: map[string]error{}})
}

// silenceOf is why the server of u is not asked again under ctx; nil if it is.
func silenceOf(ctx context.Context, u *url.URL) error {
	s, ok := ctx.Value(silentKey{}).(*silent)
	if !ok {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hosts[u.Host]
}

// hush remembers who did not answer under ctx. err is that of the HTTP client, which names the last address it asked: a
// server that sent us on did answer. An end of ctx itself says nothing of the server.
func hush(ctx context.Context, err error) {
	s, ok := ctx.Value(silentKey{}).(*silent)
	var failed *url.Error
	if !ok || ctx.Err() != nil || !errors.As(err, &failed) {
		return
	}
	u, bad := url.Parse(failed.URL)
	if bad != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hosts[u.Host] = failed.Err
}
