package xmlsig

import "fmt"

// SyntaxError means that the bytes are not a namespace-well-formed XML 1.0 document.
type SyntaxError struct {
	Offset int    // in bytes of the document after conversion to UTF-8
	Reason string // kebab-case, such as "unbound-prefix"
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("malformed XML at byte %d: %s", e.Offset, e.Reason)
}

// DTDError means that the document has a document type declaration, which is refused unread: entities can
// expand without bound or read files, and default attributes would change what was signed.
type DTDError struct{ Offset int }

func (e *DTDError) Error() string {
	return fmt.Sprintf("document type declaration at byte %d refused", e.Offset)
}

// EncodingError means that the character encoding is not one that is read here, or that the bytes contradict it.
type EncodingError struct{ Name string }

func (e *EncodingError) Error() string { return fmt.Sprintf("character encoding %q refused", e.Name) }

// LimitError means that the document is larger than the [Limits] allow.
type LimitError struct {
	What string // "bytes", "depth", "nodes", "attributes", "signatures", "references", "transforms", "certificates", "time-stamps"
	Max  int
}

func (e *LimitError) Error() string { return fmt.Sprintf("more than %d %s", e.Max, e.What) }

// AlgorithmError means that the document asks for an algorithm that is not carried out, by its own name.
type AlgorithmError struct {
	Role string // "canonicalization", "digest", "signature", "transform"
	URI  string
}

func (e *AlgorithmError) Error() string {
	return fmt.Sprintf("%s algorithm %q refused", e.Role, e.URI)
}

// ReferenceError means that a reference could not be followed.
type ReferenceError struct {
	URI    string
	Reason string // "missing", "duplicate-id", "pointer", "omitted", "node-set"
	Err    error  // what the resolver said; may be nil
}

func (e *ReferenceError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("reference %q: %s: %v", e.URI, e.Reason, e.Err)
	}
	return fmt.Sprintf("reference %q: %s", e.URI, e.Reason)
}

func (e *ReferenceError) Unwrap() error { return e.Err }

// StructureError means that a signature lacks a part that XMLDSig requires, or has it where it may not be.
type StructureError struct{ Reason string }

func (e *StructureError) Error() string { return "XML signature structure: " + e.Reason }
