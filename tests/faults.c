/* A disk that fails, a log of what was asked of it, and a clock that jumps: loaded before libc (LD_PRELOAD).

   faults.py compiles it and says in each process what is to happen. Linux only. System calls are made directly, so
   nothing of libc has to be looked up. Only calls on what lies under one folder count. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum kind { OPEN = 1, WRITE = 2, SYNC = 4, RENAME = 8, REMOVE = 16, FOLDER = 32, TRUNCATE = 64 };
enum how { ONCE, FROM_THEN_ON, SHORT_ONCE, SHORT_AND_FULL, KILL, MOVED, REPLACED };

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP; /* the log has the order of the calls */
static char folder[PATH_MAX];
static size_t folder_length;
static int log_to = -1;

static int failing; /* kinds of calls */
static enum how how;
static int failure; /* an errno */
static long nth, calls;

static long clock_nth, clock_calls;
static long long clock_jump;

void faults_under(const char *path, int log) {
    snprintf(folder, sizeof folder, "%s", path);
    folder_length = strlen(folder);
    log_to = log;
}

void faults_fail(int kinds, long call, int error, int mode) {
    failing = kinds, nth = call, failure = error, how = mode, calls = 0;
}

void faults_clock(long call, long long seconds) {
    clock_nth = call, clock_jump = seconds, clock_calls = 0;
}

/* Paths */

static int counts(const char *path) {
    return folder_length && !strncmp(path, folder, folder_length) &&
           (path[folder_length] == '/' || !path[folder_length]);
}

static void path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = syscall(SYS_readlink, link, path, PATH_MAX - 1);
    path[length < 0 ? 0 : length] = 0;
}

static void resolve(int at, const char *name, char *path) {
    char above[PATH_MAX] = "";
    if (name[0] == '/')
        snprintf(path, PATH_MAX, "%s", name);
    else {
        if (at == AT_FDCWD)
            syscall(SYS_getcwd, above, sizeof above);
        else
            path_of(at, above);
        if ((size_t)snprintf(path, PATH_MAX, "%s/%s", above, name) >= PATH_MAX) path[0] = 0;
    }
}

/* The log: a line of fields, then as many bytes as its last field says */

static void all(const void *data, size_t length) {
    while (length) {
        ssize_t done = syscall(SYS_write, log_to, data, length);
        if (done <= 0) return;
        data = (const char *)data + done, length -= done;
    }
}

static void note(const char *what, const char *path, const char *more, const void *data, size_t length) {
    char line[2 * PATH_MAX + 128];
    if (log_to < 0) return;
    int written = snprintf(line, sizeof line, "%s\t%s\t%s\t%zu\n", what, path, more, length);
    all(line, written);
    if (length) all(data, length);
}

/* What is to fail */

static void unmount(void) {
    char from[PATH_MAX + 8], to[PATH_MAX + 8];
    snprintf(from, sizeof from, "%s/out", folder);
    snprintf(to, sizeof to, "%s/gone", folder);
    syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    if (how == REPLACED) syscall(SYS_close, syscall(SYS_openat, AT_FDCWD, from, O_CREAT | O_WRONLY, 0600));
}

static int fault(enum kind kind, const char *path) {
    if (!(failing & kind) || !counts(path)) return 0;
    calls++;
    if (calls < nth || (how == ONCE && calls > nth)) return 0;
    if (how == MOVED || how == REPLACED) {
        if (calls == nth) note("fault", path, "", 0, 0), unmount();
        return 0;
    }
    if (how == SHORT_ONCE || (how == SHORT_AND_FULL && calls == nth)) return 0; /* see `shorter` */
    if (calls == nth) note("fault", path, "", 0, 0);
    if (how == KILL) syscall(SYS_kill, getpid(), SIGKILL);
    return failure;
}

static size_t shorter(const char *path, size_t length) {
    int now = (failing & WRITE) && counts(path) && calls == nth && (how == SHORT_ONCE || how == SHORT_AND_FULL);
    if (!now) return length;
    note("fault", path, "", 0, 0);
    if (length > 1) return length / 2;
    return length;
}

static long fail(int error) {
    pthread_mutex_unlock(&lock);
    errno = error;
    return -1;
}

static long done(long result) {
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

/* Opening */

static int open_at(int at, const char *name, int flags, mode_t mode) {
    char path[PATH_MAX], more[64];
    int changes = (flags & O_ACCMODE) != O_RDONLY || flags & O_CREAT;
    resolve(at, name, path);
    if (!changes || !counts(path)) return syscall(SYS_openat, at, name, flags, mode);
    pthread_mutex_lock(&lock);
    int error = fault(OPEN, path);
    if (error) return fail(error);
    struct stat there;
    int created = syscall(SYS_newfstatat, AT_FDCWD, path, &there, 0) != 0;
    int fd = syscall(SYS_openat, at, name, flags, mode);
    if (fd >= 0 && (flags & O_TMPFILE) != O_TMPFILE) {
        snprintf(more, sizeof more, "%d %d", created, (flags & O_TRUNC) != 0);
        note("open", path, more, 0, 0);
    }
    return done(fd);
}

#define MODE_OF(flags, mode) \
    mode_t mode = 0; \
    if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    }

int open(const char *name, int flags, ...) {
    MODE_OF(flags, mode)
    return open_at(AT_FDCWD, name, flags, mode);
}
int open64(const char *name, int flags, ...) {
    MODE_OF(flags, mode)
    return open_at(AT_FDCWD, name, flags, mode);
}
int openat(int at, const char *name, int flags, ...) {
    MODE_OF(flags, mode)
    return open_at(at, name, flags, mode);
}
int openat64(int at, const char *name, int flags, ...) {
    MODE_OF(flags, mode)
    return open_at(at, name, flags, mode);
}

/* Writing */

static ssize_t write_at(int fd, const void *data, size_t length, off_t offset) {
    char path[PATH_MAX] = "", more[64];
    int own = offset >= 0;
    if (folder_length) path_of(fd, path);
    if (!counts(path))
        return own ? syscall(SYS_pwrite64, fd, data, length, offset) : syscall(SYS_write, fd, data, length);
    pthread_mutex_lock(&lock);
    int error = fault(WRITE, path);
    if (error) return fail(error);
    length = shorter(path, length);
    if (!own) {
        int appends = syscall(SYS_fcntl, fd, F_GETFL) & O_APPEND;
        offset = syscall(SYS_lseek, fd, 0, appends ? SEEK_END : SEEK_CUR);
    }
    ssize_t written = own ? syscall(SYS_pwrite64, fd, data, length, offset) : syscall(SYS_write, fd, data, length);
    if (written > 0) {
        snprintf(more, sizeof more, "%lld", (long long)offset);
        note("write", path, more, data, written);
    }
    return done(written);
}

ssize_t write(int fd, const void *data, size_t length) { return write_at(fd, data, length, -1); }
ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return write_at(fd, data, length, offset); }
ssize_t pwrite64(int fd, const void *data, size_t length, off_t offset) { return write_at(fd, data, length, offset); }

static int truncate_to(int fd, off_t length) {
    char path[PATH_MAX] = "", more[64];
    if (folder_length) path_of(fd, path);
    if (!counts(path)) return syscall(SYS_ftruncate, fd, length);
    pthread_mutex_lock(&lock);
    int error = fault(TRUNCATE, path);
    if (error) return fail(error);
    int result = syscall(SYS_ftruncate, fd, length);
    snprintf(more, sizeof more, "%lld", (long long)length);
    if (!result) note("truncate", path, more, 0, 0);
    return done(result);
}

int ftruncate(int fd, off_t length) { return truncate_to(fd, length); }
int ftruncate64(int fd, off_t length) { return truncate_to(fd, length); }

static int flush(int fd, long call) {
    char path[PATH_MAX] = "";
    if (folder_length) path_of(fd, path);
    if (!counts(path)) return syscall(call, fd);
    pthread_mutex_lock(&lock);
    int error = fault(SYNC, path);
    if (error) return fail(error);
    int result = syscall(call, fd);
    if (!result) note("sync", path, "", 0, 0);
    return done(result);
}

int fsync(int fd) { return flush(fd, SYS_fsync); }
int fdatasync(int fd) { return flush(fd, SYS_fdatasync); }

/* Names */

static int rename_at(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
    char before[PATH_MAX], after[PATH_MAX];
    resolve(from_at, from, before);
    resolve(to_at, to, after);
    if (!counts(before) && !counts(after)) return syscall(SYS_renameat2, from_at, from, to_at, to, flags);
    pthread_mutex_lock(&lock);
    int error = fault(RENAME, after);
    if (error) return fail(error);
    int result = syscall(SYS_renameat2, from_at, from, to_at, to, flags);
    if (!result) note("rename", before, after, 0, 0);
    return done(result);
}

int rename(const char *from, const char *to) { return rename_at(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int from_at, const char *from, int to_at, const char *to) {
    return rename_at(from_at, from, to_at, to, 0);
}
int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
    return rename_at(from_at, from, to_at, to, flags);
}

static int remove_at(int at, const char *name, int flags) {
    char path[PATH_MAX];
    resolve(at, name, path);
    if (!counts(path)) return syscall(SYS_unlinkat, at, name, flags);
    pthread_mutex_lock(&lock);
    int error = fault(REMOVE, path);
    if (error) return fail(error);
    int result = syscall(SYS_unlinkat, at, name, flags);
    if (!result) note("remove", path, "", 0, 0);
    return done(result);
}

int unlink(const char *name) { return remove_at(AT_FDCWD, name, 0); }
int rmdir(const char *name) { return remove_at(AT_FDCWD, name, AT_REMOVEDIR); }
int unlinkat(int at, const char *name, int flags) { return remove_at(at, name, flags); }

static int make_folder(int at, const char *name, mode_t mode) {
    char path[PATH_MAX];
    resolve(at, name, path);
    if (!counts(path)) return syscall(SYS_mkdirat, at, name, mode);
    pthread_mutex_lock(&lock);
    int error = fault(FOLDER, path);
    if (error) return fail(error);
    int result = syscall(SYS_mkdirat, at, name, mode);
    if (!result) note("folder", path, "", 0, 0);
    return done(result);
}

int mkdir(const char *name, mode_t mode) { return make_folder(AT_FDCWD, name, mode); }
int mkdirat(int at, const char *name, mode_t mode) { return make_folder(at, name, mode); }

/* The clock */

static long long ahead(void) {
    if (!clock_nth) return 0;
    return __sync_add_and_fetch(&clock_calls, 1) < clock_nth ? 0 : clock_jump;
}

int clock_gettime(clockid_t which, struct timespec *now) {
    int result = syscall(SYS_clock_gettime, which, now);
    if (!result && which == CLOCK_REALTIME) now->tv_sec += ahead();
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec exact;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec, now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *now) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (now) *now = exact.tv_sec;
    return exact.tv_sec;
}
