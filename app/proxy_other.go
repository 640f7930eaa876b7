//go:build !windows && !darwin

package app

// systemProxies are none: here the environment is what tells.
func systemProxies() proxies { return proxies{} }
