package app

import "context"

// Store holds the State of a window and the jobs that change it. One goroutine owns the State.
type Store struct{}

// NewStore returns a store over the engine; Run starts it.
func NewStore(e *Engine) *Store { return &Store{} }

// Run owns every goroutine of the application, and returns when all of them have ended.
func (s *Store) Run(ctx context.Context, ask Asker) error { return nil }

// State is the newest snapshot. It is never nil, and neither is a section that the type does not call so.
func (s *Store) State() *State { return nil }

// OnChange sets the function that is told of each new State, on the store's goroutine; it must not block.
// It is called before Run.
func (s *Store) OnChange(f func(*State)) {}

// The intents. Each returns at once; what comes of it is seen in the State.

// Add takes files and folders that arrived by drop, button, paste or arguments. Folders are read one level deep.
// A single signed file is verified; all others go to the list to sign.
func (s *Store) Add(paths ...string) {}

// Remove takes a file off the list.
func (s *Store) Remove(id int) {}

// Clear empties the list and forgets the last job.
func (s *Store) Clear() {}

// ChooseCard makes the card in the slot the one that signs.
func (s *Store) ChooseCard(slot string) {}

// UsePractice puts the practice card into use, or takes it out.
func (s *Store) UsePractice(on bool) {}

// Sign signs the files that are ready with the chosen card. It asks for the PIN by the Asker.
func (s *Store) Sign() {}

// Cancel ends the running job after the current file.
func (s *Store) Cancel() {}

// Verify judges the file at path.
func (s *Store) Verify(path string) {}

// SaveContent writes the content of the verified file to dest, which must not exist.
func (s *Store) SaveContent(dest string) {}

// CloseVerification forgets the verified file.
func (s *Store) CloseVerification() {}

// SetSettings changes the settings and saves them.
func (s *Store) SetSettings(set Settings) {}
