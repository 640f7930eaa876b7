package p11

// State is how far the module gets, in a word: "works", "cpu" for one that is built for another processor, "fails".
func (r ModuleReport) State() string {
	switch {
	case r.Loads && r.Err == nil:
		return "works"
	case r.Exists && !r.RightCPU && len(r.CPUs) > 0:
		return "cpu"
	}
	return "fails"
}
