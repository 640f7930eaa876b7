package card

// tlv is one BER data object, ISO 7816-4 §5.2.2, as files of the card use it.
type tlv struct {
	tag   uint32
	value []byte
	size  int // bytes of the whole object
}

const maxLength = 1 << 15 // READ BINARY reaches no further

// parseTLV reads the data object at the start of b: tags of up to three bytes, lengths of up to four, the
// definite form only.
func parseTLV(b []byte) (tlv, bool) {
	tag, head, length, ok := parseHeader(b)
	if !ok || len(b)-head < length {
		return tlv{}, false
	}
	return tlv{tag: tag, value: b[head : head+length], size: head + length}, true
}

// parseHeader reads tag and length, whose value may not be there yet.
func parseHeader(b []byte) (tag uint32, head, length int, ok bool) {
	if len(b) < 2 {
		return 0, 0, 0, false
	}
	tag, at := uint32(b[0]), 1
	if b[0]&0x1F == 0x1F {
		for more := true; more; at++ {
			if at == 3 || at >= len(b) {
				return 0, 0, 0, false
			}
			tag, more = tag<<8|uint32(b[at]), b[at]&0x80 != 0
		}
	}
	if at >= len(b) {
		return 0, 0, 0, false
	}
	length, at = int(b[at]), at+1
	if length < 0x80 {
		return tag, at, length, true
	}
	n := length & 0x7F
	if n == 0 || n > 3 || len(b)-at < n {
		return 0, 0, 0, false
	}
	length = 0
	for _, x := range b[at : at+n] {
		length = length<<8 | int(x)
	}
	return tag, at + n, length, length <= maxLength
}
