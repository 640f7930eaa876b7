//go:build !cgo

package p11

import "os"

// built tells whether this program can load modules.
const built = false

// Serve cannot load a module in a program that was built without cgo.
func Serve(_, _ *os.File) int { return 2 }
