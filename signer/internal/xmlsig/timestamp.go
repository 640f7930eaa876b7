package xmlsig

import (
	"context"
	"io"
	"slices"
	"strings"
)

var timeStampKinds = map[string]TimeStampKind{
	"SignatureTimeStamp": SignatureTime,
	"RefsOnlyTimeStamp":  RefsOnly, "RefsOnlyTimeStampV2": RefsOnly,
	"SigAndRefsTimeStamp": SigAndRefs, "SigAndRefsTimeStampV2": SigAndRefs,
	"ArchiveTimeStamp": Archive,
}

// readUnsigned collects the values of the unsigned properties and the time-stamps of both kinds.
func (k *work) readUnsigned(s *Signature, sig *node, p properties) {
	x := s.XAdES
	for _, e := range p.encapsulatedCertificates() {
		if der, ok := unbase64(e.content()); ok {
			x.Certificates = append(x.Certificates, der)
		}
	}
	sdo := p.signed.child(p.space, "SignedDataObjectProperties")
	if x.Covered {
		for _, e := range sdo.children(p.space, "AllDataObjectsTimeStamp") {
			k.addTimeStamp(s, sig, p, e, AllDataObjects)
		}
		for _, e := range sdo.children(p.space, "IndividualDataObjectsTimeStamp") {
			k.addTimeStamp(s, sig, p, e, IndividualDataObjects)
		}
	}
	if p.unsigned == nil {
		return
	}
	for e := p.unsigned.first; e != nil; e = e.next {
		if e.is(nsSealing, "SealingEvidenceRecords") {
			k.addEvidence(s, sig, p, e)
		}
		if e.kind != elementNode || !isXAdES(e.space) {
			continue
		}
		switch kind, ok := timeStampKinds[e.local]; {
		case ok && kind == Archive && e.space != nsXAdES141:
			k.addTimeStamp(s, sig, p, e, ArchiveOld)
		case ok:
			k.addTimeStamp(s, sig, p, e, kind)
		case strings.HasPrefix(e.local, "Complete"):
			x.HasRefs = true
		case e.local == "CertificateValues":
			x.HasCertificateValues = true
		case e.local == "RevocationValues", e.local == "AttributeRevocationValues":
			x.revocationBehind()
			x.HasRevocationValues = x.HasRevocationValues || e.local == "RevocationValues"
			x.addRevocation(e)
		case e.local == "TimeStampValidationData", e.local == "AnyValidationData":
			x.revocationBehind()
			x.addRevocation(e.child(p.space, "RevocationValues"))
		}
	}
}

// revocationBehind notes that revocation values stand behind the time-stamps and evidence records so far.
func (x *XAdES) revocationBehind() {
	for i := range x.Evidence {
		x.Evidence[i].CoversRevocation = false
	}
	for i := range x.TimeStamps {
		x.TimeStamps[i].CoversRevocation = false
	}
}

func (x *XAdES) addRevocation(e *node) {
	if e == nil {
		return
	}
	for _, v := range e.path(e.space, "OCSPValues").children(e.space, "EncapsulatedOCSPValue") {
		if der, ok := unbase64(v.content()); ok {
			x.OCSPs = append(x.OCSPs, der)
		}
	}
	for _, v := range e.path(e.space, "CRLValues").children(e.space, "EncapsulatedCRLValue") {
		if der, ok := unbase64(v.content()); ok {
			x.CRLs = append(x.CRLs, der)
		}
	}
}

const maxTimeStamps = 256

func (k *work) addTimeStamp(s *Signature, sig *node, p properties, e *node, kind TimeStampKind) {
	if len(s.XAdES.TimeStamps) >= maxTimeStamps {
		return
	}
	t := TimeStamp{ID: e.value("Id"), Kind: kind, CoversRevocation: kind == Archive || kind == ArchiveOld}
	for c := e.first; c != nil; c = c.next {
		if c.kind == elementNode && c.local == "EncapsulatedTimeStamp" && isXAdES(c.space) {
			if der, ok := unbase64(c.content()); ok {
				t.Tokens = append(t.Tokens, der)
			}
		}
	}
	if len(t.Tokens) == 0 {
		s.find("time-stamp-unreadable", Warning, nil, "property", e.local)
	}
	t.message = func(ctx context.Context, w io.Writer) error {
		own := *k
		own.ctx, own.left = ctx, k.stamps
		return own.timeStampMessage(w, sig, p, e, kind)
	}
	s.XAdES.TimeStamps = append(s.XAdES.TimeStamps, t)
}

// timeStampMessage writes the input of the time-stamp's digest. The canonicalisation is the one that the
// property names, else Canonical XML 1.0 (EN 319 132-1 §5.1.4.3 and the clause of each property).
func (k *work) timeStampMessage(w io.Writer, sig *node, p properties, e *node, kind TimeStampKind) error {
	m := c14n{}
	if c := e.child(nsDS, "CanonicalizationMethod"); c != nil {
		var ok bool
		if m, ok = canonicalizer(c); !ok && c.value("Algorithm") != "" {
			return &AlgorithmError{"canonicalization", c.value("Algorithm")}
		}
	}
	switch kind {
	case AllDataObjects:
		return k.writeReferences(w, sig, m, func(r *node) bool { return !isSignedPropertiesType(r.value("Type")) })
	case IndividualDataObjects:
		return k.writeIncluded(w, sig, m, e.children(e.space, "Include"))
	case SignatureTime:
		return k.canonical(w, m, sig.child(nsDS, "SignatureValue"))
	case SigAndRefs:
		if err := k.canonical(w, m, sig.child(nsDS, "SignatureValue")); err != nil {
			return err
		}
		return k.writeUnsigned(w, m, p, e, func(n *node) bool { return n.local == "SignatureTimeStamp" || isRefs(n.local, e) })
	case RefsOnly:
		return k.writeUnsigned(w, m, p, e, func(n *node) bool { return isRefs(n.local, e) })
	}
	return k.archiveMessage(w, sig, m, p, e, kind)
}

// isRefs tells the references that the time-stamp stamp covers. Those to certificates have two versions, and each
// version of the time-stamp covers its own (EN 319 132-1 §A.1.5).
func isRefs(local string, stamp *node) bool {
	switch local {
	case "CompleteRevocationRefs", "AttributeRevocationRefs":
		return true
	case "CompleteCertificateRefs", "AttributeCertificateRefs":
		return !strings.HasSuffix(stamp.local, "V2")
	case "CompleteCertificateRefsV2", "AttributeCertificateRefsV2":
		return strings.HasSuffix(stamp.local, "V2")
	}
	return false
}

// archiveMessage is EN 319 132-1 §5.5.2.2: the data, the core of the signature, the unsigned properties that
// stand before the time-stamp, and the Objects without qualifying properties; before version 1.4.1 only those
// that no reference names (TS 101 903 v1.3.2 §7.7.1).
func (k *work) archiveMessage(w io.Writer, sig *node, m c14n, p properties, e *node, kind TimeStampKind) error {
	if err := k.writeReferences(w, sig, m, func(*node) bool { return true }); err != nil {
		return err
	}
	for _, name := range []string{"SignedInfo", "SignatureValue", "KeyInfo"} {
		if n := sig.child(nsDS, name); n != nil {
			if err := k.canonical(w, m, n); err != nil {
				return err
			}
		}
	}
	if err := k.writeUnsigned(w, m, p, e, func(*node) bool { return true }); err != nil {
		return err
	}
	for _, o := range sig.children(nsDS, "Object") {
		holds := false
		for _, q := range p.all {
			holds = holds || q.parent == o
		}
		if holds || kind == ArchiveOld && isReferenced(sig, o) {
			continue
		}
		if err := k.canonical(w, m, o); err != nil {
			return err
		}
	}
	return nil
}

func isReferenced(sig, o *node) bool {
	id := o.value("Id")
	for _, r := range sig.child(nsDS, "SignedInfo").children(nsDS, "Reference") {
		if id != "" && r.value("URI") == "#"+id {
			return true
		}
	}
	return false
}

// writeReferences writes the octets of the data references, in order.
func (k *work) writeReferences(w io.Writer, sig *node, m c14n, want func(*node) bool) error {
	for _, r := range sig.child(nsDS, "SignedInfo").children(nsDS, "Reference") {
		if !want(r) {
			continue
		}
		if _, err := k.process(w, sig, r, m); err != nil {
			return err
		}
	}
	return nil
}

// writeIncluded writes the octets of the references that the Include elements name, in the order of these (EN 319 132-1
// §5.2.8.2). One that names none adds nothing, so that the imprint tells.
func (k *work) writeIncluded(w io.Writer, sig *node, m c14n, includes []*node) error {
	if len(includes) > k.lim.References {
		return &LimitError{"references", k.lim.References}
	}
	refs := sig.child(nsDS, "SignedInfo").children(nsDS, "Reference")
	for _, i := range includes {
		uri := i.value("URI")
		at := slices.IndexFunc(refs, func(r *node) bool { return uri != "" && uri == "#"+r.value("Id") })
		if at < 0 {
			continue
		}
		if _, err := k.process(w, sig, refs[at], m); err != nil {
			return err
		}
	}
	return nil
}

// writeUnsigned writes the unsigned properties before e, in the order in which they stand.
func (k *work) writeUnsigned(w io.Writer, m c14n, p properties, e *node, want func(*node) bool) error {
	for n := p.unsigned.first; n != nil && n != e; n = n.next {
		if n.kind != elementNode || !want(n) {
			continue
		}
		if err := k.canonical(w, m, n); err != nil {
			return err
		}
	}
	return nil
}
