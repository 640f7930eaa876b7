package pdf

// The bounds of the reader. Real files stay far below; each bound turns a hostile file into an [*Error] of
// kind [TooComplex] or into a finding.
const (
	maxDepth       = 64       // nesting of arrays, dictionaries, fields, page-tree nodes
	maxString      = 32 << 20 // bytes of one string; a /Contents of an LTA chain is below 1 MB
	maxItems       = 1 << 20  // elements of one array or dictionary
	maxEntries     = 4 << 20  // cross-reference entries of a file
	maxObjNum      = 8388607  // ISO 32000-1 annex C
	maxSections    = 4096     // cross-reference sections of a file
	maxInflate     = 64 << 20 // decoded bytes of one stream
	maxInflateAll  = 1 << 30  // decoded bytes of all streams of a file, and 16 times its size more
	maxPages       = 1 << 20
	maxFields      = 1 << 17
	maxSignatures  = 1024
	maxCacheBytes  = 16 << 20 // source bytes of parsed objects that are kept
	maxObjStmCache = 32 << 20 // decoded bytes of object streams that are kept
	maxWalk        = 8 << 20  // pairs of objects compared between two revisions
	maxScanAll     = 2 << 20  // objects looked at in search of stray signature values
	headerWindow   = 1024     // where %PDF- may begin, ISO 32000-1 annex H note 13
	tailWindow     = 64 << 10
)
