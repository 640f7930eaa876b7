package app

// originMarks is the attribute by which macOS warns before it opens what was downloaded.
var originMarks = []string{"com.apple.quarantine"}
