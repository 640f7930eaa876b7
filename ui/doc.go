// Package ui is the window: a view over the State of package app, and the answers to its questions.
//
// # How it is built
//
// [UI] owns one window. A kit (kit.go) holds what every component is made of: the words of a language, a
// palette, a scale, the drawings. When language, light or scale change, everything is built anew with another
// kit; otherwise a page is built once and is shown States: it compares the pointers of the sections it shows
// and does nothing when they are the same.
//
// What comes from other goroutines passes one door, loop.go: the newest State is kept and at most one repaint is
// queued, so that a burst of progress costs one repaint. Questions (ask.go) open a panel inside the window while
// the job that asked waits; the PIN goes from the keys into the buffer that travels to the card (pinfield.go).
//
// # Design
//
// Signing is sealing a letter: paper, ink, one spot of wax. The margin between rail and page is the double rule
// of Italian legal paper. The frame, a double hairline, stands only where paper waits or has been sealed. Three
// seals are told apart by shape: whole, blank with a question mark, broken.
//
// Palette (theme.go: light, dark, high contrast). Each colour is a role and has no other: paper, margin, leaf and sunk
// are grounds; ink and muted are words; line is ornament, edge the border of a control and offEdge, fainter, of one that
// is off; wax is spent on sealing alone, the button that signs and the edge of the PIN panel; good, warn, bad and note
// have an ink, a tint and a border each.
// Other main buttons are ink, one filled button a page. Words have 4.5:1 on every ground that they stand on, graphics
// 3:1 (a test computes it from the theme). No state is told by colour alone: it has a word and a shape too.
//
// Type (kit.go): Titillium Web 400 and 600, Roboto Mono for numbers of certificates and digests. Title 28, PIN heading
// 24, section 20, name 19, the button that seals 18, body 17, in boxes 16, notes 15, which is the least. What is bold in a
// muted sentence is what the sentence is about, and has the full ink. Headings keep to a line; a name is
// shortened in its middle and never loses its extension. The scale goes from 100 to 200 %.
//
// Space is 4, 8, 12, 16, 20, 24 or 32. What is pressed is at least 44 high, buttons 48, the one that seals 56. Corners
// are round by 10 for controls, 12 for boxes, 16 for the frame. The ring of the keyboard is 3 px wide, on all that takes keys.
//
// Components, the same everywhere: rail (rail.go), card bar (cardbar.go), drop area (drop.go), file row and list
// (signrow.go, list.go), checklist (filing.go), PIN panel and forms (panel.go, pinpage.go), verdict banner and tree of signatures
// (verify.go), search for files (searching.go), validity bar, pips and certificate box (card.go, stamps.go), advice box and
// empty state (page.go), toast (toast.go), hint (hint.go), ribbon of practice (exercise.go).
//
// Chosen against the first drawings of the design, and why. Home lists no recent work: a desk may be shared, and names of
// files are others' business. The checklist of an office is one box above the list, with the gravest point in words, and
// a sheet with all of them: beside the list thirty points with reason, source and remedy have no room, and names of files
// lose theirs. The two choices of a signature, in which form and for whom, stand together below the list. A result row can
// be looked at, verified and found in its folder, and is 72 high for that. A PIN and the PUK that frees it share a box,
// since cards have a PUK for each PIN. A PIN is changed and unblocked in the panel in which all PINs are typed, with the
// tries at its side, not on a page. A certificate is exported among its details; its box asks the issuer whether it is
// still good. The page of a verdict saves the document and shows it in the preview, but does not hand to other programs
// what the person has not asked to keep. The digits typed can be shown, by choice. What to do about a doubtful signature
// stands in the verdict itself, which is read first, and not in a box at the side.
//
// Rules. A page is never wider than the window, nor than 1240 (edgeOf in page.go), and its bars and panels keep the same
// edges; the preview alone takes the whole width. Columns stack, the rail puts its words below the icons under 900 px,
// the card bar leaves out what does not fit, and a page too high scrolls while its action bar stays. What takes time
// says so, and can be stopped when it takes long; a trouble that passes is not shown before 1.5 s. A panel lies in the
// window, never in a second one, its buttons at the right and the main one last. Danger never stands beside a button of
// wax: what would be refused leads to what is to be mended first. Nothing loops; without animations all is instant.
//
// Voice. The person is addressed formally: signing binds. A sentence tells what is, then what to do; the subject of a
// failure is the thing and never the person. Buttons are bare verbs. Tries are counted in words. No exclamation marks,
// no "error"; a code stands only among the details.
//
// # Why
//
// Own layouts (layout.go): Fyne asks an object for its least size without telling the width, so wrapped text
// cannot answer. Here the parent asks for the height at a width.
//
// Widths are asked for without heights (natural in layout.go): Fyne's MinSize works out both, and in a tree every level
// would measure all below it once more.
//
// Own text (para.go): Fyne's label wraps at the font's own line height and knows no bold within a line.
//
// Own list (list.go): rows of two lines with controls in them, one stop of the Tab key, ten thousand files; above
// twenty it has a filter (filter.go).
//
// Own hints (hint.go): Fyne has none. A drawing without words tells its name where the mouse rests or Tab comes, the name of
// a file where it lies.
//
// Drawings are painted once and shared (kit.raster): Fyne reads an SVG anew each time that it is asked for its size.
//
// The drop area does not change while files hover over it, as the design wanted: Fyne tells of a drop and of nothing
// before it, since GLFW answers the drag by itself.
//
// The preview (preview.go) takes the place of the page that it was opened from. A page of a PDF is one stop of the Tab key
// with the box of a visible signature on it (signplace.go); text is a list of lines, so that a long one costs no more
// than what is in sight.
//
// Own file picker (picker.go): Fyne's takes one file at a time, speaks no Italian and looks like a form.
//
// Settings are the application's (package app), not Fyne preferences: the command line shares them.
//
// # Keyboard
//
// Everything can be done by keyboard: the page Aiuto lists the keys (shortcutSheet), a test walks through every scene
// with Tab, and what is built anew gives the keyboard back (focus.go). On Linux Fyne 2.8 offers nothing to screen
// readers, elsewhere little (speech.go); the command-line twin is the other way.
package ui
