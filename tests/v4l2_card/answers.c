/* The card's answers to Video4Linux calls. */
#include "card.h"

#include <string.h>

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

static int capability(struct v4l2_capability *it) {
    memset(it, 0, sizeof *it);
    strcpy((char *)it->driver, "emulated");
    strcpy((char *)it->card, "Emulated capture card");
    strcpy((char *)it->bus_info, "usb-emulated-1");
    it->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
    it->capabilities = it->device_caps | V4L2_CAP_DEVICE_CAPS;
    return 0;
}

static int list_input(struct v4l2_input *it) {
    if (it->index) return fail(EINVAL);
    memset(it, 0, sizeof *it);
    strcpy((char *)it->name, "SDI");
    it->type = V4L2_INPUT_TYPE_CAMERA;
    return 0;
}

static int list_format(struct v4l2_fmtdesc *it) {
    if (it->index > 1 || it->type != V4L2_BUF_TYPE_VIDEO_CAPTURE) return fail(EINVAL);
    it->pixelformat = it->index ? V4L2_PIX_FMT_MJPEG : V4L2_PIX_FMT_YUYV;
    it->flags = it->index ? V4L2_FMT_FLAG_COMPRESSED : 0;
    strcpy((char *)it->description, it->index ? "Motion-JPEG" : "YUYV 4:2:2");
    return 0;
}

static int list_size(struct v4l2_frmsizeenum *it) {
    if (it->index) return fail(EINVAL);
    it->type = V4L2_FRMSIZE_TYPE_DISCRETE;
    it->discrete.width = control->width;
    it->discrete.height = control->height;
    return 0;
}

static int list_rate(struct v4l2_frmivalenum *it) {
    uint32_t most = fastest(it->pixel_format);
    if (it->index > (most == 60 ? 1u : 0u)) return fail(EINVAL);
    it->type = V4L2_FRMIVAL_TYPE_DISCRETE;
    it->discrete.numerator = 1;
    it->discrete.denominator = it->index ? 30 : most;
    return 0;
}

static int format(unsigned long request, struct v4l2_format *it) {
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

static int rate(unsigned long request, struct v4l2_streamparm *it) {
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

static int ask_buffers(struct v4l2_requestbuffers *it) {
    if (it->count > MOST_BUFFERS) it->count = MOST_BUFFERS;
    card.count = it->count;
    card.queued_count = card.done_count = 0;
    memset(card.memory, 0, sizeof card.memory);
    return 0;
}

static int describe_buffer(struct v4l2_buffer *it) {
    if (it->index >= card.count) return fail(EINVAL);
    it->length = (uint32_t)card.size;
    it->m.offset = it->index * STRIDE;
    return 0;
}

static int enqueue(struct v4l2_buffer *it) {
    if (it->index >= card.count || card.queued_count >= MOST_BUFFERS) return fail(EINVAL);
    advance(now_ns());
    card.queued[card.queued_count++] = (int)it->index;
    return 0;
}

static int stream_on(int fd) {
    card.began = now_ns();
    card.base = card.next;
    card.rate = control->fps ? control->fps : card.fps;
    card.owner = fd;
    control->streaming = 1;
    return 0;
}

static int stream_off(int fd) {
    if (fd == card.owner) control->streaming = 0;
    card.queued_count = card.done_count = 0;
    return 0;
}

int answer(int fd, unsigned long request, void *argument) {
    int changes = request == VIDIOC_S_FMT || request == VIDIOC_REQBUFS || request == VIDIOC_STREAMON;
    if (changes && control->streaming && card.owner != fd) return fail(EBUSY);
    switch (request) {
    case VIDIOC_QUERYCAP: return capability(argument);
    case VIDIOC_G_INPUT: *(int *)argument = 0; return 0;
    case VIDIOC_S_INPUT: return 0;
    case VIDIOC_ENUMINPUT: return list_input(argument);
    case VIDIOC_ENUM_FMT: return list_format(argument);
    case VIDIOC_ENUM_FRAMESIZES: return list_size(argument);
    case VIDIOC_ENUM_FRAMEINTERVALS: return list_rate(argument);
    case VIDIOC_G_FMT:
    case VIDIOC_TRY_FMT:
    case VIDIOC_S_FMT: return format(request, argument);
    case VIDIOC_G_PARM:
    case VIDIOC_S_PARM: return rate(request, argument);
    case VIDIOC_REQBUFS: return ask_buffers(argument);
    case VIDIOC_QUERYBUF: return describe_buffer(argument);
    case VIDIOC_QBUF: return enqueue(argument);
    case VIDIOC_DQBUF: return dequeue(argument);
    case VIDIOC_STREAMON: return control->no_signal ? fail(EINVAL) : stream_on(fd);
    case VIDIOC_STREAMOFF: return stream_off(fd);
    default: return fail(ENOTTY);
    }
}
