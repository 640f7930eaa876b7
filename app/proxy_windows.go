package app

import (
	"context"

	"golang.org/x/sys/windows/registry"
)

// readProxies reads the Internet Settings of the person's account.
func readProxies(context.Context) proxies {
	k, err := registry.OpenKey(registry.CURRENT_USER, `Software\Microsoft\Windows\CurrentVersion\Internet Settings`, registry.QUERY_VALUE)
	if err != nil {
		return proxies{}
	}
	defer k.Close()
	// Often there are none of these values.
	script, _, _ := k.GetStringValue("AutoConfigURL")
	server, _, _ := k.GetStringValue("ProxyServer")
	override, _, _ := k.GetStringValue("ProxyOverride")
	if on, _, err := k.GetIntegerValue("ProxyEnable"); err != nil || on == 0 {
		return proxies{script: script}
	}
	p := parseWindows(server, override)
	p.script = script
	return p
}
