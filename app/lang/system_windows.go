package lang

import "golang.org/x/sys/windows"

// preferred are the languages in which the person has Windows, the first one first.
func preferred() []string {
	tags, err := windows.GetUserPreferredUILanguages(windows.MUI_LANGUAGE_NAME)
	if err != nil {
		return nil
	}
	return tags
}
