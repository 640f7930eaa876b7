package app

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"
)

// ErrHandedOver means that a running window has taken the files: this start has nothing more to do.
var ErrHandedOver = errors.New("handed over to the running window")

// maxHandOver is the largest hand-over that is read, in bytes: some thousand long paths.
const maxHandOver = 4 << 20

// handOverTime is how long either side of a hand-over waits for the other.
const handOverTime = 3 * time.Second

// Instance is the one running window of a settings folder. A second start hands its files to it.
//
// The two meet at a Unix socket, which Windows knows too (since 10, 1803), in a folder that only the user can
// enter. A file lock decides who is first: a socket alone stays behind after a crash.
type Instance struct {
	lock     *os.File
	listener net.Listener
}

// handOver is what a second start sends, as one line of JSON; the answer is one line, "ok".
type handOver struct {
	Files [][]byte `json:"files"` // absolute; as bytes, since a name need not be UTF-8, which JSON would mend
}

// Claim makes this process the running window of the settings folder dir, or hands files (absolute paths) to the
// one that is and returns ErrHandedOver. Any other error means that neither was possible: the program can go on
// without.
func Claim(dir string, files []string) (*Instance, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, "running.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	address, err := socketPath(dir)
	if err != nil {
		lock.Close()
		return nil, err
	}
	if err := lockFile(lock); err != nil {
		lock.Close()
		if err := sendFiles(address, files); err != nil {
			return nil, fmt.Errorf("handing files to the running window: %w", err)
		}
		return nil, ErrHandedOver
	}
	if err := os.Remove(address); err != nil && !errors.Is(err, os.ErrNotExist) {
		lock.Close()
		return nil, err
	}
	l, err := net.Listen("unix", address)
	if err != nil {
		lock.Close()
		return nil, err
	}
	return &Instance{lock, l}, nil
}

// socketPath is in dir, or, where that is too long for a socket (104 bytes on macOS, 108 on Linux), in a folder of
// the user's own below the temporary one.
func socketPath(dir string) (string, error) {
	p := filepath.Join(dir, "running.sock")
	if len(p) < 100 {
		return p, nil
	}
	sum := sha256.Sum256([]byte(dir))
	short := filepath.Join(os.TempDir(), "ceralacca-"+hex.EncodeToString(sum[:8]))
	if err := os.Mkdir(short, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	info, err := os.Lstat(short)
	if err != nil {
		return "", err
	}
	if !info.IsDir() || !oursAlone(info) {
		return "", fmt.Errorf("the folder %s belongs to somebody else", short)
	}
	return filepath.Join(short, "running.sock"), nil
}

func sendFiles(address string, files []string) error {
	c, err := net.DialTimeout("unix", address, handOverTime)
	if err != nil {
		return err
	}
	defer c.Close()
	letForward()
	if err := c.SetDeadline(time.Now().Add(handOverTime)); err != nil {
		return err
	}
	var h handOver
	for _, f := range files {
		h.Files = append(h.Files, []byte(f))
	}
	b, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if _, err := c.Write(append(b, '\n')); err != nil {
		return err
	}
	answer, err := bufio.NewReader(io.LimitReader(c, 64)).ReadString('\n')
	if err != nil {
		return err
	}
	if answer != "ok\n" {
		return fmt.Errorf("unexpected answer %q", answer)
	}
	return nil
}

// Serve calls take with the files of each later start, none for a start without files, until ctx ends; then it
// gives the place up. take is called on Serve's goroutine.
func (i *Instance) Serve(ctx context.Context, take func(files []string)) {
	defer i.lock.Close()
	stop := context.AfterFunc(ctx, func() { i.listener.Close() }) // removes the socket too
	defer stop()
	for {
		c, err := i.listener.Accept()
		if err != nil {
			i.listener.Close()
			return
		}
		cut := context.AfterFunc(ctx, func() { c.Close() }) // one that says nothing must not hold the end
		if files, err := receiveFiles(c); err == nil {
			take(files)
		}
		cut()
		c.Close()
	}
}

func receiveFiles(c net.Conn) ([]string, error) {
	if err := c.SetDeadline(time.Now().Add(handOverTime)); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(io.LimitReader(c, maxHandOver)).ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	var h handOver
	if err := json.Unmarshal(line, &h); err != nil {
		return nil, err
	}
	var files []string
	for _, f := range h.Files {
		if !filepath.IsAbs(string(f)) {
			return nil, fmt.Errorf("%q is no absolute path", f)
		}
		files = append(files, string(f))
	}
	_, err = io.WriteString(c, "ok\n")
	return files, err
}
