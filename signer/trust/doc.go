// Package trust.
package trust
