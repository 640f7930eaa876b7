package cms

import (
	"bytes"
	"slices"
)

// Beside reports whether sd is was with one signer more beside the others: content of the same type, and every
// certificate, CRL and SignerInfo of was, byte for byte and in the order in which they stood.
func (sd *SignedData) Beside(was *SignedData) bool {
	return sd.keeps(was) && len(sd.SignerInfos) == len(was.SignerInfos)+1 && inOrder(rawInfos(was), rawInfos(sd))
}

// Countersigned reports whether sd is was with one counter-signature more in each SignerInfo: every element of it and
// every attribute stands as it stood, and so does what is beside them.
func (sd *SignedData) Countersigned(was *SignedData) bool {
	return sd.keeps(was) && slices.EqualFunc(sd.SignerInfos, was.SignerInfos, (*SignerInfo).countersigned)
}

func (sd *SignedData) keeps(was *SignedData) bool {
	return sd.EContentType == was.EContentType && sd.Detached == was.Detached &&
		inOrder(was.RawCertificates, sd.RawCertificates) && inOrder(was.RawRevocations, sd.RawRevocations)
}

func (si *SignerInfo) countersigned(was *SignerInfo) bool {
	is, err := si.elements()
	stood, werr := was.elements()
	return err == nil && werr == nil && slices.EqualFunc(is, stood, bytes.Equal) &&
		len(si.UnsignedAttrs) == len(was.UnsignedAttrs)+1 &&
		Count(si.UnsignedAttrs, OIDCounterSignature) == Count(was.UnsignedAttrs, OIDCounterSignature)+1 &&
		inOrder(rawAttributes(was.UnsignedAttrs), rawAttributes(si.UnsignedAttrs))
}

// elements are those of the SignerInfo as they stand, without the unsigned attributes.
func (si *SignerInfo) elements() ([][]byte, error) {
	kids, err := children(si.Raw, 16)
	if err == nil && si.RawUnsigned != nil {
		kids = kids[:len(kids)-1]
	}
	return kids, err
}

func rawInfos(sd *SignedData) (all [][]byte) {
	for _, si := range sd.SignerInfos {
		all = append(all, si.Raw)
	}
	return all
}

func rawAttributes(as []Attribute) (all [][]byte) {
	for _, a := range as {
		all = append(all, a.Raw)
	}
	return all
}

// inOrder reports whether all of the elements stand in set, in their order.
func inOrder(elements, set [][]byte) bool {
	for _, e := range elements {
		i := slices.IndexFunc(set, func(o []byte) bool { return bytes.Equal(o, e) })
		if i < 0 {
			return false
		}
		set = set[i+1:]
	}
	return true
}
