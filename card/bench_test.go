package card_test

import (
	"testing"
	"time"

	"ceralacca/card"
	"ceralacca/card/sim"
)

// BenchmarkInspect is what happens when a card is put in, until all of it is on the screen: holder, certificates, tries
// left. It tells the commands and the bytes that it takes, for a card that answers at once and for one that takes 20 ms
// for each command.
func BenchmarkInspect(b *testing.B) {
	p, err := practice()
	if err != nil {
		b.Fatal(err)
	}
	cards := []struct {
		name   string
		change func(*sim.Card)
	}{
		{"two-keys", func(*sim.Card) {}},
		{"health-card", func(c *sim.Card) { c.Sign, c.ATR, c.EmptyVerify = nil, sim.ST2021, sim.CountsATry }},
	}
	for _, x := range cards {
		for _, latency := range []time.Duration{0, 20 * time.Millisecond} {
			b.Run(x.name+"/"+latency.String(), func(b *testing.B) {
				c := p.Card()
				x.change(&c)
				c.Reader, c.Latency = "reader", latency
				bus := sim.New(c)
				src := card.CNS(bus)
				for b.Loop() {
					if err := inspect(src); err != nil {
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
}

// inspect reads all that a program shows of a card.
func inspect(src card.Source) error {
	tok, err := src.Open(background, firstInsertion)
	if err != nil {
		return err
	}
	defer tok.Close()
	if _, err := tok.Keys(background); err != nil {
		return err
	}
	for _, p := range tok.Info().PINs {
		if _, err := tok.PINStatus(background, p.Ref); err != nil {
			return err
		}
	}
	return nil
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
