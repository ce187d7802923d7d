/* A capture card that is not there, for LD_PRELOAD: what its three files share.
 *
 * It answers the Video4Linux calls that FFmpeg makes for one path (answers.c), gives prepared pictures at an exact rate
 * (frames.c), and misbehaves on command. A 32-bit number is drawn into each uncompressed picture, so that every frame
 * can be told. Everything else goes to the C library (preload.c). Commands and counts are shared through a small file:
 * see struct control, whose layout card.py knows too.
 */
#ifndef CARD_H
#define CARD_H
#define _GNU_SOURCE
#include <errno.h>
#include <linux/videodev2.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#define MOST_BUFFERS 8
#define STRIDE (64u << 20) /* between the offsets of two buffers, which only name them */

#pragma GCC visibility push(hidden) /* nothing of this may take the place of a name in the program */

struct control {
    uint32_t width, height, pictures;                                    /* of the media files */
    uint32_t present, blocked, repeat, flat, fps, slow_raw, other_size;  /* commands */
    uint32_t short_every, error_every, denied, no_signal, ahead;
    uint32_t due, delivered, dropped, opens, closes, streaming, last_sequence, granted_fps; /* counts */
};

struct picture { uint64_t offset, size; };

extern struct control *control;
extern const uint8_t *raw, *packed, *packed_other; /* the media files */
extern pthread_mutex_t lock;                       /* held while the card's state is used */

struct card {
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
};

extern struct card card;

/* Time now, in nanoseconds of the monotonic clock. */
int64_t now_ns(void);
/* Time passes: every frame that is due by now went into a queued buffer, or was dropped for want of one. */
void advance(int64_t now);
/* VIDIOC_DQBUF: waits for the next frame, with the lock given back while it waits. */
int dequeue(struct v4l2_buffer *buffer);
/* The answer to an ioctl on the card. */
int answer(int fd, unsigned long request, void *argument);

static inline int fail(int code) {
    errno = code;
    return -1;
}

#pragma GCC visibility pop
#endif
