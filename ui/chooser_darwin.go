package ui

import (
	"context"
	"os/exec"
	"strings"

	"fyne.io/fyne/v2"
)

// The words come as arguments, so nothing in a title or a path is a command.
const chooseScript = `on run argv
	set what to item 1 of argv
	set said to item 2 of argv
	set out to ""
	try
		if what is "files" then
			set picked to choose file with prompt said with multiple selections allowed
		else if what is "file" then
			set picked to {choose file with prompt said}
		else
			set picked to {choose folder with prompt said}
		end if
	on error number -128
		return ""
	end try
	repeat with p in picked
		set out to out & POSIX path of p & linefeed
	end repeat
	return out
end run`

// systemChooser asks macOS's own dialog through its script interpreter, which is part of the system.
func systemChooser(ctx context.Context, q choose) ([]string, error) {
	what := "folder"
	switch q.what {
	case pickFiles:
		what = "files"
	case pickFile:
		what = "file"
	}
	out, err := exec.CommandContext(ctx, "/usr/bin/osascript", "-e", chooseScript, what, q.title).Output()
	if err != nil {
		return nil, errNoChooser
	}
	var paths []string
	for p := range strings.SplitSeq(strings.TrimRight(string(out), "\n"), "\n") {
		if p != "" {
			paths = append(paths, p)
		}
	}
	return paths, nil
}

func nativeHandle(fyne.Window) uintptr { return 0 }
