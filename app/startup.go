package app

import (
	"encoding/xml"
	"path/filepath"
	"strings"
)

// TrayFlag starts the program in the system tray, without a window.
const TrayFlag = "--tray"

// desktopEntry is the XDG autostart file of the program exe (Desktop Application Autostart Specification 0.5).
func desktopEntry(configHome, exe string) startupFile {
	return startupFile{
		filepath.Join(configHome, "autostart", "it.ceralacca.Ceralacca.desktop"),
		"[Desktop Entry]\nType=Application\nName=Ceralacca\nIcon=it.ceralacca.Ceralacca\n" +
			"Exec=" + quoteExec(exe) + " " + TrayFlag + "\nTerminal=false\nX-GNOME-Autostart-enabled=true\n",
	}
}

// quoteExec quotes an argument of an Exec line (Desktop Entry Specification, "The Exec key"): within double quotes
// `"`, "`", "$" and "\" have a backslash before them; the line as a value doubles that backslash; "%" is doubled.
func quoteExec(arg string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range arg {
		switch r {
		case '"', '`', '$':
			b.WriteString(`\\`)
		case '\\':
			b.WriteString(`\\\`)
		case '%':
			b.WriteByte('%')
		}
		b.WriteRune(r)
	}
	return b.String() + `"`
}

// launchAgent is the property list of macOS that starts exe with the session (launchd.plist(5)).
func launchAgent(home, exe string) startupFile {
	var path strings.Builder
	// Writing to memory does not fail.
	_ = xml.EscapeText(&path, []byte(exe))
	return startupFile{
		filepath.Join(home, "Library", "LaunchAgents", "it.ceralacca.Ceralacca.plist"),
		`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>Label</key>
	<string>it.ceralacca.Ceralacca</string>
	<key>ProgramArguments</key>
	<array>
		<string>` + path.String() + `</string>
		<string>` + TrayFlag + `</string>
	</array>
	<key>RunAtLoad</key>
	<true/>
</dict>
</plist>
`,
	}
}
