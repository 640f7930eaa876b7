//go:build !linux

package sim

import "net"

// quickAck is for Linux, where pcscd with vpcd runs.
func quickAck(net.Conn) {}
