// A PKCS #11 module that behaves well or badly as the environment says. It is compiled by the tests.
//
//	FAKE_LOG    file to which the name of each function that works with a PIN or key is appended
//	FAKE_CERTS  certificate files, separated by colons: one slot each, all of one card
//	FAKE_DO     words separated by commas, FUNCTION=WHAT: crash, exit, hang, abort, print, or a return value in hex;
//	            also serial, names, opensc, flags=HEX, limits, huge, empty, novalue
//	FAKE_READER name of the reader
//	FAKE_GONE   while this file exists there is no card
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long UL;
typedef struct { unsigned char description[64], maker[32]; UL flags; unsigned char hw[2], fw[2]; } SLOT;
typedef struct {
	unsigned char label[32], maker[32], model[16], serial[16];
	UL flags, sessions[4], maxpin, minpin, memory[4];
	unsigned char hw[2], fw[2], utc[16];
} TOKEN;
typedef struct { UL slot, state, flags, error; } SESSION;
typedef struct { UL type; void *value; UL length; } ATTR;
typedef struct { unsigned char version[2], maker[32]; UL flags; unsigned char description[32], library[2]; } INFO;

static UL logged[4], found, total, looking, insertions;
static int was_gone;

static const char *word(const char *name) {
	static char value[64];
	const char *p = getenv("FAKE_DO");
	size_t n = strlen(name);
	while (p && *p) {
		if (!strncmp(p, name, n) && (p[n] == '=' || p[n] == ',' || !p[n])) {
			size_t k = p[n] == '=' ? strcspn(p + n + 1, ",") : 0;
			if (k >= sizeof value) k = sizeof value - 1;
			memcpy(value, p + n + 1, k);
			value[k] = 0;
			return value;
		}
		p = strchr(p, ',');
		if (p) p++;
	}
	return NULL;
}

static void note(const char *name) {
	const char *file = getenv("FAKE_LOG");
	int fd = file ? open(file, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
	if (fd < 0) return;
	dprintf(fd, "%s\n", name);
	close(fd);
}

static UL act(const char *name) {
	const char *w = word(name);
	if (!w) return 0;
	if (!strcmp(w, "crash")) *(volatile int *)8 = 1;
	if (!strcmp(w, "abort")) abort();
	if (!strcmp(w, "exit")) exit(0);
	if (!strcmp(w, "hang")) for (;;) pause();
	if (!strcmp(w, "fork") && fork() == 0) { // a child that keeps everything open
		alarm(30);
		for (;;) pause();
	}
	if (!strcmp(w, "fork")) for (;;) pause();
	if (!strcmp(w, "print")) {
		char junk[16];
		printf("noise on the standard output\n");
		fflush(stdout);
		if (read(0, junk, sizeof junk) > 0) exit(9); // a module must not get at our frames
		return 0;
	}
	return strtoul(w, NULL, 16);
}

#define DO(name) do { UL rv_ = act(name); if (rv_) return rv_; } while (0)

static int gone(void) {
	const char *file = getenv("FAKE_GONE");
	int now = file && access(file, F_OK) == 0;
	if (now != was_gone) insertions++;
	was_gone = now;
	return now;
}

static const char *cert(UL slot, size_t *length) {
	static char path[512];
	const char *p = getenv("FAKE_CERTS");
	while (p && slot--) if ((p = strchr(p, ':'))) p++;
	if (!p) return NULL;
	*length = strcspn(p, ":");
	if (*length >= sizeof path) return NULL;
	memcpy(path, p, *length);
	path[*length] = 0;
	return path;
}

static UL slots(void) {
	size_t n;
	UL k = 0;
	while (cert(k, &n)) k++;
	return k;
}

static void pad(unsigned char *field, size_t size, const char *text) {
	memset(field, ' ', size);
	memcpy(field, text, strlen(text) < size ? strlen(text) : size);
}

static UL unsupported(void) { return 0x54; }
static UL initialize(void *a) { (void)a; note("C_Initialize"); DO("C_Initialize"); return 0; }
static UL finalize(void *a) { (void)a; note("C_Finalize"); DO("C_Finalize"); return 0; }
static UL get_info(INFO *i) {
	DO("C_GetInfo");
	memset(i, 0, sizeof *i);
	pad(i->maker, 32, word("opensc") ? "OpenSC Project" : "Ceralacca tests");
	pad(i->description, 32, "fake module");
	i->library[0] = 1;
	i->library[1] = 2;
	return 0;
}

static UL get_slot_list(unsigned char present, UL *list, UL *count) {
	UL n = slots();
	(void)present;
	DO("C_GetSlotList");
	if (word("huge")) { *count = (UL)1 << 60; return 0; }
	if (list) for (UL i = 0; i < n; i++) list[i] = 7 + i;
	*count = n;
	return 0;
}

static UL get_slot_info(UL slot, SLOT *s) {
	char name[64];
	DO("C_GetSlotInfo");
	memset(s, 0, sizeof *s);
	if (getenv("FAKE_READER")) snprintf(name, sizeof name, "%s", getenv("FAKE_READER"));
	else snprintf(name, sizeof name, word("names") ? "Fake reader 00 00 (%lu)" : "Fake reader 00 00", slot - 6);
	pad(s->description, 64, name);
	s->flags = 6 | (gone() ? 0 : 1);
	return 0;
}

static UL get_token_info(UL slot, TOKEN *t) {
	char text[33];
	const char *flags = word("flags");
	DO("C_GetTokenInfo");
	if (gone()) return 0xE0;
	memset(t, 0, sizeof *t);
	snprintf(text, sizeof text, "CARD (PIN %lu)", slot - 7);
	pad(t->label, 32, text);
	pad(t->maker, 32, "Ceralacca tests");
	pad(t->model, 16, "fake");
	snprintf(text, sizeof text, word("serial") ? "SERIAL%lu" : "SERIAL", slot);
	pad(t->serial, 16, text);
	t->flags = 0x40C | (flags ? strtoul(flags, NULL, 16) : 0);
	t->minpin = word("limits") ? (UL)-1 : 5;
	t->maxpin = word("limits") ? 3 : 8;
	return 0;
}

// A handle names the slot and the insertion: it dies with the card, as PKCS #11 says.
static UL open_session(UL slot, UL flags, void *a, void *f, UL *h) {
	(void)flags, (void)a, (void)f;
	DO("C_OpenSession");
	if (gone()) return 0xE0;
	*h = slot + 100 * insertions;
	return 0;
}

static int dead(UL h) { return gone() || h / 100 != insertions; }
static UL close_session(UL h) { (void)h; return 0; }
static UL get_session_info(UL h, SESSION *s) {
	if (dead(h)) return 0xB3;
	s->slot = h % 100;
	s->state = logged[h % 100 % 4] ? 3 : 2;
	s->flags = 6;
	s->error = 0;
	return 0;
}

static UL login(UL h, UL user, char *pin, UL n) {
	note(user == 2 ? "C_Login again" : pin ? "C_Login" : "C_Login pad");
	DO("C_Login");
	if (dead(h)) return 0x32;
	if (pin && (n != 8 || memcmp(pin, "73918462", 8))) return 0xA0;
	logged[h % 100 % 4] = 1;
	return 0;
}

static UL logout(UL h) { note("C_Logout"); logged[h % 100 % 4] = 0; DO("C_Logout"); return 0; }
static UL set_pin(UL h, char *a, UL n, char *b, UL m) {
	(void)h, (void)n, (void)b, (void)m;
	note(a ? "C_SetPIN" : "C_SetPIN pad");
	DO("C_SetPIN");
	return 0;
}

static UL find_init(UL h, ATTR *a, UL n) {
	DO("C_FindObjectsInit");
	total = h % 100;
	found = 0;
	looking = 0;
	for (UL i = 0; i < n; i++) if (a[i].type == 0) looking = *(UL *)a[i].value;
	return 0;
}

static UL find(UL h, UL *list, UL max, UL *count) {
	(void)h, (void)max;
	DO("C_FindObjects");
	*count = 0;
	if (!found && (looking == 1 || (looking == 3 && logged[h % 100 % 4]))) list[(*count)++] = looking * 1000 + total;
	found = 1;
	return 0;
}

static UL find_final(UL h) { (void)h; return 0; }

static UL give(ATTR *a, const void *b, UL n) {
	if (a->value) {
		if (a->length < n) return 0x150;
		memcpy(a->value, b, n);
	}
	a->length = n;
	return 0;
}

static UL get_value(UL h, UL object, ATTR *a, UL n) {
	static unsigned char der[65536];
	unsigned char yes = 1, id = object % 1000;
	size_t k;
	(void)h, (void)n;
	DO("C_GetAttributeValue");
	if (word("novalue")) { a->length = word("novalue")[0] ? strtoul(word("novalue"), NULL, 16) : (UL)-1; return 0; }
	switch (a->type) {
	case 0x102: return give(a, &id, 1);
	case 0x202: if (word("always")) return give(a, &yes, 1); return 0x12;
	case 0x11: {
		int fd = open(cert(object % 1000 - 7, &k), O_RDONLY);
		ssize_t size = fd < 0 ? 0 : read(fd, der, sizeof der);
		if (fd >= 0) close(fd);
		return give(a, der, size < 0 ? 0 : (UL)size);
	}
	}
	return 0x12;
}

static UL sign_init(UL h, void *m, UL key) { (void)h, (void)m, (void)key; note("C_SignInit"); DO("C_SignInit"); return 0; }
static UL sign(UL h, unsigned char *data, UL n, unsigned char *sig, UL *size) {
	(void)h, (void)data, (void)n;
	if (!sig && word("garbage")) { *size = (UL)1 << 33; return 0; }
	if (!sig) { *size = word("empty") ? 0 : 256; return 0; }
	note("C_Sign");
	DO("C_Sign");
	memset(sig, 0x5A, *size);
	return 0;
}

static struct { unsigned char version[2]; void *f[68]; } list = {{2, 40}, {0}};

UL C_GetFunctionList(void **out) {
	for (int i = 0; i < 68; i++) list.f[i] = unsupported;
	list.f[0] = initialize, list.f[1] = finalize, list.f[2] = get_info, list.f[3] = C_GetFunctionList;
	list.f[4] = get_slot_list, list.f[5] = get_slot_info, list.f[6] = get_token_info;
	list.f[11] = set_pin, list.f[12] = open_session, list.f[13] = close_session, list.f[15] = get_session_info;
	list.f[18] = login, list.f[19] = logout;
	list.f[24] = get_value, list.f[26] = find_init, list.f[27] = find, list.f[28] = find_final;
	list.f[42] = sign_init, list.f[43] = sign;
	if (word("nolist")) return 5;
	*out = &list;
	return 0;
}
