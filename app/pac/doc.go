// Package pac follows the automatic proxy configuration of a system: a script whose function FindProxyForURL tells by
// whom an address is to be asked (Netscape, "Navigator Proxy Auto-Config File Format", 1996, as browsers have it today).
//
// The script is a program from the network, written by whoever administers it. It runs in a process apart, this program
// started with [WorkerArg], which has no file, no secret and no variable of ours: it is told an address and says a line.
// A script that loops, or takes too much memory, ends with that process. The interpreter (package script) is linked by
// the main programs alone.
//
// Where the script stands is what the settings of the system say, and nothing else: it is never looked for by name or by
// DHCP (WPAD), since whoever answers first on a foreign network would become everybody's proxy.
package pac
