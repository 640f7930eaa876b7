package filing

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"ceralacca/signer"
)

// This file holds the rules that more than one office has.

// Bounds of names and sets.
const (
	maxName = 100
	mega    = 1_000_000
)

func emptyFile(l *look) map[string]string { return when(l.size == 0) }

// tooLarge asks for files of at most n megabytes.
func tooLarge(n int64) func(*look) map[string]string {
	return func(l *look) map[string]string {
		if l.size <= n*mega {
			return nil
		}
		return map[string]string{"limit": strconv.FormatInt(n, 10), "size": megabytes(l.size)}
	}
}

// megabytes is a size for a sentence that names a limit: never rounded down to it.
func megabytes(size int64) string { return strconv.FormatInt((size+mega-1)/mega, 10) }

// byExtension tells what a file of that name should be. Names that are not here promise nothing.
var byExtension = map[string][]signer.Kind{
	".pdf": {signer.PDF}, ".xml": {signer.XML}, ".xbrl": {signer.XML}, ".p7m": {signer.SignedData, signer.DetachedCMS},
	".txt": {signer.Text, signer.XML, signer.Mail}, ".tif": {signer.Image}, ".tiff": {signer.Image}, ".jpg": {signer.Image},
	".jpeg": {signer.Image}, ".png": {signer.Image}, ".docx": {signer.ZIP}, ".xlsx": {signer.ZIP}, ".odt": {signer.ZIP},
	".ods": {signer.ZIP}, ".zip": {signer.ZIP},
}

// wrongExtension finds names that promise another kind of file than the bytes are.
func wrongExtension(l *look) map[string]string {
	if l.size == 0 {
		return nil
	}
	if kinds := byExtension[l.ext]; kinds != nil {
		return when(!slices.Contains(kinds, l.kind))
	}
	return when(l.kind == signer.PDF || l.kind == signer.SignedData && l.ext != ".p7s")
}

// extensionTwice finds atto.pdf.pdf, and atto.docx.pdf, whose first extension is no longer true.
func extensionTwice(l *look) map[string]string {
	inner := strings.ToLower(filepath.Ext(strings.TrimSuffix(l.Name, filepath.Ext(l.Name))))
	if l.ext == ".p7m" || inner == "" {
		return nil
	}
	_, known := byExtension[inner]
	return when(inner == l.ext || known || editable(inner))
}

// nameCharacters finds what upload pages and the file systems behind them may stumble over: all but what the advice
// names as safe.
func nameCharacters(l *look) map[string]string {
	odd := ""
	for _, r := range l.Name {
		if !safeInName(r) && !strings.ContainsRune(odd, r) && utf8.RuneCountInString(odd) < 8 {
			if !unicode.IsPrint(r) {
				r = '�'
			}
			odd += string(r)
		}
	}
	if odd == "" {
		return nil
	}
	return map[string]string{"characters": odd}
}

// safeInName holds letters without accents, digits, space, dot, hyphen and underscore.
func safeInName(r rune) bool {
	return r <= unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" .-_", r))
}

func longName(l *look) map[string]string { return when(utf8.RuneCountInString(l.Name) > maxName) }

// damaged finds PDF files that could not be read, or only by guessing.
func damaged(l *look) map[string]string {
	return when(l.PDF != nil && (l.PDF.Unread || l.PDF.Repaired))
}

func encrypted(l *look) map[string]string { return when(l.PDF != nil && l.PDF.Encrypted) }

// active finds what acts by itself when the document is opened.
func active(l *look) map[string]string {
	var found []string
	if l.PDF != nil {
		for _, f := range l.PDF.Features {
			switch f {
			case "javascript", "launch", "media", "xfa", "submit", "external":
				found = append(found, f)
			}
		}
	}
	if l.Script && (l.ext == ".html" || l.ext == ".htm" || l.XML != nil && l.XML.Root == "html") {
		found = append(found, "javascript")
	}
	return features(found)
}

// features names features for the sentence, joined by commas; package app puts words in their place.
func features(found []string) map[string]string {
	if len(found) == 0 {
		return nil
	}
	return map[string]string{"features": strings.Join(found, ",")}
}

func macros(l *look) map[string]string { return when(l.Macros) }

// editable tells the formats in which a text is written and not kept.
func editable(ext string) bool {
	switch ext {
	case ".doc", ".docx", ".docm", ".xls", ".xlsx", ".xlsm", ".ppt", ".pptx", ".pptm", ".odt", ".ods", ".odp", ".rtf", ".pages", ".numbers":
		return true
	}
	return false
}

func editableFormat(l *look) map[string]string { return when(editable(l.ext) || l.Office) }

// envelope tells files that are signed already, by whom and when they say.
func envelope(l *look) map[string]string {
	switch l.kind {
	case signer.SignedData, signer.DetachedCMS, signer.TimeStamped, signer.ASiC:
	default:
		return nil
	}
	args := map[string]string{"signers": strings.Join(l.Signers[:min(len(l.Signers), 5)], ", ")}
	if !l.SignedAt.IsZero() {
		args["when"] = l.SignedAt.UTC().Format(time.RFC3339)
	}
	return args
}

func alreadySigned(l *look) map[string]string {
	if l.Again {
		return nil
	}
	return envelope(l)
}

// signedInside tells PDF files with signatures in them.
func signedInside(l *look) map[string]string {
	if l.PDF == nil || l.PDF.Signed == 0 {
		return nil
	}
	return map[string]string{"count": strconv.Itoa(l.PDF.Signed)}
}

// differs compares with the file as the portal made it.
func differs(l *look) map[string]string {
	return when(l.Original != [32]byte{} && l.sum != l.Original)
}

// malformed finds XML that is not well-formed.
func malformed(l *look) map[string]string {
	return when(l.XML != nil && l.XML.Malformed || l.size > 0 && l.kind != signer.XML && (l.ext == ".xml" || l.ext == ".xbrl"))
}

// sameContent finds files that are byte for byte like an earlier one.
func sameContent(e *examined) []hit {
	var hits []hit
	first := map[[32]byte]int{}
	for i, l := range e.files {
		if l.sum == [32]byte{} || l.size == 0 {
			continue
		}
		if j, seen := first[l.sum]; seen {
			hits = append(hits, hit{i, map[string]string{"name": l.Name, "other": e.files[j].Name}})
			continue
		}
		first[l.sum] = i
	}
	return hits
}

// sameName finds files whose names differ at most in case: one would take the other's place.
func sameName(e *examined) []hit {
	var hits []hit
	seen := map[string]bool{}
	for i, l := range e.files {
		low := strings.ToLower(l.Name)
		if seen[low] {
			hits = append(hits, hit{i, map[string]string{"name": l.Name}})
		}
		seen[low] = true
	}
	return hits
}

// The rules about the signer hold only once a certificate is known.

func loginCertificate(e *examined) []hit {
	return one(e.use == signer.UseAuthCNS || e.use == signer.UseAuthCIE)
}

func notQualified(e *examined) []hit {
	switch e.use {
	case signer.UseSign, signer.UseSignMixed, signer.UseAuthCNS, signer.UseAuthCIE:
		return nil
	}
	return one(e.Signer != nil && e.Signer.Certificate != nil)
}

func expired(e *examined) []hit {
	if e.Signer == nil || e.Signer.Certificate == nil {
		return nil
	}
	c := e.Signer.Certificate
	return one(e.at.After(c.NotAfter), "day", c.NotAfter.UTC().Format(time.RFC3339))
}

func notYetValid(e *examined) []hit {
	if e.Signer == nil || e.Signer.Certificate == nil {
		return nil
	}
	c := e.Signer.Certificate
	return one(e.at.Before(c.NotBefore), "day", c.NotBefore.UTC().Format(time.RFC3339))
}

func revoked(e *examined) []hit { return one(e.Signer != nil && e.Signer.Status == StatusRevoked) }

func suspended(e *examined) []hit { return one(e.Signer != nil && e.Signer.Status == StatusSuspended) }

// notKnown tells that nobody could say whether the certificate was revoked; an expired one needs no such answer.
func notKnown(e *examined) []hit {
	return one(e.Signer != nil && e.Signer.Certificate != nil && e.Signer.Status == StatusUnknown && !e.at.After(e.Signer.Certificate.NotAfter))
}

// chip tells of a family of chips whose certification has ended. The chip alone is no reason, nor is a revocation:
// who asks knows both.
func chip(name string) func(*examined) []hit {
	return func(e *examined) []hit {
		if e.Signer == nil {
			return nil
		}
		told := strings.ToLower(strings.ReplaceAll(e.Signer.Chip, " ", ""))
		return one(strings.Contains(told, name), "chip", e.Signer.Chip)
	}
}

func otherSigner(e *examined) []hit {
	if e.Signer == nil || e.Signer.Certificate == nil || len(e.Signer.Named) == 0 {
		return nil
	}
	code := signer.Describe(e.Signer.Certificate).FiscalCode
	return one(code != "" && !slices.Contains(e.Signer.Named, code))
}

// signerWithoutCode tells that nobody can say whether it is the person who is to sign.
func signerWithoutCode(e *examined) []hit {
	return one(e.Signer != nil && e.Signer.Certificate != nil && len(e.Signer.Named) > 0 && signer.Describe(e.Signer.Certificate).FiscalCode == "")
}
