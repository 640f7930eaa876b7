module ceralacca

go 1.26

// The window.
require fyne.io/fyne/v2 v2.8.1

// The card.
require (
	github.com/ebfe/scard v0.0.0-20241214075232-7af069cabc25
	github.com/miekg/pkcs11 v1.1.2
)

// Signatures.
require (
	github.com/digitorus/pdfsign v0.0.0-20260407063256-85ede6424a74
	github.com/digitorus/pkcs7 v0.0.0-20250730155240-ffadbf3f398c
	golang.org/x/crypto v0.58.0
)

// The terminal.
require golang.org/x/term v0.47.0

// Tests.
require (
	github.com/jezek/xgb v1.1.1
	github.com/rogpeppe/go-internal v1.16.0
)
