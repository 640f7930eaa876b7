package pdfium

import (
	"os"
	"os/signal"
)

// seclude leaves the interrupt key to the program.
func seclude() { signal.Ignore(os.Interrupt) }
