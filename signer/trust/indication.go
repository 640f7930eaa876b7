package trust

// Sub-indications of ETSI EN 319 102-1 table 5 that this package gives.
const (
	NotYetValid                    = "NOT_YET_VALID"
	Expired                        = "EXPIRED"
	Revoked                        = "REVOKED"
	NoCertificateChainFound        = "NO_CERTIFICATE_CHAIN_FOUND"
	CertificateChainGeneralFailure = "CERTIFICATE_CHAIN_GENERAL_FAILURE"
	ChainConstraintsFailure        = "CHAIN_CONSTRAINTS_FAILURE"
	CryptoConstraintsFailureNoPOE  = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
	CryptoConstraintsFailure       = "CRYPTO_CONSTRAINTS_FAILURE"
	OutOfBoundsNoPOE               = "OUT_OF_BOUNDS_NO_POE"
	OutOfBoundsNotRevoked          = "OUT_OF_BOUNDS_NOT_REVOKED"
	RevokedNoPOE                   = "REVOKED_NO_POE"
	RevokedCANoPOE                 = "REVOKED_CA_NO_POE"
	RevocationOutOfBoundsNoPOE     = "REVOCATION_OUT_OF_BOUNDS_NO_POE"
	TryLater                       = "TRY_LATER"
)

// Indication is the first half of an outcome, EN 319 102-1 §5.1.3.
type Indication int

// The three indications. The zero value claims nothing.
const (
	Indeterminate Indication = iota
	Passed
	Failed
)

func (i Indication) String() string {
	return [...]string{"INDETERMINATE", "PASSED", "FAILED"}[i]
}
