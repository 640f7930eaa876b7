package app

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"ceralacca/app/lang"
	"ceralacca/signer"
)

// batchCodes are the advice codes of the errors of signing jobs and time-stamps.
var batchCodes = []string{
	"archived", "stamp-unreachable", "stamp-login", "stamp-refused", "stamp-room", "stamp-wrong", "stamp-address", "no-such-authority", "keyring",
	"visible-picture", "no-space", "no-job", "other-card", "no-match", "name-too-long", "read-only", "file-too-large", "file-in-use", "folder-fails", "folder-gone",
}

// explainBatch handles the errors of signing jobs and time-stamps; nil for others.
func explainBatch(err error) *Advice {
	var (
		before    *SignedBeforeError
		already   *AlreadySignedError
		stamp     *signer.TimeStampError
		authority *AuthorityError
		other     *OtherCardError
		match     *NoMatchError
		space     *SpaceError
		gone      *FolderGoneError
		lost      *signer.ArchivedError
	)
	switch {
	case errors.As(err, &before):
		a := advice("output-exists", SeverityWarning, 0, "name", Visible(filepath.Base(before.Output)))
		a.Title = lang.M("signed-before.title", "name", Visible(filepath.Base(before.File)), "when", dateArg(before.When))
		a.Body = lang.M("signed-before.body", "output", Visible(filepath.Base(before.Output)))
		return a
	case errors.As(err, &already):
		return explainAlready(already)
	case errors.As(err, &lost):
		a := advice("archived", SeverityWarning, 0)
		a.Title = lang.M(lossKey("archived", lost))
		return a
	case errors.As(err, &stamp):
		return advice(stampCode(stamp), SeverityWarning, 0)
	case errors.As(err, &authority):
		return advice("no-such-authority", SeverityWarning, 0, "name", authority.Name)
	case errors.As(err, new(*SecretsError)):
		return advice("keyring", SeverityWarning, 0)
	case errors.As(err, new(*VisibleError)):
		return advice("visible-picture", SeverityWarning, 0)
	case errors.As(err, new(*NoJobError)):
		return advice("no-job", SeverityInfo, 0)
	case errors.As(err, &other):
		return advice("other-card", SeverityWarning, 0, "name", other.Signer)
	case errors.As(err, &space):
		return advice("no-space", SeverityWarning, 0, "megabytes", lang.Count(int((space.Need-space.Free)/1_000_000)+1))
	case errors.As(err, &gone):
		return advice("folder-gone", SeverityWarning, 0, "name", Visible(filepath.Base(gone.Path)))
	case errors.As(err, &match):
		return advice("no-match", SeverityWarning, 0, "name", match.Pattern)
	}
	return explainDisk(err)
}

// explainDisk handles what the file system refuses, in the numbers of each system.
func explainDisk(err error) *Advice {
	for _, x := range []struct {
		code string
		is   []syscall.Errno
	}{
		{"disk-full", diskFull},
		{"name-too-long", nameTooLong},
		{"read-only", readOnly},
		{"folder-fails", folderFails},
		{"file-too-large", fileTooLarge},
		{"file-in-use", inUse},
	} {
		if slices.ContainsFunc(x.is, func(e syscall.Errno) bool { return errors.Is(err, e) }) {
			return advice(x.code, SeverityWarning, 0)
		}
	}
	return nil
}

// explainAlready names those who signed, where the file tells.
func explainAlready(e *AlreadySignedError) *Advice {
	a := advice("already-signed", SeverityWarning, 0, "name", filepath.Base(e.File))
	var names []string
	if e.Examination != nil && len(e.Examination.Layers) > 0 {
		for _, s := range e.Examination.Layers[0] {
			if s.By != nil && s.By.SubjectCN != "" && !s.Stamp && !slices.Contains(names, s.By.SubjectCN) {
				names = append(names, Visible(s.By.SubjectCN))
			}
		}
	}
	if len(names) > 0 {
		a.Title = lang.M("already-signed-by.title", "name", Visible(filepath.Base(e.File)), "signers", strings.Join(names, ", "))
		a.Body = lang.M("already-signed-by.body")
	}
	return a
}

// stampCode sorts what an authority did by what a person can do about it.
func stampCode(e *signer.TimeStampError) string {
	switch e.Reason {
	case "network":
		return "stamp-unreachable"
	case "address":
		return "stamp-address"
	case "status":
		if e.Status == 401 || e.Status == 403 {
			return "stamp-login"
		}
		return "stamp-refused"
	case "refused":
		return "stamp-refused"
	case "room":
		return "stamp-room"
	}
	return "stamp-wrong"
}
