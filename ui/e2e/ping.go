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
	conn  *xgb.Conn
	stop  chan struct{}
	done  sync.WaitGroup
	turns []time.Duration
	err   error
}

// takePulse starts; beats ends it.
func (w *window) takePulse() (*pulse, error) {
	conn, err := xgb.NewConnDisplay(w.s.display)
	if err != nil {
		return nil, err
	}
	p := &pulse{conn: conn, stop: make(chan struct{})}
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
	began := time.Now()
	mark := uint32(began.UnixNano()) // answers go to everyone on the screen: these are ours
	p.done.Go(func() {
		tick := time.NewTicker(pingEvery)
		defer tick.Stop()
		for {
			select {
			case <-p.stop:
				conn.Close() // ends the other goroutine
				return
			case <-tick.C:
				e := xproto.ClientMessageEvent{
					Format: 32, Window: w.id, Type: protocols,
					Data: xproto.ClientMessageDataUnionData32New([]uint32{uint32(ping), uint32(time.Since(began).Microseconds()), uint32(w.id), mark, 0}),
				}
				xproto.SendEvent(conn, false, w.id, 0, string(e.Bytes()))
			}
		}
	})
	p.done.Go(func() {
		var last time.Duration // the youngest question answered so far
		for {
			event, failed := conn.WaitForEvent()
			if failed != nil {
				p.err = fmt.Errorf("asking the window whether it is there: %w", failed)
				return
			}
			if event == nil {
				return
			}
			e, ok := event.(xproto.ClientMessageEvent)
			if !ok || e.Type != protocols || e.Data.Data32[0] != uint32(ping) || e.Data.Data32[3] != mark {
				continue
			}
			asked := time.Duration(e.Data.Data32[1]) * time.Microsecond
			// The oldest question of a round waited the whole turn; the others of the round were asked during it.
			if asked > last {
				p.turns = append(p.turns, time.Since(began)-asked)
				last = time.Since(began)
			}
		}
	})
	return p, nil
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
