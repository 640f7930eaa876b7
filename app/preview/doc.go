// Package preview shows a person what a file holds before it is signed or opened.
//
//	d, err := preview.Open(ctx, name, r, size, preview.Options{})   // hashes the file once
//	d.SHA256                                                       // of the very bytes that everything below is made of
//	facts, err := d.PDF(ctx)                                       // starts the helper
//	img, err := d.Page(ctx, 0, preview.Size{Width: 800})           // drawn by the helper
//	view, err := d.Read(ctx)                                       // text, XML, invoice, balance sheet, picture
//	d.Close()
//
// # What is promised
//
// What is shown is what was hashed: while the digest of the file is computed a digest of each block is kept, and every
// block that is read again for drawing is held against it. A file written to in the meantime is [ErrChanged].
//
// Files may be hostile. PDF is drawn by PDFium compiled to WebAssembly, which can reach neither files nor network, in a
// helper process of our own program that is given blocks of this one file through a pipe, a bounded memory, and a
// deadline for each answer; when it is late it is killed, and the next question starts another. All other formats are
// read by Go code here, with bounds on input, depth and output. Nothing in a file is run, fetched or opened.
//
// # How it is built
//
// snapshot.go keeps the digests; helper.go starts and questions the process (the other end is package
// preview/pdfium, which only main imports, so that the command line does not carry PDFium); wire.go is their
// language. Each other file reads one format.
//
// # Why
//
// A process and not only the WebAssembly sandbox: code that loops for ever within the sandbox cannot be interrupted from
// Go without slowing all of it down, and what it does to memory and processor stays with a process that can be killed.
package preview
