//go:build !linux && !darwin && !windows

package ui

import (
	"context"

	"fyne.io/fyne/v2"
)

// systemChooser: there is none.
func systemChooser(context.Context, choose) ([]string, error) { return nil, errNoChooser }

func nativeHandle(fyne.Window) uintptr { return 0 }
