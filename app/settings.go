package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// UserDir is the folder for the person's settings, shared by the window and the command line.
func UserDir() (string, error) {
	d, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("finding the settings folder: %w", err)
	}
	return filepath.Join(d, "ceralacca"), nil
}

func (e *Engine) settingsFile() string { return filepath.Join(e.cfg.Dir, "settings.json") }

// Settings reads the person's choices; without a file they are the zero value.
func (e *Engine) Settings() (Settings, error) {
	var s Settings
	if e.cfg.Dir == "" {
		return s, nil
	}
	b, err := os.ReadFile(e.settingsFile())
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &s)
	}
	if err != nil {
		return Settings{}, fmt.Errorf("reading the settings: %w", err)
	}
	return s, nil
}

// SaveSettings keeps the person's choices. Fields that this version does not know stay in the file.
func (e *Engine) SaveSettings(s Settings) error {
	if e.cfg.Dir == "" {
		return nil
	}
	all := map[string]json.RawMessage{}
	if b, err := os.ReadFile(e.settingsFile()); err == nil {
		if json.Unmarshal(b, &all) != nil {
			clear(all) // a damaged file is replaced
		}
	}
	for _, known := range []string{"language", "theme", "scale", "show_fiscal_code", "profile", "offline", "library"} {
		delete(all, known)
	}
	b, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("keeping the settings: %w", err)
	}
	if err := json.Unmarshal(b, &all); err != nil {
		return fmt.Errorf("keeping the settings: %w", err)
	}
	if b, err = json.MarshalIndent(all, "", "\t"); err != nil {
		return fmt.Errorf("keeping the settings: %w", err)
	}
	return replaceFile(e.settingsFile(), b)
}
