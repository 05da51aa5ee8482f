/* Fails the Nth system call of a program, for tests: preloaded, it stands between the program and
   the C library. Calls count that concern files under FAILING_UNDER, sockets, or the start of
   processes and the pipes to them. The counter lies in the file FAILING_COUNTER, which all
   processes of the program map, so that all count together. An error is chosen by the kind of the
   call and by N. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <unistd.h>

#define MOST_FDS 4096

/* The first word is how many calls there were, the second which of them fails; 0 is none. The name
   of the call that failed follows. */
static volatile long *counter;
static const char *under;
static size_t under_length;
enum { OTHER, FILE_UNDER, NETWORK_SOCKET, WORKERS_PIPE };
static unsigned char ours[MOST_FDS];

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("FAILING_COUNTER");
    under = getenv("FAILING_UNDER");
    if (!path || !under) return;
    under_length = strlen(under);
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    int fd = real(path, O_RDWR);
    if (fd < 0) return;
    void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map != MAP_FAILED) counter = map;
    close(fd);
}

static int is_ours(const char *path) {
    return counter && path && strncmp(path, under, under_length) == 0;
}

static int kind_of(int fd) { return counter && fd >= 0 && fd < MOST_FDS ? ours[fd] : OTHER; }

static void mark(int fd, int kind) {
    if (fd >= 0 && fd < MOST_FDS) ours[fd] = kind;
}

/* Counts one call; returns the error by which it fails, or 0. `errors` ends with 0. */
static int fails(const char *call, const int *errors) {
    long number = __sync_add_and_fetch(&counter[0], 1);
    if (number != counter[1]) return 0;
    int many = 0;
    while (errors[many]) many++;
    strcpy((char *)&counter[2], call);
    return errors[number % many];
}

static const int OPENING[] = {EIO, ENOMEM, EMFILE, 0};
static const int READING[] = {EIO, ENOMEM, 0};
static const int WRITING[] = {EIO, ENOSPC, 0};
static const int LOOKING[] = {EIO, ENOMEM, 0};
static const int LOCKING[] = {EIO, 0};
static const int NETWORK[] = {ECONNRESET, EINTR, 0};
static const int NETWORKED[] = {ECONNRESET, ETIMEDOUT, 0};
static const int MAPPING[] = {ENOMEM, 0};
static const int PIPED[] = {ENOBUFS, ENOMEM, 0};
static const int PIPING[] = {EMFILE, ENFILE, 0};
static const int STARTING[] = {EAGAIN, ENOMEM, 0};

static const int *moved(int fd, const int *of_a_file) {
    return kind_of(fd) == FILE_UNDER ? of_a_file : kind_of(fd) == WORKERS_PIPE ? PIPED : NETWORK;
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define FAIL_IF(condition, errors, value) \
    do { \
        if (condition) { \
            int error = fails(__func__, errors); \
            if (error) { errno = error; return value; } \
        } \
    } while (0)

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name); \
        va_list more; va_start(more, flags); int mode = va_arg(more, int); va_end(more); \
        FAIL_IF(is_ours(path), OPENING, -1); \
        int fd = real(path, flags, mode); \
        mark(fd, is_ours(path) ? FILE_UNDER : OTHER); \
        return fd; \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
    int name(int at, const char *path, int flags, ...) { \
        REAL(name); \
        va_list more; va_start(more, flags); int mode = va_arg(more, int); va_end(more); \
        FAIL_IF(is_ours(path), OPENING, -1); \
        int fd = real(at, path, flags, mode); \
        mark(fd, is_ours(path) ? FILE_UNDER : OTHER); \
        return fd; \
    }
OPENAT(openat)
OPENAT(openat64)

int close(int fd) { REAL(close); mark(fd, OTHER); return real(fd); }
int dup(int fd) { REAL(dup); int made = real(fd); mark(made, kind_of(fd)); return made; }
int dup2(int fd, int to) { REAL(dup2); int made = real(fd, to); mark(made, kind_of(fd)); return made; }
int dup3(int fd, int to, int flags) {
    REAL(dup3);
    int made = real(fd, to, flags);
    mark(made, kind_of(fd));
    return made;
}

#define BY_FD(type, name, parameters, arguments, errors) \
    type name parameters { REAL(name); FAIL_IF(kind_of(fd) == FILE_UNDER, errors, -1); return real arguments; }
#define BY_SOCKET(type, name, parameters, arguments, errors) \
    type name parameters { REAL(name); FAIL_IF(kind_of(fd) == NETWORK_SOCKET, errors, -1); return real arguments; }
#define BY_PATH(type, name, parameters, arguments, errors, failed) \
    type name parameters { REAL(name); FAIL_IF(is_ours(path), errors, failed); return real arguments; }

ssize_t read(int fd, void *to, size_t size) {
    REAL(read);
    FAIL_IF(kind_of(fd), moved(fd, READING), -1);
    return real(fd, to, size);
}
ssize_t write(int fd, const void *from, size_t size) {
    REAL(write);
    FAIL_IF(kind_of(fd), moved(fd, WRITING), -1);
    return real(fd, from, size);
}
BY_FD(ssize_t, pread, (int fd, void *to, size_t size, off_t at), (fd, to, size, at), READING)
BY_FD(ssize_t, pread64, (int fd, void *to, size_t size, off64_t at), (fd, to, size, at), READING)
BY_FD(ssize_t, pwrite, (int fd, const void *from, size_t size, off_t at), (fd, from, size, at), WRITING)
BY_FD(ssize_t, pwrite64, (int fd, const void *from, size_t size, off64_t at), (fd, from, size, at), WRITING)
BY_FD(ssize_t, copy_file_range, (int fd, off64_t *in, int to, off64_t *out, size_t size, unsigned flags),
      (fd, in, to, out, size, flags), WRITING)
BY_FD(ssize_t, sendfile, (int fd, int from, off_t *at, size_t size), (fd, from, at, size), WRITING)
BY_FD(ssize_t, sendfile64, (int fd, int from, off64_t *at, size_t size), (fd, from, at, size), WRITING)
BY_FD(int, fsync, (int fd), (fd), LOCKING)
BY_FD(int, fdatasync, (int fd), (fd), LOCKING)
BY_FD(off_t, lseek, (int fd, off_t at, int whence), (fd, at, whence), LOCKING)
BY_FD(off64_t, lseek64, (int fd, off64_t at, int whence), (fd, at, whence), LOCKING)
BY_FD(int, ftruncate, (int fd, off_t size), (fd, size), WRITING)
BY_FD(int, ftruncate64, (int fd, off64_t size), (fd, size), WRITING)
BY_FD(int, fchmod, (int fd, mode_t mode), (fd, mode), LOCKING)
BY_FD(int, fchown, (int fd, uid_t user, gid_t group), (fd, user, group), LOCKING)
BY_FD(int, flock, (int fd, int how), (fd, how), LOCKING)
BY_FD(int, fstat, (int fd, struct stat *to), (fd, to), LOOKING)
BY_FD(int, fstat64, (int fd, struct stat64 *to), (fd, to), LOOKING)
BY_PATH(int, stat, (const char *path, struct stat *to), (path, to), LOOKING, -1)
BY_PATH(int, stat64, (const char *path, struct stat64 *to), (path, to), LOOKING, -1)
BY_PATH(int, lstat, (const char *path, struct stat *to), (path, to), LOOKING, -1)
BY_PATH(int, lstat64, (const char *path, struct stat64 *to), (path, to), LOOKING, -1)
BY_PATH(int, fstatat, (int at, const char *path, struct stat *to, int flags), (at, path, to, flags), LOOKING, -1)
BY_PATH(int, fstatat64, (int at, const char *path, struct stat64 *to, int flags), (at, path, to, flags), LOOKING, -1)
BY_PATH(int, access, (const char *path, int mode), (path, mode), LOCKING, -1)
BY_PATH(int, mkdir, (const char *path, mode_t mode), (path, mode), WRITING, -1)
BY_PATH(int, rename, (const char *path, const char *to), (path, to), WRITING, -1)
BY_PATH(int, link, (const char *path, const char *to), (path, to), WRITING, -1)
BY_PATH(int, unlink, (const char *path), (path), LOCKING, -1)
BY_PATH(int, chmod, (const char *path, mode_t mode), (path, mode), LOCKING, -1)
BY_PATH(int, rmdir, (const char *path), (path), LOCKING, -1)
BY_PATH(int, statvfs, (const char *path, struct statvfs *to), (path, to), LOOKING, -1)
BY_PATH(int, statvfs64, (const char *path, struct statvfs64 *to), (path, to), LOOKING, -1)
BY_PATH(int, utimensat, (int at, const char *path, const struct timespec times[2], int flags),
        (at, path, times, flags), LOCKING, -1)
BY_PATH(ssize_t, readlink, (const char *path, char *to, size_t size), (path, to, size), LOCKING, -1)

DIR *opendir(const char *path) {
    REAL(opendir);
    FAIL_IF(is_ours(path), OPENING, NULL);
    DIR *made = real(path);
    if (made) mark(dirfd(made), is_ours(path) ? FILE_UNDER : OTHER);
    return made;
}
int closedir(DIR *folder) { REAL(closedir); mark(dirfd(folder), OTHER); return real(folder); }
struct dirent *readdir(DIR *folder) {
    REAL(readdir);
    FAIL_IF(kind_of(dirfd(folder)) == FILE_UNDER, LOCKING, NULL);
    return real(folder);
}
struct dirent64 *readdir64(DIR *folder) {
    REAL(readdir64);
    FAIL_IF(kind_of(dirfd(folder)) == FILE_UNDER, LOCKING, NULL);
    return real(folder);
}

#define FCNTL(name) \
    int name(int fd, int what, ...) { \
        REAL(name); \
        va_list more; va_start(more, what); void *with = va_arg(more, void *); va_end(more); \
        int locks = what == F_SETLK || what == F_SETLKW || what == F_OFD_SETLK; \
        FAIL_IF(kind_of(fd) == FILE_UNDER && locks, LOCKING, -1); \
        int answer = real(fd, what, with); \
        if (what == F_DUPFD || what == F_DUPFD_CLOEXEC) mark(answer, kind_of(fd)); \
        return answer; \
    }
FCNTL(fcntl)
FCNTL(fcntl64)

int socket(int domain, int type, int protocol) {
    REAL(socket);
    FAIL_IF(counter && domain != AF_UNIX, STARTING, -1);
    int fd = real(domain, type, protocol);
    mark(fd, domain == AF_UNIX ? OTHER : NETWORK_SOCKET);
    return fd;
}
int socketpair(int domain, int type, int protocol, int fds[2]) {
    REAL(socketpair);
    FAIL_IF(counter, PIPING, -1);
    int answer = real(domain, type, protocol, fds);
    for (int i = 0; i < 2 && !answer; i++) mark(fds[i], WORKERS_PIPE);
    return answer;
}
int pipe2(int fds[2], int flags) {
    REAL(pipe2);
    FAIL_IF(counter, PIPING, -1);
    return real(fds, flags);
}
int setsockopt(int fd, int level, int name, const void *from, socklen_t size) {
    REAL(setsockopt);
    FAIL_IF(kind_of(fd) > FILE_UNDER, PIPED, -1);
    return real(fd, level, name, from, size);
}
BY_SOCKET(int, connect, (int fd, const struct sockaddr *to, socklen_t size), (fd, to, size), NETWORKED)
BY_SOCKET(ssize_t, send, (int fd, const void *from, size_t size, int flags), (fd, from, size, flags), NETWORK)
BY_SOCKET(ssize_t, sendto, (int fd, const void *from, size_t size, int flags, const struct sockaddr *to, socklen_t length),
          (fd, from, size, flags, to, length), NETWORK)
BY_SOCKET(ssize_t, sendmsg, (int fd, const struct msghdr *what, int flags), (fd, what, flags), NETWORK)
BY_SOCKET(ssize_t, recv, (int fd, void *to, size_t size, int flags), (fd, to, size, flags), NETWORK)
BY_SOCKET(ssize_t, recvfrom, (int fd, void *to, size_t size, int flags, struct sockaddr *who, socklen_t *length),
          (fd, to, size, flags, who, length), NETWORK)
int poll(struct pollfd *fds, nfds_t many, int wait) {
    REAL(poll);
    FAIL_IF(many > 0 && kind_of(fds[0].fd) > FILE_UNDER, STARTING, -1);
    return real(fds, many, wait);
}

pid_t fork(void) {
    REAL(fork);
    FAIL_IF(counter && counter[1] >= 0, STARTING, -1);
    return real();
}

#define MMAP(name, offset) \
    void *name(void *at, size_t size, int protection, int flags, int fd, offset start_at) { \
        REAL(name); \
        FAIL_IF(kind_of(fd) == FILE_UNDER, MAPPING, MAP_FAILED); \
        return real(at, size, protection, flags, fd, start_at); \
    }
MMAP(mmap, off_t)
MMAP(mmap64, off64_t)
