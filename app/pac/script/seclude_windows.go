package script

// seclude has nothing to do here: the program's deadline, and the watch over the memory, remain.
func seclude() {}
