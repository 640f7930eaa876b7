package app

import (
	"context"
	"fmt"
	"testing"
	"time"

	"ceralacca/card"
	"ceralacca/card/sim"
)

// BenchmarkInsertToPage is the time from a card's insertion to its complete page in the State of the store, with
// the APDUs and bytes that it takes, for a card that answers at once and for one that takes 20 ms for each command.
func BenchmarkInsertToPage(b *testing.B) {
	p, err := sim.Issue(time.Now())
	if err != nil {
		b.Fatal(err)
	}
	for _, latency := range []time.Duration{0, 20 * time.Millisecond} {
		b.Run(fmt.Sprintf("apdu=%v", latency), func(b *testing.B) {
			c := p.Card()
			c.Latency = latency
			bus := sim.New(c)
			bus.Remove()
			s := NewStore(New(Config{Source: card.CNS(bus)}))
			phases := make(chan CardPhase, 64)
			s.OnChange(func(st *State) { phases <- st.Cards.Phase })
			ctx, cancel := context.WithCancel(b.Context())
			ended := make(chan error, 1)
			go func() { ended <- s.Run(ctx, &answers{}) }()
			until := func(want CardPhase) {
				for got := range phases {
					if got == want {
						return
					}
				}
			}
			until(PhaseEmpty)
			apdus, bytes := 0, 0
			for b.Loop() {
				before := len(bus.Log())
				bus.Insert()
				until(PhaseReady)
				b.StopTimer()
				for _, x := range bus.Log()[before:] {
					apdus++
					bytes += len(x.Command) + x.Len + 2
				}
				bus.Remove()
				until(PhaseEmpty)
				b.StartTimer()
			}
			b.ReportMetric(float64(apdus)/float64(b.N), "APDUs/op")
			b.ReportMetric(float64(bytes)/float64(b.N), "wirebytes/op")
			cancel()
			go func() {
				for range phases { // what still comes must not block the store
				}
			}()
			<-ended
			close(phases)
		})
	}
}
