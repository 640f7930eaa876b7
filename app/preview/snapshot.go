package preview

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"sync"
)

// ErrChanged means that the file is no longer the one that was hashed when it was opened.
var ErrChanged = errors.New("file changed since its preview was opened")

// blockSize is the unit in which the file is held against its first reading.
const blockSize = 128 << 10

// snapshot reads a file and answers only with bytes that were there when it was hashed. It may be used by several
// goroutines.
type snapshot struct {
	r      io.ReaderAt
	size   int64
	sum    [sha256.Size]byte
	blocks [][sha256.Size]byte

	mu     sync.Mutex
	at     int64 // number of the block in buf; -1 for none
	buf    []byte
	buffer [blockSize]byte
}

// newSnapshot reads the file from its beginning to its end.
func newSnapshot(ctx context.Context, r io.ReaderAt, size int64) (*snapshot, error) {
	s := &snapshot{r: r, size: size, at: -1, blocks: make([][sha256.Size]byte, 0, (size+blockSize-1)/blockSize)}
	whole := sha256.New()
	for off := int64(0); off < size; off += blockSize {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b := s.buffer[:min(blockSize, size-off)]
		if err := readFull(r, b, off); err != nil {
			return nil, err
		}
		whole.Write(b)
		s.blocks = append(s.blocks, sha256.Sum256(b))
	}
	whole.Sum(s.sum[:0])
	return s, nil
}

func readFull(r io.ReaderAt, b []byte, off int64) error {
	n, err := r.ReadAt(b, off)
	switch {
	case n == len(b):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return ErrChanged // shorter than it was
	}
	return err
}

// ReadAt implements io.ReaderAt.
func (s *snapshot) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("reading before the beginning")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for n < len(p) {
		if off >= s.size {
			return n, io.EOF
		}
		if err := s.load(off / blockSize); err != nil {
			return n, err
		}
		c := copy(p[n:], s.buf[off%blockSize:])
		n += c
		off += int64(c)
	}
	return n, nil
}

// load puts block i into buf.
func (s *snapshot) load(i int64) error {
	if s.at == i {
		return nil
	}
	s.at = -1
	s.buf = s.buffer[:min(blockSize, s.size-i*blockSize)]
	if err := readFull(s.r, s.buf, i*blockSize); err != nil {
		return err
	}
	if sha256.Sum256(s.buf) != s.blocks[i] {
		return ErrChanged
	}
	s.at = i
	return nil
}
