// Package cert reads X.509 certificates as they are found in the wild and checks signatures by their
// AlgorithmIdentifier.
//
// How to use it:
//
//	c, err := cert.Parse(der)            // lenient; c.X509 is nil where the standard library refuses der
//	err = child.CheckSignatureFrom(c)    // the mathematics of one step of a chain, nothing about trust
//	alg, ok := cert.ReadAlgorithm(&s)    // AlgorithmIdentifier from a cryptobyte.String
//	h, err := alg.Hash(crypto.SHA256)    // the hash of a signature algorithm; the argument is what "rsaEncryption" means
//	err = cert.Verify(c.PublicKey, alg, h, message, signature)
//	err = cert.VerifyDigest(c.PublicKey, alg, h, digest, signature)
//
// # Why
//
// crypto/x509 is made for TLS. It refuses certificates that are in force for signatures: negative serial numbers,
// policies that it cannot parse, RSASSA-PSS keys, brainpool curves, DSA. A verifier that cannot read a certificate
// must not tell the person that there was none, so this parser takes from a certificate what a signature needs and
// leaves the rest alone. It is lenient about what stands in extensions (a broken one is recorded in Problems), not
// about the frame: lengths, tags and bounds are strict.
//
// RSA, DSA and the curves outside the standard library are computed with math/big. All that is verified is public,
// so constant time is not needed; crypto/rsa would refuse keys under 1024 bits and PSS with two different hashes,
// which old archives hold and which have to be shown as "weak", not as "broken".
package cert
