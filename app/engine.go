// Package app is the application without a window.
package app

// Engine does the work: each method blocks, takes a context and touches no State.
type Engine struct{}
