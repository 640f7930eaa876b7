// Package signer makes and checks electronic signatures.
package signer
