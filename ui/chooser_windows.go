package ui

import (
	"context"
	"path/filepath"
	"runtime"
	"unsafe"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver"
	"golang.org/x/sys/windows"
)

// openFileName is OPENFILENAMEW of commdlg.h.
type openFileName struct {
	size           uint32
	owner          uintptr
	instance       uintptr
	filter         *uint16
	customFilter   *uint16
	maxCustom      uint32
	filterIndex    uint32
	file           *uint16
	maxFile        uint32
	fileTitle      *uint16
	maxFileTitle   uint32
	initialDir     *uint16
	title          *uint16
	flags          uint32
	fileOffset     uint16
	fileExtension  uint16
	defExt         *uint16
	data           uintptr
	hook           uintptr
	templateName   *uint16
	reserved       uintptr
	reservedNumber uint32
	flagsEx        uint32
}

// Flags of OPENFILENAMEW.
const (
	ofnHideReadOnly     = 0x4
	ofnNoChangeDir      = 0x8
	ofnAllowMultiSelect = 0x200
	ofnPathMustExist    = 0x800
	ofnFileMustExist    = 0x1000
	ofnExplorer         = 0x80000
)

var (
	comdlg32             = windows.NewLazySystemDLL("comdlg32.dll")
	getOpenFileName      = comdlg32.NewProc("GetOpenFileNameW")
	commDlgExtendedError = comdlg32.NewProc("CommDlgExtendedError")
)

// systemChooser asks the dialog of Windows for files. Folders are chosen in our own picker.
func systemChooser(_ context.Context, q choose) ([]string, error) {
	if !q.what.file() || getOpenFileName.Find() != nil {
		return nil, errNoChooser
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	title, err := windows.UTF16PtrFromString(q.title)
	if err != nil {
		return nil, errNoChooser
	}
	var dir *uint16
	if q.dir != "" {
		if dir, err = windows.UTF16PtrFromString(q.dir); err != nil {
			return nil, errNoChooser
		}
	}
	file := make([]uint16, 1<<18) // room for some thousand names
	o := openFileName{
		owner: q.parent, file: &file[0], maxFile: uint32(len(file)), title: title, initialDir: dir,
		flags: ofnExplorer | ofnFileMustExist | ofnPathMustExist | ofnHideReadOnly | ofnNoChangeDir,
	}
	if q.what == pickFiles {
		o.flags |= ofnAllowMultiSelect
	}
	o.size = uint32(unsafe.Sizeof(o))
	if ok, _, _ := getOpenFileName.Call(uintptr(unsafe.Pointer(&o))); ok == 0 {
		if why, _, _ := commDlgExtendedError.Call(); why != 0 {
			return nil, errNoChooser // not opened, or more names than there is room for
		}
		return nil, nil // nothing was chosen
	}
	return splitNames(file), nil
}

// splitNames reads one path, or a folder and the names in it, each ended by a zero.
func splitNames(buffer []uint16) []string {
	var parts []string
	for start := 0; start < len(buffer) && buffer[start] != 0; {
		end := start
		for end < len(buffer) && buffer[end] != 0 {
			end++
		}
		parts = append(parts, windows.UTF16ToString(buffer[start:end]))
		start = end + 1
	}
	if len(parts) < 2 {
		return parts
	}
	var paths []string
	for _, name := range parts[1:] {
		paths = append(paths, filepath.Join(parts[0], name))
	}
	return paths
}

// nativeHandle is the window that the dialog belongs to, or 0.
func nativeHandle(w fyne.Window) uintptr {
	var handle uintptr
	if n, ok := w.(driver.NativeWindow); ok {
		n.RunNative(func(c any) {
			if x, ok := c.(driver.WindowsWindowContext); ok {
				handle = x.HWND
			}
		})
	}
	return handle
}
