// Package xmlsig reads XML signatures: XMLDSig 1.1 with the methods of RFC 9231, and XAdES (ETSI EN 319 132-1, and TS
// 101 903 before it). It computes and tells; whom to believe, and what a finding means for the verdict, is the
// caller's affair.
//
//	sigs, err := xmlsig.Verify(ctx, doc, xmlsig.Options{Resolve: files})
//	for _, s := range sigs {
//	    s.State()                // the mathematics: digests and signature value
//	    s.SignerDER              // the certificate whose key verified
//	    s.References[i].Location // what was signed; s.CoversDocument
//	    s.XAdES.SigningTime      // and what else was signed about the signature
//	    s.XAdES.TimeStamps[i]    // Tokens, and Message: the octets that they must cover
//	    s.Findings
//	}
//
// [VerifyRoot] is for documents that must be signed as a whole by one signature, such as trusted lists: it returns
// the octets that were signed, to be parsed in place of the document. [ReadManifest] reads the list of files of an
// ASiC container. Nothing here opens a file or a socket: references that lead outside go to the caller's [Resolver].
//
// # Findings
//
// Of the kind that someone may have wrapped a good signature in other content (severity Error):
//
//	duplicate-id                   a reference names an ID that two elements have
//	signed-properties-elsewhere    the reference to the signed properties leads to another element
//	signed-properties-not-covered  no good reference covers the signed properties that stand in the signature
//	several-signed-properties      the signature holds them more than once
//	covers-nothing                 the transforms leave nothing of what a reference names
//	no-reference, no-data-reference
//	                               nothing was signed, or only the signature's own properties
//	signing-certificate-mismatch   the properties name another certificate than the one whose key verified
//	counter-signature-elsewhere    a counter-signature does not sign the value that it stands under
//	unsigned-twin                  in an Object that was not signed stands an element like one that was
//	other-signer-offered           KeyInfo offers the certificate of somebody else beside the signer's
//	digest-mismatch, xml-structure what they say
//
// Of the kind that a reader should see (Warning, or Info where it is quite usual):
//
//	covers-part (Info)             an element was signed, not the document: Reference.Location says which
//	covers-part-of-file            a filter picked a part of a file outside
//	object-not-covered             an Object in the signature holds content that was not signed
//	reference-into-other-signature what was signed stands inside another signature's Object
//	manifest-entry-unknown         a signed manifest lists something that could not be checked: the digest of the
//	                               list is good and State says so, but the thing itself may be absent
//	reference-missing, reference-pointer, reference-failed
//	                               a reference could not be followed
//	algorithm-refused              role and uri tell which; the state is Unknown, never Bad
//	shared-secret                  an HMAC: whoever can check it could have made it, so that it proves nobody
//	no-signing-certificate, key-without-certificate, certificate-unreadable
//	signed-properties-missing, signed-properties-type, properties-target
//	signing-certificate-missing, several-signing-certificates
//	signing-time-unreadable, signing-time-without-zone, time-stamp-unreadable
//
// # Limits
//
// Size, depth, nodes, attributes, references, signatures, certificates tried and octets canonicalised are bounded:
// a document beyond [Limits] is a [*LimitError]. Calls end soon after their context does.
//
// # Why
//
// The parser is our own, because what a signature covers is decided by details that encoding/xml does not keep:
// prefixes, the order and place of namespace declarations, line ends, what was a character reference. It refuses a
// document type declaration before reading it ([*DTDError]): entities are a way to exhaust or to read files, and
// attribute defaults would change what was signed without a byte changing. Only a file that a reference leads to may
// name a document type, which is not read either. IDs are attributes named Id, ID or id,
// xml:id and wsu:Id, as the formats have them, and one that two elements have leads nowhere.
//
// Transforms are a list of five: the enveloped signature, the canonicalisations, base64, and of the two XPath
// transforms only those expressions that leave signatures out or pick whole elements. XSLT and XPath programs decide
// at verification what was signed, and no reader can be shown it; they are refused by name.
//
// What is covered is judged by the node, not by the URI: a property or an object counts as signed if it lies in the
// node-set whose digest was computed, after all transforms. That is what defeats wrapping, where the digest is good
// and the element that a program then looks at is another.
//
// A manifest's entry that is absent does not break a signature (XMLDSig §5.1 leaves it to the application, and DSS
// decides so), one that was changed does.
package xmlsig
