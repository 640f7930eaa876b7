package main

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// pingEvery is the time between two questions, and so the grain of what is measured.
const pingEvery = time.Millisecond

// pulse takes the pulse of a window: it asks "are you there?" all the while (_NET_WM_PING, Extended Window Manager
// Hints). A window answers when it next looks at its events, so the time between two rounds of answers is one turn of
// the goroutine that everything in the window waits for, its painting included. The toolkit looks sixty times a
// second: a turn of 17 ms is rest, and what is longer is work.
type pulse struct {
	conn   *xgb.Conn
	began  time.Time
	stop   chan struct{}
	window xproto.Window
	// protocols and ping are atoms; mark tells our questions from others'.
	protocols  xproto.Atom
	ping, mark uint32
	done       sync.WaitGroup
	turns      []time.Duration
	err        error
}

// takePulse starts; beats ends it.
func (w *window) takePulse() (*pulse, error) {
	conn, err := xgb.NewConnDisplay(w.s.display)
	if err != nil {
		return nil, err
	}
	p := &pulse{conn: conn, stop: make(chan struct{}), began: time.Now()}
	protocols, err := atom(conn, "WM_PROTOCOLS")
	if err != nil {
		return nil, err
	}
	ping, err := atom(conn, "_NET_WM_PING")
	if err != nil {
		return nil, err
	}
	root := xproto.Setup(conn).DefaultScreen(conn).Root
	err = xproto.ChangeWindowAttributesChecked(conn, root, xproto.CwEventMask, []uint32{xproto.EventMaskSubstructureNotify}).Check()
	if err != nil {
		return nil, err
	}
	p.window, p.protocols, p.ping, p.mark = w.id, protocols, uint32(ping), uint32(p.began.UnixNano())
	p.done.Go(p.ask)
	p.done.Go(p.listen)
	return p, nil
}

// ask sends a question at every tick until the measurement ends.
func (p *pulse) ask() {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-p.stop:
			p.conn.Close() // ends listen
			return
		case <-tick.C:
			asked := uint32(time.Since(p.began).Microseconds())
			e := xproto.ClientMessageEvent{
				Format: 32, Window: p.window, Type: p.protocols,
				Data: xproto.ClientMessageDataUnionData32New([]uint32{p.ping, asked, uint32(p.window), p.mark, 0}),
			}
			xproto.SendEvent(p.conn, false, p.window, 0, string(e.Bytes()))
		}
	}
}

// listen takes the answers. They go to everyone on the screen: ours bear the mark.
func (p *pulse) listen() {
	var last time.Duration // the youngest question answered so far
	for {
		event, failed := p.conn.WaitForEvent()
		if failed != nil {
			p.err = fmt.Errorf("asking the window whether it is there: %w", failed)
			return
		}
		if event == nil {
			return
		}
		e, ok := event.(xproto.ClientMessageEvent)
		if !ok || e.Type != p.protocols || e.Data.Data32[0] != p.ping || e.Data.Data32[3] != p.mark {
			continue
		}
		asked := time.Duration(e.Data.Data32[1]) * time.Microsecond
		// The oldest question of a round waited the whole turn; the others of the round were asked during it.
		if asked > last {
			p.turns = append(p.turns, time.Since(p.began)-asked)
			last = time.Since(p.began)
		}
	}
}

// beats ends the measurement and tells the turns, the shortest first.
func (p *pulse) beats() (turns, error) {
	close(p.stop)
	p.done.Wait()
	slices.Sort(p.turns)
	return p.turns, p.err
}

// turns are how long a window was busy with itself, the shortest first.
type turns []time.Duration

// at is the turn below which that part of all lie; 1 for the longest.
func (t turns) at(part float64) time.Duration {
	if len(t) == 0 {
		return 0
	}
	return t[min(len(t)-1, int(float64(len(t))*part))]
}

// String implements fmt.Stringer.
func (t turns) String() string {
	return fmt.Sprintf("%s · %s · %s", ms(t.at(0.5)), ms(t.at(0.99)), ms(t.at(1)))
}

func ms(d time.Duration) string { return fmt.Sprintf("%.0f ms", float64(d.Microseconds())/1000) }
