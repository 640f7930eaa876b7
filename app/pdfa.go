package app

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
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

// pdfaFlavour is a part of ISO 19005 with its level, as veraPDF writes it: not PDF/UA, which a file may claim beside it.
var pdfaFlavour = regexp.MustCompile(`^ [1-4][a-z]?$`)

// validatePDFA asks veraPDF, the validator of the PDF Association, where it is installed. Its answer is told beside our
// own checks; without it, or when it fails, nothing is said.
func validatePDFA(ctx context.Context, files []filing.File, paths []string) {
	program, err := exec.LookPath("verapdf")
	if err != nil {
		return
	}
	args := []string{"--format", "text"}
	index := map[string]int{}
	otherwise := false // a name that does not end as veraPDF expects
	for i, f := range files {
		if f.Document.Kind() == signer.PDF && len(index) < maxValidated {
			index[paths[i]] = i
			args = append(args, paths[i])
			otherwise = otherwise || !strings.EqualFold(filepath.Ext(paths[i]), ".pdf")
		}
	}
	if otherwise {
		args = slices.Insert(args, 0, "--nonpdfext")
	}
	if len(index) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, validateTime)
	defer cancel()
	// It ends with another status than 0 when a file fails: the lines count.
	validator := exec.CommandContext(ctx, program, args...)
	validator.WaitDelay = time.Second // the program is a script, and its Java machine may hold the pipe
	// Names come back as they were given, whatever the session's characters are.
	validator.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "JAVA_TOOL_OPTIONS="+os.Getenv("JAVA_TOOL_OPTIONS")+" -Dfile.encoding=UTF-8 -Dstdout.encoding=UTF-8")
	out, _ := validator.Output()
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		verdict, rest, _ := strings.Cut(lines.Text(), " ")
		for path, i := range index {
			flavour, ok := strings.CutPrefix(rest, path) // newer versions add it after a space
			if !ok || flavour != "" && !pdfaFlavour.MatchString(flavour) {
				continue
			}
			switch {
			case verdict == "FAIL":
				files[i].Validated = filing.ValidationFailed
			case verdict == "PASS" && files[i].Validated == filing.ValidationUnknown:
				files[i].Validated = filing.ValidationPassed
			}
		}
	}
}
