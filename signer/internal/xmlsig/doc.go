// Package xmlsig reads XML signatures: XMLDSig 1.1 and XAdES (ETSI EN 319 132-1, and TS 101 903 before it).
package xmlsig
