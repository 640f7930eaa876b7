package signer_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"ceralacca/signer"
)

// Files that somebody put into a container beside the signed ones are named, and the signature covers not all of it.
func TestFilesNobodySigned(t *testing.T) {
	dir := shared(t, "corpus", "files")
	for name, extra := range map[string]string{
		"dss-asic/onefile-too-much-files.asice":      "cef-portal-esig.png",
		"digidoc-asic/extra_file_in_container.asice": "AdditionalFile.txt",
		"dss-asic/onefile-ok.asice":                  "",
	} {
		b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			t.Error(err)
			continue
		}
		s := verify(t, b, signer.VerifyOptions{}).Signatures[0]
		i := slices.IndexFunc(s.Findings, func(f signer.Finding) bool { return f.Code == "file-not-signed" })
		if (i >= 0) != (extra != "") || i >= 0 && s.Findings[i].Args["name"] != extra || s.CoversWholeFile != (extra == "") {
			t.Errorf("%s: covers all %v (%s)", name, s.CoversWholeFile, codes(s))
		}
	}
}
