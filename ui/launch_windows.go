package ui

import (
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/windows"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// launch opens a file or folder in the system's program for it, or says where it is. By its path: in an address of a
// file Windows takes what is percent-encoded for its own code page, and would not find "Città".
func (u *UI) launch(path string) {
	go func() { // another program may answer late
		if err := shellOpen(path); err != nil {
			u.onUI(func() { u.say(u.k.Text(lang.M("ui.launch.failed", "path", app.Visible(path)))) })
		}
	}()
}

// shellOpen does what a double click does. Shells may need COM, in an apartment of the thread.
func shellOpen(path string) error {
	st, err := os.Stat(path)
	if err != nil {
		return err
	}
	if st.IsDir() {
		path = strings.TrimRight(path, `\`) + `\` // or a program beside it, of the folder's name, could be meant
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if windows.CoInitializeEx(0, windows.COINIT_APARTMENTTHREADED|windows.COINIT_DISABLE_OLE1DDE) == nil {
		defer windows.CoUninitialize()
	}
	file, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return err
	}
	return windows.ShellExecute(0, nil, file, nil, nil, windows.SW_SHOWNORMAL)
}
