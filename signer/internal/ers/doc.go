// Package ers reads evidence records: RFC 4998 in ASN.1 and, with what package xmlsig found in the document, RFC 6283 in
// XML. An evidence record proves that documents existed at a time: a time-stamp covers the root of a hash tree in which
// they are leaves, a newer time-stamp covers the older one before its algorithms or certificates fail (time-stamp
// renewal), and a new tree covers documents and all older time-stamps before a hash fails (hash-tree renewal).
//
//	r, err := ers.Parse(der)
//	for _, link := range r.Check([]ers.Object{file}) {
//	    link.State   // whether this time-stamp covers what stands before it, and the first the objects
//	    link.Token   // to be judged by the caller, the newest first, each by the time of the next
//	}
//
// Whether a time-stamp is to be believed is the caller's affair; here are digests and order alone.
//
// # Limits
//
// The number of time-stamps, of groups in a tree and of digests is bounded: a record beyond is a [*LimitError]. A digest of
// another length than the hash gives is refused: concatenated digests of free lengths could be cut anew.
package ers
