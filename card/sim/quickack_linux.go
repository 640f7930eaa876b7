package sim

import (
	"net"
	"syscall"
)

// quickAck asks the kernel to acknowledge what comes at once. vpcd sends the length and the body of a message in
// two pieces and waits with the second for the acknowledgement of the first: 44 ms for each command otherwise.
func quickAck(link net.Conn) {
	c, ok := link.(syscall.Conn)
	if !ok {
		return
	}
	if raw, err := c.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) {
			_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1) // it is only slower without
		})
	}
}
