//go:build cgo

package p11

/*
#cgo !windows LDFLAGS: -ldl
#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#include <windows.h>
#pragma pack(push, 1)
#else
#include <dlfcn.h>
#endif

// The head of CK_FUNCTION_LIST, PKCS #11 v2.40 §3.6: a version, then the functions in their order. On Windows
// the structures of PKCS #11 are packed.
typedef unsigned long ulong_t;
struct functions {
	unsigned char version[2];
	void *function[20];
};
#ifdef _WIN32
#pragma pack(pop)
#endif
enum { AT_INIT_PIN = 10, AT_SET_PIN = 11, AT_LOGIN = 18 };

typedef ulong_t (*get_list_fn)(struct functions **);
typedef ulong_t (*init_pin_fn)(ulong_t, unsigned char *, ulong_t);
typedef ulong_t (*set_pin_fn)(ulong_t, unsigned char *, ulong_t, unsigned char *, ulong_t);
typedef ulong_t (*login_fn)(ulong_t, ulong_t, unsigned char *, ulong_t);

// raw_load returns the module's functions; else NULL and the reason.
static struct functions *raw_load(const char *path, char *reason, size_t size) {
	get_list_fn get;
	struct functions *list = NULL;
#ifdef _WIN32
	SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
	HMODULE m = LoadLibraryExA(path, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
	if (m == NULL) {
		FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, GetLastError(), 0, reason, (DWORD)size, NULL);
		return NULL;
	}
	get = (get_list_fn)(void *)GetProcAddress(m, "C_GetFunctionList");
#else
	void *m = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (m == NULL) {
		const char *text = dlerror();
		strncpy(reason, text ? text : "no reason given", size - 1);
		return NULL;
	}
	get = (get_list_fn)dlsym(m, "C_GetFunctionList");
#endif
	if (get == NULL) {
		strncpy(reason, "it has no C_GetFunctionList", size - 1);
		return NULL;
	}
	if (get(&list) != 0 || list == NULL) {
		strncpy(reason, "C_GetFunctionList gives no list", size - 1);
		return NULL;
	}
	return list;
}

static ulong_t raw_login(struct functions *l, ulong_t session, ulong_t user, void *pin, ulong_t n) {
	return ((login_fn)l->function[AT_LOGIN])(session, user, pin, n);
}

static ulong_t raw_set_pin(struct functions *l, ulong_t session, void *old, ulong_t n, void *new, ulong_t m) {
	return ((set_pin_fn)l->function[AT_SET_PIN])(session, old, n, new, m);
}

static ulong_t raw_init_pin(struct functions *l, ulong_t session, void *new, ulong_t n) {
	return ((init_pin_fn)l->function[AT_INIT_PIN])(session, new, n);
}
*/
import "C"

import (
	"strings"
	"unsafe"

	"github.com/miekg/pkcs11"
)

// functions are those of a module that take a PIN.
type functions struct{ list *C.struct_functions }

// loadFunctions loads a module; otherwise it tells why that cannot be done.
func loadFunctions(path string) (functions, string) {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	var reason [512]C.char
	list := C.raw_load(name, &reason[0], C.size_t(len(reason)))
	if list == nil {
		reason[len(reason)-1] = 0
		return functions{}, strings.ToValidUTF8(strings.TrimSpace(C.GoString(&reason[0])), "?")
	}
	return functions{list}, ""
}

// Kinds of user, PKCS #11 v2.40 §3.4 CK_USER_TYPE.
const (
	userSO      = 0
	userNormal  = 1
	userContext = 2
)

// pointer is the place of a PIN for C; NULL for one that is typed on the reader.
func pointer(s *secret) (unsafe.Pointer, C.ulong_t) {
	if s == nil {
		return nil, 0
	}
	return unsafe.Pointer(&s.b[0]), C.ulong_t(s.n)
}

// login is C_Login, PKCS #11 v2.40 §5.6.
func (f functions) login(session pkcs11.SessionHandle, user uint, pin *secret) uint {
	p, n := pointer(pin)
	return uint(C.raw_login(f.list, C.ulong_t(session), C.ulong_t(user), p, n))
}

// setPIN is C_SetPIN, PKCS #11 v2.40 §5.5.
func (f functions) setPIN(session pkcs11.SessionHandle, old, replacement *secret) uint {
	p, n := pointer(old)
	q, m := pointer(replacement)
	return uint(C.raw_set_pin(f.list, C.ulong_t(session), p, n, q, m))
}

// initPIN is C_InitPIN, PKCS #11 v2.40 §5.5.
func (f functions) initPIN(session pkcs11.SessionHandle, pin *secret) uint {
	p, n := pointer(pin)
	return uint(C.raw_init_pin(f.list, C.ulong_t(session), p, n))
}
