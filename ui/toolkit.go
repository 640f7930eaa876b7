package ui

import (
	"bytes"
	"encoding/json"
	"strings"

	"fyne.io/fyne/v2"
	fynelang "fyne.io/fyne/v2/lang"
)

// toolkitWords makes Fyne's own words (the menu of a text field, its dialogs) speak the language of the settings.
//
// Fyne chooses its language by the system's locale and ships neither Italian nor Slovene, so our words stand in for
// whatever it would choose: they are registered under the system's locale and under English, its last resort.
func (k *kit) toolkitWords() error {
	words := map[string]string{}
	for _, key := range k.Keys() {
		if name, ok := strings.CutPrefix(key, "toolkit."); ok {
			words[name] = k.T(key)
		}
	}
	b, err := json.Marshal(words)
	if err != nil || bytes.Equal(b, toolkitHas) {
		return err
	}
	system := fynelang.SystemLocale()
	for _, locale := range []fyne.Locale{"en", fyne.Locale(system.LanguageString()), system} {
		if err := fynelang.AddTranslationsForLocale(b, locale); err != nil {
			return err
		}
	}
	toolkitHas = b
	return nil
}

// toolkitHas are the words that were given last: the toolkit keeps them for the whole process, and takes its time.
var toolkitHas []byte
