//go:build cgo

package p11

/*
#include <stdint.h>
#include <stdlib.h>
#ifdef _WIN32
#include <windows.h>
typedef unsigned long sc_word;
typedef uintptr_t sc_handle;
#define CALL WINAPI
#define CONNECT "SCardConnectA"
#else
#include <dlfcn.h>
#define CALL
#define CONNECT "SCardConnect"
#ifdef __APPLE__
typedef uint32_t sc_word;
typedef int32_t sc_handle;
#define SERVICE "/System/Library/Frameworks/PCSC.framework/PCSC"
#else
typedef unsigned long sc_word;
typedef long sc_handle;
#define SERVICE "libpcsclite.so.1"
#endif
#endif

typedef sc_word(CALL *establish_fn)(sc_word, const void *, const void *, sc_handle *);
typedef sc_word(CALL *connect_fn)(sc_handle, const char *, sc_word, sc_word, sc_handle *, sc_word *);
typedef sc_word(CALL *disconnect_fn)(sc_handle, sc_word);
typedef sc_word(CALL *release_fn)(sc_handle);

// reset_card resets the card in a reader of the PC/SC service (PC/SC part 5); 1 means done.
static int reset_card(const char *reader) {
	establish_fn establish;
	connect_fn connect;
	disconnect_fn disconnect;
	release_fn release;
	sc_handle context, card;
	sc_word protocol;
	int done = 0;
#ifdef _WIN32
	HMODULE m = LoadLibraryExA("winscard.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
	if (m == NULL)
		return 0;
	establish = (establish_fn)(void *)GetProcAddress(m, "SCardEstablishContext");
	connect = (connect_fn)(void *)GetProcAddress(m, CONNECT);
	disconnect = (disconnect_fn)(void *)GetProcAddress(m, "SCardDisconnect");
	release = (release_fn)(void *)GetProcAddress(m, "SCardReleaseContext");
#else
	void *m = dlopen(SERVICE, RTLD_NOW | RTLD_LOCAL);
	if (m == NULL)
		return 0;
	establish = (establish_fn)dlsym(m, "SCardEstablishContext");
	connect = (connect_fn)dlsym(m, CONNECT);
	disconnect = (disconnect_fn)dlsym(m, "SCardDisconnect");
	release = (release_fn)dlsym(m, "SCardReleaseContext");
#endif
	if (!establish || !connect || !disconnect || !release)
		return 0;
	if (establish(2, NULL, NULL, &context) != 0) // SCARD_SCOPE_SYSTEM
		return 0;
	if (connect(context, reader, 2, 3, &card, &protocol) == 0) // SCARD_SHARE_SHARED, T=0 or T=1
		done = disconnect(card, 1) == 0; // SCARD_RESET_CARD
	release(context);
	return done;
}
*/
import "C"

import "unsafe"

// resetCard resets the card in a reader, where the module's name for its slot is the reader's in PC/SC.
func resetCard(reader string) bool {
	name := C.CString(reader)
	defer C.free(unsafe.Pointer(name))
	return C.reset_card(name) == 1
}
