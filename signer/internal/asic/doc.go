// Package asic reads Associated Signature Containers, EN 319 162-1: ZIP files that hold documents and, in META-INF,
// what signs or time-stamps them. It judges no signature. It hands out the raw parts and says what each stands
// for, so that the caller can have them verified:
//
//	c, err := asic.Open(file, size, asic.Limits{})
//	for _, p := range c.Parts {
//	    switch p.Kind {
//	    case asic.XAdES:                   // xmlsig.Verify(ctx, p.Bytes, xmlsig.Options{Resolve: c.Resolve})
//	    case asic.CAdES, asic.TimeStamp:   // detached, over c.OpenFile(p.Content)
//	    }
//	    p.Manifest                         // the files that Content lists, with their digests computed
//	}
//
// # Promises
//
// Nothing is unpacked beyond what is read, and no reading goes past the [Limits]. A name leads to one entry or to
// none: entries of the same name are refused when they are asked for. Deviations from the rules of the format are
// findings, by code: "mimetype-missing", "mimetype-not-first", "mimetype-compressed", "mimetype-extra-field",
// "mimetype-unknown", "duplicate-entry", "unsafe-name", "leading-data", "trailing-data", "hidden-data",
// "local-name-differs", "encrypted-entry", "manifest-unreadable", "manifest-missing", "several-data-objects",
// "no-data-object", "no-signature".
//
// # Why
//
// Two programs that read one ZIP may see two documents: one goes by the directory at the end, the other by the
// headers before each entry; one takes the first of two equal names, the other the last. A signature must not
// verify over one and be shown with the other, so whatever allows two readings is found and named, whether or not
// the digests fit.
package asic
