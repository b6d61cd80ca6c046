/* Loaded before the C library: calls that change a regular file are counted, and the n-th one is
 * cut in half by signal 9, or fails with an error. Everything else passes through. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static long kill_at, fail_at, fail_with, calls;

void kill_at_call(long n) { kill_at = n; calls = 0; }
void fail_at_call(long n, long error) { fail_at = n; fail_with = error; calls = 0; }
long has_failed(void) { return fail_at > 0 && calls >= fail_at; }

static int regular(int file) {
    struct stat found;
    return fstat(file, &found) == 0 && S_ISREG(found.st_mode);
}

enum { PASS, KILL, FAIL };

static int due(int counted, int can_fail) {
    if (!counted || (kill_at <= 0 && (fail_at <= 0 || !can_fail))) return PASS;
    calls++;
    if (kill_at > 0 && calls == kill_at) return KILL;
    if (fail_at > 0 && calls == fail_at) return FAIL;
    return PASS;
}

static long failed(void) { errno = (int)fail_with; return -1; }

#define NEXT(type, name) ((type)dlsym(RTLD_NEXT, name))

typedef ssize_t (*pwrite_call)(int, const void *, size_t, off64_t);
typedef ssize_t (*write_call)(int, const void *, size_t);
typedef int (*sync_call)(int);
typedef int (*truncate_call)(int, off64_t);
typedef int (*rename_call)(const char *, const char *);
typedef int (*unlink_call)(const char *);

ssize_t pwrite64(int file, const void *from, size_t length, off64_t at) {
    pwrite_call next = NEXT(pwrite_call, "pwrite64");
    switch (due(regular(file), 1)) {
    case KILL: next(file, from, length / 2, at); raise(SIGKILL); break;
    case FAIL: return failed();
    }
    return next(file, from, length, at);
}

ssize_t pwrite(int file, const void *from, size_t length, off_t at) {
    return pwrite64(file, from, length, at);
}

ssize_t write(int file, const void *from, size_t length) {
    write_call next = NEXT(write_call, "write");
    switch (due(regular(file), 1)) {
    case KILL: next(file, from, length / 2); raise(SIGKILL); break;
    case FAIL: return failed();
    }
    return next(file, from, length);
}

static int synced(int file, const char *name) {
    switch (due(regular(file), 1)) {
    case KILL: raise(SIGKILL); break;
    case FAIL: return (int)failed();
    }
    return NEXT(sync_call, name)(file);
}

int fsync(int file) { return synced(file, "fsync"); }
int fdatasync(int file) { return synced(file, "fdatasync"); }

int ftruncate64(int file, off64_t length) {
    if (due(regular(file), 0) == KILL) raise(SIGKILL);
    return NEXT(truncate_call, "ftruncate64")(file, length);
}

int rename(const char *from, const char *to) {
    if (due(1, 0) == KILL) raise(SIGKILL);
    return NEXT(rename_call, "rename")(from, to);
}

int unlink(const char *path) {
    if (due(1, 0) == KILL) raise(SIGKILL);
    return NEXT(unlink_call, "unlink")(path);
}
