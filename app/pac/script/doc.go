// Package script is the process in which a proxy script runs: [Serve] is called by a main function that was started with
// pac.WorkerArg. The language is that of goja; the functions beside it are those of every browser, and write nothing.
package script
