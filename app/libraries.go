package app

import (
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
)

// Libraries keeps, from one start to the next, which maker's library was of use for which card. A card is known by a
// keyed hash alone. It is a memory for the Source of such libraries, and safe for concurrent use.
type Libraries struct {
	path string // empty keeps it in memory alone

	mu   sync.Mutex
	kept *librariesFile // nil until it was read
}

type librariesFile struct {
	Salt    []byte            `json:"salt"`
	Modules map[string]string `json:"modules"` // hash of the card: path
}

// NewLibraries keeps them in the folder dir; without one they are forgotten with the program.
func NewLibraries(dir string) *Libraries {
	if dir == "" {
		return new(Libraries)
	}
	return &Libraries{path: filepath.Join(dir, "libraries.json")}
}

// read returns what is kept; l.mu is held. A file that cannot be read is as good as none: the libraries are then asked
// in their usual order.
func (l *Libraries) read() *librariesFile {
	if l.kept == nil {
		f := &librariesFile{}
		b, err := os.ReadFile(l.path)
		if l.path == "" || err != nil || json.Unmarshal(b, f) != nil || len(f.Salt) < 16 {
			f = &librariesFile{Salt: make([]byte, 16)}
			_, _ = rand.Read(f.Salt) // it never fails: crypto/rand ends the program first
		}
		if f.Modules == nil {
			f.Modules = map[string]string{}
		}
		l.kept = f
	}
	return l.kept
}

// Module is the path of the library that was of use for the card last; "" where none was.
func (l *Libraries) Module(card string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.read()
	return f.Modules[keyed(f.Salt, card)]
}

// Keep notes that a library was of use for the card. One that cannot be written is kept until the program ends.
func (l *Libraries) Keep(card, module string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.read()
	name := keyed(f.Salt, card)
	if f.Modules[name] == module {
		return
	}
	f.Modules[name] = module
	if b, err := json.Marshal(f); err == nil && l.path != "" {
		_ = replaceFile(l.path, b) // a full disk must not keep the card from being used
	}
}
