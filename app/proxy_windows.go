package app

import "golang.org/x/sys/windows/registry"

// systemProxies reads the Internet Settings of the person's account.
func systemProxies() proxies {
	k, err := registry.OpenKey(registry.CURRENT_USER, `Software\Microsoft\Windows\CurrentVersion\Internet Settings`, registry.QUERY_VALUE)
	if err != nil {
		return proxies{}
	}
	defer k.Close()
	if on, _, err := k.GetIntegerValue("ProxyEnable"); err != nil || on == 0 {
		return proxies{}
	}
	server, _, err := k.GetStringValue("ProxyServer")
	if err != nil {
		return proxies{}
	}
	override, _, _ := k.GetStringValue("ProxyOverride") // often there is none
	return parseWindows(server, override)
}
