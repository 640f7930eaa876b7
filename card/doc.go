// Package card finds smart cards and uses the PINs and keys on them.
package card
