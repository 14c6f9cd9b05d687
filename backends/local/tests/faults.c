/* Breaks the Nth call that changes a file below a folder, in this process and all that it starts.
 *
 * Loaded with LD_PRELOAD. FAULT_STATE is a file that holds a `struct state`, which all processes share: whoever starts
 * the run fills it in, also later. FAULT_LOG gets a line for each call, or is unset. `how` is one of
 *
 *   1 kill    the process ends there by SIGKILL, a write half done     2 all     and so does the process `first`
 *   3 ENOSPC  the call fails                                           4 EIO     the call fails
 *   5 full    from that call on every one fails that needs space
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct state {
    long calls, at, how, first;
    char root[2048];
};

static struct state *state;
static int log_file = -1;

__attribute__((constructor)) static void begin(void) {
    const char *file = getenv("FAULT_STATE"), *log = getenv("FAULT_LOG");
    if (!file) return;
    int descriptor = syscall(SYS_openat, AT_FDCWD, file, O_RDWR | O_CLOEXEC, 0);
    if (descriptor < 0) return;
    void *shared = mmap(NULL, sizeof *state, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    close(descriptor);
    if (shared == MAP_FAILED) return;
    if (log) log_file = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    state = shared;
}

static int below(const char *path) {
    size_t length = strlen(state->root);
    return length && strncmp(path, state->root, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static int named(int folder, const char *path, char *full) {
    char link[64];
    if (path[0] == '/') return snprintf(full, PATH_MAX, "%s", path), 1;
    ssize_t length;
    if (folder == AT_FDCWD) {
        if (!getcwd(full, PATH_MAX)) return 0;
        length = strlen(full);
    } else {
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        if ((length = readlink(link, full, PATH_MAX - 1)) < 0) return 0;
    }
    if (length + strlen(path) + 2 > PATH_MAX) return 0;
    full[length] = '/';
    strcpy(full + length + 1, path);
    return 1;
}

static int opened(int descriptor, char *full) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, full, PATH_MAX - 1);
    if (length < 0) return 0;
    full[length] = 0;
    return 1;
}

/* 0: go on. 1: this is the call at which to die. Otherwise the errno with which to fail. */
static int verdict(const char *call, const char *path, int needs_space) {
    if (!state || !below(path)) return 0;
    long number = __atomic_add_fetch(&state->calls, 1, __ATOMIC_SEQ_CST);
    if (log_file >= 0) {
        char line[PATH_MAX + 64];
        int length = snprintf(line, sizeof line, "%ld %d %s %s\n", number, getpid(), call, path);
        if (syscall(SYS_write, log_file, line, length) < 0) log_file = -1;
    }
    if (!state->at || number < state->at) return 0;
    if (state->how == 5) return needs_space ? ENOSPC : 0;
    if (number != state->at) return 0;
    return state->how == 3 ? ENOSPC : state->how == 4 ? EIO : 1;
}

static void die(void) {
    if (state->how == 2 && state->first != getpid()) kill((pid_t)state->first, SIGKILL);
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define FAIL(found) do { if ((found) == 1) die(); if (found) { errno = (found); return -1; } } while (0)
#define ON_PATH(call, folder, path, space) do { char full[PATH_MAX]; if (state && named(folder, path, full)) { \
    int found = verdict(call, full, space); FAIL(found); } } while (0)
#define ON_FILE(call, descriptor, space) do { char full[PATH_MAX]; if (state && opened(descriptor, full)) { \
    int found = verdict(call, full, space); FAIL(found); } } while (0)
#define ON_WRITE(call, descriptor, half) do { char full[PATH_MAX]; if (state && opened(descriptor, full)) { \
    int found = verdict(call, full, 1); if (found == 1) { half; } FAIL(found); } } while (0)

#define OPEN(name, folder, call_arguments, ...) int name(__VA_ARGS__, ...) { \
    REAL(name); mode_t mode = 0; va_list rest; \
    if (flags & (O_CREAT | O_TMPFILE)) { va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); } \
    if (flags & (O_CREAT | O_TRUNC)) ON_PATH("open", folder, path, 1); \
    return real call_arguments; }
OPEN(open, AT_FDCWD, (path, flags, mode), const char *path, int flags)
OPEN(open64, AT_FDCWD, (path, flags, mode), const char *path, int flags)
OPEN(openat, folder, (folder, path, flags, mode), int folder, const char *path, int flags)
OPEN(openat64, folder, (folder, path, flags, mode), int folder, const char *path, int flags)

ssize_t write(int file, const void *data, size_t size) {
    REAL(write); ON_WRITE("write", file, real(file, data, size / 2)); return real(file, data, size);
}
ssize_t pwrite(int file, const void *data, size_t size, off_t offset) {
    REAL(pwrite); ON_WRITE("pwrite", file, real(file, data, size / 2, offset)); return real(file, data, size, offset);
}
ssize_t pwrite64(int file, const void *data, size_t size, off64_t offset) {
    REAL(pwrite64); ON_WRITE("pwrite", file, real(file, data, size / 2, offset)); return real(file, data, size, offset);
}
ssize_t writev(int file, const struct iovec *parts, int count) {
    REAL(writev); ON_WRITE("writev", file, real(file, parts, count / 2)); return real(file, parts, count);
}
ssize_t sendfile(int to, int from, off_t *offset, size_t size) {
    extern ssize_t sendfile(int, int, off_t *, size_t);
    REAL(sendfile); ON_FILE("sendfile", to, 1); return real(to, from, offset, size);
}
ssize_t sendfile64(int to, int from, off64_t *offset, size_t size) {
    extern ssize_t sendfile64(int, int, off64_t *, size_t);
    REAL(sendfile64); ON_FILE("sendfile", to, 1); return real(to, from, offset, size);
}
ssize_t copy_file_range(int from, off64_t *a, int to, off64_t *b, size_t size, unsigned flags) {
    REAL(copy_file_range); ON_FILE("copy_file_range", to, 1); return real(from, a, to, b, size, flags);
}
int fsync(int file) { REAL(fsync); ON_FILE("fsync", file, 0); return real(file); }
int fdatasync(int file) { REAL(fdatasync); ON_FILE("fdatasync", file, 0); return real(file); }
int ftruncate(int file, off_t size) { REAL(ftruncate); ON_FILE("ftruncate", file, 0); return real(file, size); }
int ftruncate64(int file, off64_t size) { REAL(ftruncate64); ON_FILE("ftruncate", file, 0); return real(file, size); }
int rename(const char *from, const char *to) { REAL(rename); ON_PATH("rename", AT_FDCWD, to, 0); return real(from, to); }
int renameat(int a, const char *from, int b, const char *to) {
    REAL(renameat); ON_PATH("rename", b, to, 0); return real(a, from, b, to);
}
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) {
    REAL(renameat2); ON_PATH("rename", b, to, 0); return real(a, from, b, to, flags);
}
int link(const char *from, const char *to) { REAL(link); ON_PATH("link", AT_FDCWD, to, 1); return real(from, to); }
int linkat(int a, const char *from, int b, const char *to, int flags) {
    REAL(linkat); ON_PATH("link", b, to, 1); return real(a, from, b, to, flags);
}
int unlink(const char *path) { REAL(unlink); ON_PATH("unlink", AT_FDCWD, path, 0); return real(path); }
int unlinkat(int folder, const char *path, int flags) {
    REAL(unlinkat); ON_PATH("unlink", folder, path, 0); return real(folder, path, flags);
}
int mkdir(const char *path, mode_t mode) { REAL(mkdir); ON_PATH("mkdir", AT_FDCWD, path, 1); return real(path, mode); }
int mkdirat(int folder, const char *path, mode_t mode) {
    REAL(mkdirat); ON_PATH("mkdir", folder, path, 1); return real(folder, path, mode);
}
int rmdir(const char *path) { REAL(rmdir); ON_PATH("rmdir", AT_FDCWD, path, 0); return real(path); }
int chmod(const char *path, mode_t mode) { REAL(chmod); ON_PATH("chmod", AT_FDCWD, path, 0); return real(path, mode); }
