package pdf

import "bytes"

func newReader(b []byte) *bytes.Reader { return bytes.NewReader(b) }
