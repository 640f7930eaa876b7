package app

import (
	"bufio"
	"bytes"
	"context"
	"os/exec"
	"strings"
	"time"

	"ceralacca/signer"
	"ceralacca/signer/filing"
)

// The bounds of asking a validator: it starts a Java machine and reads every file.
const (
	maxValidated = 40
	validateTime = 2 * time.Minute
)

// validatePDFA asks veraPDF, the validator of the PDF Association, where it is installed. Its answer is told beside our
// own checks; without it, or when it fails, nothing is said.
func validatePDFA(ctx context.Context, files []filing.File, paths []string) {
	program, err := exec.LookPath("verapdf")
	if err != nil {
		return
	}
	args := []string{"--format", "text"}
	index := map[string]int{}
	for i, f := range files {
		if f.Document.Kind() == signer.PDF && len(index) < maxValidated {
			index[paths[i]] = i
			args = append(args, paths[i])
		}
	}
	if len(index) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, validateTime)
	defer cancel()
	// It ends with another status than 0 when a file fails: the lines count.
	out, _ := exec.CommandContext(ctx, program, args...).Output()
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		verdict, rest, _ := strings.Cut(lines.Text(), " ")
		for path, i := range index {
			if rest != path && !strings.HasPrefix(rest, path+" ") { // newer versions add the flavour
				continue
			}
			switch verdict {
			case "PASS":
				files[i].Validated = filing.ValidationPassed
			case "FAIL":
				files[i].Validated = filing.ValidationFailed
			}
		}
	}
}
