//go:build !accessibility

package ui

// speaking says that the toolkit was built with what tells a screen reader.
const speaking = false
