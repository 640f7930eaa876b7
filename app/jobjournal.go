package app

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"ceralacca/signer"
)

// The journal of a signing job is a file of JSON lines in the settings folder: outputs may go to many folders, and the
// window must find an interrupted job without being told where. The first line is the plan; each further one is a file
// that ended. No PIN is in it. It is locked while the job runs, so that nobody takes a running job for an interrupted
// one, and deleted when the job has ended by itself.
//
// Only the plan is flushed to the disk. A line that a crash swallows costs nothing: an output gets its name only when
// it is complete and checked, so that one under the planned name, over the same document and by the same certificate,
// is known to be ours and finished.

const (
	journalVersion = 1
	maxJournal     = 64 << 20 // bytes
)

// journalHead is the plan of a job.
type journalHead struct {
	Version  int          `json:"version"`
	ID       string       `json:"id"`
	Started  time.Time    `json:"started"`
	Practice bool         `json:"practice,omitempty"`
	Cert     string       `json:"certificate"` // SHA-256, lower-case hex
	Signer   string       `json:"signer"`
	Format   Format       `json:"format,omitempty"`
	Level    Level        `json:"level,omitempty"`
	TSA      string       `json:"tsa,omitempty"` // without a password
	Detached bool         `json:"detached,omitempty"`
	Reason   string       `json:"reason,omitempty"`
	Location string       `json:"location,omitempty"`
	Visible  *VisibleMark `json:"visible,omitempty"`
	Files    []work       `json:"files"` // with absolute paths
	// Seen is as in [SignRequest].
	Seen map[int][32]byte `json:"seen,omitempty"`
}

// journalLine is one file that ended.
type journalLine struct {
	Index  int       `json:"index"`
	Output string    `json:"output,omitempty"`
	Size   int64     `json:"size,omitempty"`
	SHA256 string    `json:"sha256,omitempty"`
	Format Format    `json:"format,omitempty"`
	Level  Level     `json:"level,omitempty"`
	Signed time.Time `json:"signed,omitzero"`
	Error  string    `json:"error,omitempty"` // the code of its advice
}

// jobJournal is one that this process writes. A nil journal keeps nothing.
type jobJournal struct {
	head  journalHead
	done  map[int]journalLine // signed by earlier runs
	mu    sync.Mutex
	f     *os.File // nil once it is closed
	wrote bool     // a file was signed
}

func (e *Engine) journalDir() string { return filepath.Join(e.cfg.Dir, "jobs") }

// keep begins the journal of the job. Without a folder, or where it cannot be written, the job goes on without.
func (b *batch) keep() {
	if b.journal == nil && b.e.cfg.Dir != "" {
		j, err := b.e.newJobJournal(b.head())
		if err == nil {
			b.journal = j
		}
	}
	if b.journal != nil && b.ev.Journal != nil {
		b.ev.Journal(b.journal.head.ID)
	}
}

// head is the plan as it is kept.
func (b *batch) head() journalHead {
	h := journalHead{
		Version: journalVersion, ID: newJobID(), Started: b.e.cfg.Now().UTC(), Practice: b.e.Practice(),
		Cert: b.cert.SHA256, Signer: b.cert.SubjectCN, Format: b.r.Format, Level: b.r.Level, TSA: withoutPassword(b.r.TSA),
		Detached: b.r.Detached, Reason: b.r.Reason, Location: b.r.Location, Visible: b.r.Visible, Seen: b.r.Seen, Files: slices.Clone(b.todo),
	}
	for i := range h.Files {
		h.Files[i].Path, h.Files[i].Out = absolute(h.Files[i].Path), absolute(h.Files[i].Out)
		if h.Files[i].Original != "" {
			h.Files[i].Original = absolute(h.Files[i].Original)
		}
	}
	return h
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

func newJobID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

func (e *Engine) newJobJournal(h journalHead) (*jobJournal, error) {
	if err := os.MkdirAll(e.journalDir(), 0o700); err != nil {
		return nil, err
	}
	line, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(e.journalDir(), h.ID+".jsonl")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	if err = lockFile(f); err == nil {
		_, err = f.Write(append(line, '\n'))
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path))
	}
	syncFolder(e.journalDir())
	return &jobJournal{head: h, f: f}, nil
}

// tempName is that of the unfinished output of file index: known to be ours after a crash.
func (j *jobJournal) tempName(index int) string {
	if j == nil {
		return ""
	}
	return strings.Replace(tempPattern, "*", j.head.ID+"-"+strconv.Itoa(index), 1)
}

// note writes down how a file ended. A line that cannot be written is made up for by looking at the output.
func (j *jobJournal) note(r FileResult) {
	if j == nil {
		return
	}
	l := journalLine{Index: r.Index}
	if r.Err != nil {
		l.Error = Explain(r.Err).Code
	} else {
		l.Output, l.Size, l.SHA256 = absolute(r.Output), r.OutputSize, hex.EncodeToString(r.SHA256[:])
		l.Format, l.Level, l.Signed = r.Format, r.Level, r.Signed.UTC()
	}
	b, err := json.Marshal(l)
	if err != nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.wrote = j.wrote || r.Err == nil
	_, _ = j.f.Write(append(b, '\n'))
}

// end closes the journal, and deletes it when the job has ended or has not signed anything yet.
func (j *jobJournal) end(done bool) {
	if j == nil || !done && (j.wrote || len(j.done) > 0) {
		return
	}
	_ = j.drop() // what stays is told as interrupted and forgotten then
}

// drop deletes the journal. It is closed before, because Windows deletes no open file, and emptied before that: whoever
// opens it in between finds no job.
func (j *jobJournal) drop() error {
	name := j.f.Name()
	_ = j.f.Truncate(0)
	j.close()
	return os.Remove(name)
}

// close lets others see the journal.
func (j *jobJournal) close() {
	if j != nil && j.f != nil {
		_ = j.f.Close() // nothing of it is waited for
		j.f = nil
	}
}

// Interrupted is a signing job that a crash, or a card that was taken away, ended before all its files were signed.
type Interrupted struct {
	ID       string
	Started  time.Time
	Practice bool
	Signer   string // subject's name
	Total    int
	Done     int    // signed
	Folder   string // of the first file that is left
	// Files are the paths of all its files, and Indices the numbers by which its results call them.
	Files   []string
	Indices []int
}

// NoJobError means that there is no interrupted job to resume, or not this one.
type NoJobError struct{ ID string }

func (e *NoJobError) Error() string { return "no interrupted job " + e.ID }

// OtherCardError means that an interrupted job was begun with another certificate than the card has.
type OtherCardError struct{ Signer string }

func (e *OtherCardError) Error() string { return "job was begun with another certificate" }

// Interrupted lists the jobs that can be resumed, the newest first. Those of the practice card are seen with the
// practice card alone, and none that is running.
func (e *Engine) Interrupted() ([]Interrupted, error) {
	if e.cfg.Dir == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(e.journalDir())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for interrupted jobs: %w", err)
	}
	var list []Interrupted
	for _, en := range entries {
		id, ok := strings.CutSuffix(en.Name(), ".jsonl")
		if !ok {
			continue
		}
		j, err := e.openJobJournal(id)
		if err != nil {
			continue // running, or not readable
		}
		j.close()
		if in := j.interrupted(); in.Done < in.Total {
			list = append(list, in)
		}
	}
	slices.SortFunc(list, func(a, b Interrupted) int { return b.Started.Compare(a.Started) })
	return list, nil
}

func (j *jobJournal) interrupted() Interrupted {
	h := &j.head
	in := Interrupted{ID: h.ID, Started: h.Started, Practice: h.Practice, Signer: h.Signer, Total: len(h.Files), Done: len(j.done)}
	for _, w := range h.Files {
		in.Files, in.Indices = append(in.Files, w.Path), append(in.Indices, w.Index)
		if _, done := j.done[w.Index]; !done && in.Folder == "" {
			in.Folder = filepath.Dir(w.Path)
		}
	}
	return in
}

// Forget gives up an interrupted job: its journal and its unfinished files are deleted, what it has signed stays.
func (e *Engine) Forget(id string) error {
	j, err := e.openJobJournal(id)
	if err != nil {
		return err
	}
	defer j.close()
	j.sweep()
	return j.drop()
}

// openJournal opens and locks the journal of a job. [*NoJobError] means that there is none, or that it is running.
func (e *Engine) openJobJournal(id string) (*jobJournal, error) {
	if e.cfg.Dir == "" || id == "" || filepath.Base(id) != id {
		return nil, &NoJobError{id}
	}
	f, err := os.OpenFile(filepath.Join(e.journalDir(), id+".jsonl"), os.O_RDWR|os.O_APPEND, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &NoJobError{id}
	}
	if err != nil {
		return nil, err
	}
	j := &jobJournal{f: f, done: map[int]journalLine{}}
	if err = lockFile(f); err != nil {
		err = &NoJobError{id}
	} else if err = j.read(); err == nil && (j.head.ID != id || j.head.Practice != e.Practice()) {
		err = &NoJobError{id}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return j, nil
}

// read takes in the journal as far as it was written: the last line may be cut.
func (j *jobJournal) read() error {
	b, err := io.ReadAll(io.LimitReader(bufio.NewReader(j.f), maxJournal))
	if err != nil {
		return err
	}
	first, rest, ok := bytes.Cut(b, []byte{'\n'})
	if !ok || json.Unmarshal(first, &j.head) != nil || j.head.Version != journalVersion {
		return &NoJobError{}
	}
	known := map[int]bool{}
	for _, w := range j.head.Files {
		known[w.Index] = true
	}
	for line := range bytes.Lines(rest) {
		var l journalLine
		if json.Unmarshal(line, &l) == nil && l.Error == "" && l.Output != "" && known[l.Index] &&
			l.Level >= signer.LevelB && l.Level <= signer.LevelLTA {
			j.done[l.Index] = l
		}
	}
	if n := len(b); n > 0 && b[n-1] != '\n' { // what is written next begins a line of its own
		_, err = j.f.Write([]byte{'\n'})
	}
	return err
}

// certificate finds the one that the job was begun with on the card.
func (h *journalHead) certificate(c *Card) (*Certificate, error) {
	for i := range c.Certificates {
		if c.Certificates[i].SHA256 == h.Cert {
			return chooseCertificate(c, c.Certificates[i].ID)
		}
	}
	return nil, &OtherCardError{h.Signer}
}

// reopen takes the plan of a job that is resumed from its journal and tells of what was signed before.
func (b *batch) reopen() error {
	j, err := b.e.openJobJournal(b.r.Resume)
	if err != nil {
		return err
	}
	b.journal = j
	h := &j.head
	b.r = SignRequest{
		Slot: b.r.Slot, Format: h.Format, Level: h.Level, TSA: h.TSA, Detached: h.Detached,
		Reason: h.Reason, Location: h.Location, Visible: h.Visible, Seen: h.Seen, Resume: h.ID,
	}
	for _, w := range h.Files {
		l, done := j.done[w.Index]
		if !done {
			b.todo = append(b.todo, w)
			continue
		}
		r := FileResult{
			Index: w.Index, File: w.Path, Output: l.Output, OutputSize: l.Size, Format: l.Format, Level: l.Level,
			Signed: l.Signed, Before: true,
		}
		if sum, err := hex.DecodeString(l.SHA256); err == nil {
			copy(r.SHA256[:], sum)
		}
		b.report(r)
	}
	if len(b.todo) == 0 {
		j.end(true)
	}
	return nil
}

// recover finds the outputs that got their name just before the crash, reports them, and deletes what was left
// unfinished. A name that somebody else has taken since is a file's own trouble.
func (b *batch) recover(ctx context.Context) error {
	b.journal.sweep()
	var left []work
	for _, w := range b.todo {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := os.Lstat(w.Out); errors.Is(err, fs.ErrNotExist) {
			left = append(left, w)
			continue
		}
		r := b.finished(ctx, w)
		if r.Err == nil {
			b.journal.note(r)
		}
		b.report(r)
	}
	b.todo = left
	if len(left) == 0 {
		b.journal.end(true)
	}
	return nil
}

// finished judges an output that is there already as one that was just written: it is ours when it holds one intact
// signature by the job's certificate over the file. If it is not, the name is taken.
func (b *batch) finished(ctx context.Context, w work) FileResult {
	r := FileResult{Index: w.Index, File: w.Path, Err: &ExistsError{w.Out}, Before: true}
	f, d, err := openDocument(w.Path)
	if err != nil {
		r.Err = err
		return r
	}
	defer f.Close()
	out, err := os.Open(w.Out)
	if err != nil {
		r.Err = err
		return r
	}
	defer out.Close()
	o, err := b.options(w)
	if err != nil {
		r.Err = err
		return r
	}
	c := &check{e: b.e, o: o, level: signer.LevelLTA, original: f, d: d, der: b.cert.DER}
	if r.SHA256, err = c.run(ctx, out, filepath.Base(w.Out)); err != nil {
		return r
	}
	if st, err := out.Stat(); err == nil {
		r.OutputSize = st.Size()
	}
	r.Lost, r.Err, r.Output, r.Format, r.Level, r.Signed = c.lost, nil, w.Out, o.Format, c.found.level, c.found.claimed
	return r
}

// sweep deletes the unfinished outputs of the job, which are known by its ID in their names. The job is not running:
// its journal is locked by us.
func (j *jobJournal) sweep() {
	for _, w := range j.head.Files {
		// One that stays is hidden, and harmless.
		_ = removeTemp(filepath.Join(filepath.Dir(w.Out), j.tempName(w.Index)))
	}
}

// withoutPassword takes the user out of an address that was given for one run.
func withoutPassword(address string) string {
	if i, j := strings.Index(address, "://"), strings.LastIndex(address, "@"); i >= 0 && j > i {
		return address[:i+3] + address[j+1:]
	}
	return address
}
