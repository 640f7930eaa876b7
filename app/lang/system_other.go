//go:build !windows

package lang

// preferred has nothing to add here: the environment tells the language.
func preferred() []string { return nil }
