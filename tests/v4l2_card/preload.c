/* Between the program and the C library: what concerns the card is answered here, the rest is passed on. */
#include "card.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_FDS 4096

struct control *control;
const uint8_t *raw, *packed, *packed_other;
pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static const char *path;
static pid_t process;
static uint8_t is_card[MOST_FDS];

static int (*real_open)(const char *, int, ...);
static int (*real_ioctl)(int, unsigned long, ...);
static void *(*real_mmap)(void *, size_t, int, int, int, off_t);
static int (*real_close)(int);
static DIR *(*real_opendir)(const char *);
static struct dirent64 *(*real_readdir)(DIR *);
static int (*real_closedir)(DIR *);
static DIR *listing;
static int listed;

static const void *map_file(const char *name, int writable) {
    const char *file = getenv(name);
    if (!file || !*file) return NULL;
    int fd = real_open(file, writable ? O_RDWR : O_RDONLY);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) return NULL;
    void *mapped = real_mmap(NULL, (size_t)status.st_size, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, fd, 0);
    real_close(fd);
    return mapped == MAP_FAILED ? NULL : mapped;
}

__attribute__((constructor)) static void begin(void) {
    real_open = dlsym(RTLD_NEXT, "open64");
    real_ioctl = dlsym(RTLD_NEXT, "ioctl");
    real_mmap = dlsym(RTLD_NEXT, "mmap64");
    real_close = dlsym(RTLD_NEXT, "close");
    real_opendir = dlsym(RTLD_NEXT, "opendir");
    real_readdir = dlsym(RTLD_NEXT, "readdir64");
    real_closedir = dlsym(RTLD_NEXT, "closedir");
    process = getpid();
    path = getenv("CARD_PATH");
    control = (struct control *)map_file("CARD_CONTROL", 1);
    raw = map_file("CARD_RAW", 0);
    packed = map_file("CARD_PACKED", 0);
    packed_other = map_file("CARD_PACKED_OTHER", 0);
}

static int open_card(int flags) {
    if (!control->present) return fail(ENOENT);
    if (control->denied) return fail(EACCES);
    int fd = real_open("/dev/null", O_RDWR | (flags & O_CLOEXEC));
    if (fd < 0 || fd >= MOST_FDS) return fd;
    pthread_mutex_lock(&lock);
    is_card[fd] = 1;
    card.nonblocking = (flags & O_NONBLOCK) != 0;
    control->opens++;
    pthread_mutex_unlock(&lock);
    return fd;
}

static int open_any(const char *name, int flags, mode_t mode) {
    if (control && path && name && strcmp(name, path) == 0) return open_card(flags);
    return real_open(name, flags, mode);
}

int open(const char *name, int flags, ...) {
    va_list list;
    va_start(list, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;
    va_end(list);
    return open_any(name, flags, mode);
}

int open64(const char *name, int flags, ...) {
    va_list list;
    va_start(list, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;
    va_end(list);
    return open_any(name, flags, mode);
}

/* A child of vfork closes what it inherited, in memory that is still its parent's: there the card stays open. */
int close(int fd) {
    if (fd >= 0 && fd < MOST_FDS && is_card[fd] && getpid() == process) {
        pthread_mutex_lock(&lock);
        is_card[fd] = 0;
        control->closes++;
        if (fd == card.owner) control->streaming = 0;
        pthread_mutex_unlock(&lock);
    }
    return real_close(fd);
}

int ioctl(int fd, unsigned long request, ...) {
    va_list list;
    va_start(list, request);
    void *argument = va_arg(list, void *);
    va_end(list);
    if (fd < 0 || fd >= MOST_FDS || !is_card[fd]) return real_ioctl(fd, request, argument);
    pthread_mutex_lock(&lock);
    int result = control->present ? answer(fd, request, argument) : fail(ENODEV);
    int code = errno;
    pthread_mutex_unlock(&lock);
    errno = code;
    return result;
}

void *mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
    if (fd >= 0 && fd < MOST_FDS && is_card[fd]) {
        uint32_t index = (uint32_t)((uint64_t)offset / STRIDE);
        void *made = real_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (made != MAP_FAILED && index < MOST_BUFFERS) card.memory[index] = made;
        return made;
    }
    return real_mmap(at, size, protection, flags, fd, offset);
}

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
    return mmap64(at, size, protection, flags, fd, offset);
}

DIR *opendir(const char *name) {
    DIR *opened = real_opendir(name);
    if (opened && control && control->present && (strcmp(name, "/dev") == 0 || strcmp(name, "/dev/") == 0)) {
        listing = opened;
        listed = 0;
    }
    return opened;
}

struct dirent64 *readdir64(DIR *of) {
    static struct dirent64 extra;
    struct dirent64 *entry = real_readdir(of);
    if (entry || of != listing || listed) return entry;
    listed = 1;
    memset(&extra, 0, sizeof extra);
    extra.d_ino = 1;
    extra.d_reclen = sizeof extra;
    extra.d_type = DT_CHR;
    snprintf(extra.d_name, sizeof extra.d_name, "%s", strrchr(path, '/') + 1);
    return &extra;
}

struct dirent *readdir(DIR *of) { return (struct dirent *)readdir64(of); }

int closedir(DIR *of) {
    if (of == listing) listing = NULL;
    return real_closedir(of);
}
