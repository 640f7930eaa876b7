// Package apart starts this program once more for work that must not harm it: drawing a file of a stranger, running a
// script of a network. Such a process gets nothing of the person's but what is told to it.
package apart

import (
	"context"
	"fmt"
	"os"
	"os/exec"
)

// Command is a process of program, of this very one for "", with arg alone. It is killed when ctx ends. It has no
// variable of the person's environment, only env and what the system needs to start it; when it fails it prints none of
// its memory. The interrupt key is left to this program, and no window of a console opens.
func Command(ctx context.Context, program, arg string, env ...string) (*exec.Cmd, error) {
	if program == "" {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("finding this program: %w", err)
		}
		program = self
	}
	cmd := exec.CommandContext(ctx, program, arg)
	cmd.SysProcAttr = hidden()
	cmd.Env = append(append(bare(), "GOTRACEBACK=none"), env...)
	return cmd, nil
}
