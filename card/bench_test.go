package card_test

import (
	"testing"
	"time"

	"ceralacca/card"
	"ceralacca/card/sim"
)

// BenchmarkInspect is what happens when a card is put in: holder, certificates, tries left. It tells the
// commands and the bytes that it takes, for a card that answers at once and for one of 20 ms for each command.
func BenchmarkInspect(b *testing.B) {
	for name, latency := range map[string]time.Duration{"0ms": 0, "20ms": 20 * time.Millisecond} {
		b.Run(name, func(b *testing.B) {
			c := practiceCard(b)
			c.Latency = latency
			bus := sim.New(c)
			src := card.CNS(bus)
			for b.Loop() {
				err := session(src, func(t card.Token) error {
					if _, err := t.Keys(background); err != nil {
						return err
					}
					_, err := t.PINStatus(background, card.AuthPIN)
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			log, size := bus.Log(), 0
			for _, e := range log {
				size += len(e.Command) + e.Len + 2
			}
			b.ReportMetric(float64(len(log))/float64(b.N), "commands/op")
			b.ReportMetric(float64(size)/float64(b.N), "wire-bytes/op")
		})
	}
}

// BenchmarkSign is one more signature under a login.
func BenchmarkSign(b *testing.B) {
	bus := sim.New(practiceCard(b))
	tok := mustOpen(b, bus)
	keys, err := tok.Keys(background)
	if err != nil {
		b.Fatal(err)
	}
	if err := tok.Login(background, card.SignPIN, pin(sim.PracticePIN)); err != nil {
		b.Fatal(err)
	}
	before := len(bus.Log())
	for b.Loop() {
		if err := signBoth(tok, keys[1]); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(bus.Log())-before)/float64(2*b.N), "commands/signature")
}
