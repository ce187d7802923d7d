/* A capture card that is not there, for LD_PRELOAD.
 *
 * It answers the Video4Linux calls that FFmpeg makes for one path, gives prepared pictures at an exact rate, and
 * misbehaves on command. A 32-bit number is drawn into each uncompressed picture, so that every frame can be told.
 * Everything else goes to the C library. Commands and counts are shared through a small file: see struct control,
 * whose layout card.py knows too.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MOST_BUFFERS 8
#define STRIDE (64u << 20) /* between the offsets of two buffers, which only name them */
#define MOST_FDS 4096

struct control {
    uint32_t width, height, pictures;                                    /* of the media files */
    uint32_t present, blocked, repeat, flat, fps, slow_raw, other_size;  /* commands */
    uint32_t short_every, error_every;
    uint32_t due, delivered, dropped, opens, closes, streaming, last_sequence, granted_fps; /* counts */
};

struct picture { uint64_t offset, size; };

static struct control *control;
static const uint8_t *raw, *packed, *packed_other;
static const char *path;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint8_t is_card[MOST_FDS];

static struct {
    uint32_t fourcc, fps, count, flags;
    size_t size;
    uint8_t *memory[MOST_BUFFERS];
    int queued[MOST_BUFFERS], queued_count;
    struct { int buffer; uint32_t sequence; int64_t at; } done[MOST_BUFFERS];
    int done_count;
    int64_t began;
    uint32_t next, base, frozen;
    uint32_t rate, was_blocked, nonblocking;
    int owner; /* the file that streams: another one is busy */
} card;

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
    path = getenv("CARD_PATH");
    control = (struct control *)map_file("CARD_CONTROL", 1);
    raw = map_file("CARD_RAW", 0);
    packed = map_file("CARD_PACKED", 0);
    packed_other = map_file("CARD_PACKED_OTHER", 0);
}

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void nap(int64_t ns) {
    struct timespec t = {ns / 1000000000, ns % 1000000000};
    nanosleep(&t, NULL);
}

static int fail(int code) {
    errno = code;
    return -1;
}

/* Time passes: every frame that is due by now went into a queued buffer, or was dropped for want of one. */
static void advance(int64_t now) {
    uint32_t rate = control->fps ? control->fps : card.fps;
    if (rate != card.rate || (card.was_blocked && !control->blocked)) {
        card.base = card.next;
        card.began = now;
        card.rate = rate;
    }
    card.was_blocked = control->blocked;
    if (!control->streaming || control->blocked) return;
    for (;;) {
        int64_t at = card.began + (int64_t)(card.next - card.base + 1) * 1000000000 / rate;
        if (at > now) return;
        uint32_t sequence = card.next++;
        control->due++;
        if (card.queued_count == 0) {
            control->dropped++;
            continue;
        }
        card.done[card.done_count].buffer = card.queued[0];
        card.done[card.done_count].sequence = sequence;
        card.done[card.done_count++].at = at;
        memmove(card.queued, card.queued + 1, sizeof(int) * (size_t)--card.queued_count);
    }
}

static void draw_block(uint8_t *pixels, uint32_t place, int white) {
    for (uint32_t y = 0; y < 8; y++)
        for (uint32_t x = 0; x < 8; x++) {
            uint8_t *pixel = pixels + 2 * ((size_t)y * control->width + place * 8 + x);
            pixel[0] = white ? 235 : 16;
            pixel[1] = 128;
        }
}

static void draw_number(uint8_t *pixels, uint32_t number) {
    uint32_t sum = (number ^ number >> 8 ^ number >> 16 ^ number >> 24 ^ 0x5a) & 0xff;
    for (uint32_t bit = 0; bit < 32; bit++) draw_block(pixels, bit, number >> bit & 1);
    for (uint32_t bit = 0; bit < 8; bit++) draw_block(pixels, 32 + bit, sum >> bit & 1);
}

static size_t fill(uint8_t *to, uint32_t sequence) {
    if (!control->repeat) card.frozen = sequence;
    uint32_t shown = card.frozen;
    if (card.fourcc == V4L2_PIX_FMT_YUYV) {
        size_t size = (size_t)control->width * control->height * 2;
        if (control->flat) {
            for (size_t i = 0; i < size; i += 2) to[i] = 60, to[i + 1] = 128;
        } else {
            memcpy(to, raw + size * (shown % control->pictures), size);
            draw_number(to, shown);
        }
        return size;
    }
    const uint8_t *file = control->other_size && packed_other ? packed_other : packed;
    const struct picture *table = (const struct picture *)file;
    struct picture found = table[control->flat ? control->pictures : shown % control->pictures];
    memcpy(to, file + found.offset, found.size);
    return found.size;
}

static int dequeue(struct v4l2_buffer *buffer) {
    for (;;) {
        int64_t now = now_ns();
        if (!control->present) return fail(ENODEV);
        advance(now);
        if (card.done_count && !control->blocked) break;
        if (card.nonblocking) return fail(EAGAIN);
        pthread_mutex_unlock(&lock);
        nap(500000);
        pthread_mutex_lock(&lock);
        if (!control->streaming) return fail(EINVAL);
    }
    int index = card.done[0].buffer;
    uint32_t sequence = card.done[0].sequence;
    int64_t at = card.done[0].at;
    memmove(card.done, card.done + 1, sizeof card.done[0] * (size_t)--card.done_count);
    size_t size = fill(card.memory[index], sequence);
    control->delivered++;
    control->last_sequence = sequence;
    buffer->index = (uint32_t)index;
    buffer->flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
    buffer->bytesused = (uint32_t)size;
    if (control->short_every && sequence % control->short_every == 0) buffer->bytesused /= 2;
    if (control->error_every && sequence % control->error_every == 0) buffer->flags |= V4L2_BUF_FLAG_ERROR;
    buffer->field = V4L2_FIELD_NONE;
    buffer->sequence = sequence;
    buffer->timestamp.tv_sec = at / 1000000000;
    buffer->timestamp.tv_usec = at % 1000000000 / 1000;
    return 0;
}

static void granted(struct v4l2_format *format) {
    struct v4l2_pix_format *pix = &format->fmt.pix;
    pix->width = control->width;
    pix->height = control->height;
    pix->field = V4L2_FIELD_NONE;
    pix->bytesperline = pix->pixelformat == V4L2_PIX_FMT_YUYV ? 2 * pix->width : 0;
    pix->sizeimage = 2 * pix->width * pix->height + 4096;
    if (pix->pixelformat == V4L2_PIX_FMT_YUYV) pix->sizeimage = 2 * pix->width * pix->height;
}

static uint32_t fastest(uint32_t fourcc) {
    return fourcc == V4L2_PIX_FMT_YUYV && control->slow_raw ? 6 : 60;
}

static int answer(int fd, unsigned long request, void *argument) {
    int changes = request == VIDIOC_S_FMT || request == VIDIOC_REQBUFS || request == VIDIOC_STREAMON;
    if (changes && control->streaming && card.owner != fd) return fail(EBUSY);
    switch (request) {
    case VIDIOC_QUERYCAP: {
        struct v4l2_capability *it = argument;
        memset(it, 0, sizeof *it);
        strcpy((char *)it->driver, "emulated");
        strcpy((char *)it->card, "Emulated capture card");
        strcpy((char *)it->bus_info, "usb-emulated-1");
        it->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
        it->capabilities = it->device_caps | V4L2_CAP_DEVICE_CAPS;
        return 0;
    }
    case VIDIOC_G_INPUT:
        *(int *)argument = 0;
        return 0;
    case VIDIOC_S_INPUT:
        return 0;
    case VIDIOC_ENUMINPUT: {
        struct v4l2_input *it = argument;
        if (it->index) return fail(EINVAL);
        memset(it, 0, sizeof *it);
        strcpy((char *)it->name, "SDI");
        it->type = V4L2_INPUT_TYPE_CAMERA;
        return 0;
    }
    case VIDIOC_ENUM_FMT: {
        struct v4l2_fmtdesc *it = argument;
        if (it->index > 1 || it->type != V4L2_BUF_TYPE_VIDEO_CAPTURE) return fail(EINVAL);
        it->pixelformat = it->index ? V4L2_PIX_FMT_MJPEG : V4L2_PIX_FMT_YUYV;
        it->flags = it->index ? V4L2_FMT_FLAG_COMPRESSED : 0;
        strcpy((char *)it->description, it->index ? "Motion-JPEG" : "YUYV 4:2:2");
        return 0;
    }
    case VIDIOC_ENUM_FRAMESIZES: {
        struct v4l2_frmsizeenum *it = argument;
        if (it->index) return fail(EINVAL);
        it->type = V4L2_FRMSIZE_TYPE_DISCRETE;
        it->discrete.width = control->width;
        it->discrete.height = control->height;
        return 0;
    }
    case VIDIOC_ENUM_FRAMEINTERVALS: {
        struct v4l2_frmivalenum *it = argument;
        uint32_t most = fastest(it->pixel_format);
        if (it->index > (most == 60 ? 1u : 0u)) return fail(EINVAL);
        it->type = V4L2_FRMIVAL_TYPE_DISCRETE;
        it->discrete.numerator = 1;
        it->discrete.denominator = it->index ? 30 : most;
        return 0;
    }
    case VIDIOC_G_FMT:
    case VIDIOC_TRY_FMT:
    case VIDIOC_S_FMT: {
        struct v4l2_format *it = argument;
        uint32_t asked = it->fmt.pix.pixelformat;
        if (request == VIDIOC_G_FMT) asked = card.fourcc ? card.fourcc : V4L2_PIX_FMT_YUYV;
        if (asked != V4L2_PIX_FMT_MJPEG) asked = V4L2_PIX_FMT_YUYV;
        it->fmt.pix.pixelformat = asked;
        granted(it);
        if (request == VIDIOC_S_FMT) {
            card.fourcc = asked;
            card.size = it->fmt.pix.sizeimage;
            card.fps = fastest(asked);
        }
        return 0;
    }
    case VIDIOC_G_PARM:
    case VIDIOC_S_PARM: {
        struct v4l2_streamparm *it = argument;
        struct v4l2_fract *interval = &it->parm.capture.timeperframe;
        if (request == VIDIOC_S_PARM && interval->numerator) {
            uint32_t most = fastest(card.fourcc);
            card.fps = interval->denominator / interval->numerator <= 30 && most == 60 ? 30 : most;
        }
        it->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
        interval->numerator = 1;
        interval->denominator = card.fps ? card.fps : 60;
        control->granted_fps = interval->denominator;
        return 0;
    }
    case VIDIOC_REQBUFS: {
        struct v4l2_requestbuffers *it = argument;
        if (it->count > MOST_BUFFERS) it->count = MOST_BUFFERS;
        card.count = it->count;
        card.queued_count = card.done_count = 0;
        memset(card.memory, 0, sizeof card.memory);
        return 0;
    }
    case VIDIOC_QUERYBUF: {
        struct v4l2_buffer *it = argument;
        if (it->index >= card.count) return fail(EINVAL);
        it->length = (uint32_t)card.size;
        it->m.offset = it->index * STRIDE;
        return 0;
    }
    case VIDIOC_QBUF: {
        struct v4l2_buffer *it = argument;
        if (it->index >= card.count || card.queued_count >= MOST_BUFFERS) return fail(EINVAL);
        advance(now_ns());
        card.queued[card.queued_count++] = (int)it->index;
        return 0;
    }
    case VIDIOC_DQBUF:
        return dequeue(argument);
    case VIDIOC_STREAMON:
        card.began = now_ns();
        card.base = card.next;
        card.rate = control->fps ? control->fps : card.fps;
        card.owner = fd;
        control->streaming = 1;
        return 0;
    case VIDIOC_STREAMOFF:
        if (fd == card.owner) control->streaming = 0;
        card.queued_count = card.done_count = 0;
        return 0;
    default:
        return fail(ENOTTY);
    }
}

static int open_card(int flags) {
    if (!control->present) return fail(ENOENT);
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

int close(int fd) {
    if (fd >= 0 && fd < MOST_FDS && is_card[fd]) {
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
