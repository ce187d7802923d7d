/* The card's frames: when each is due, what is in it, and how it is handed over. */
#include "card.h"

#include <string.h>
#include <time.h>

struct card card;

int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void nap(int64_t ns) {
    struct timespec t = {ns / 1000000000, ns % 1000000000};
    nanosleep(&t, NULL);
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

void advance(int64_t now) {
    uint32_t rate = control->fps ? control->fps : card.fps;
    if (card.was_blocked && !control->blocked) {
        card.base = card.next;
        card.began = now;
    } else if (rate != card.rate && control->streaming) { /* from the last frame on, however late this is noticed */
        card.began += (int64_t)(card.next - card.base) * 1000000000 / card.rate;
        card.base = card.next;
    }
    card.rate = rate;
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

int dequeue(struct v4l2_buffer *buffer) {
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
    buffer->timestamp.tv_sec = at / 1000000000 + control->ahead;
    buffer->timestamp.tv_usec = at % 1000000000 / 1000;
    return 0;
}
