"""What FFmpeg may open, so that no input can make it open another file, host or device."""

from __future__ import annotations

import av

# Demuxers that open what the file names: other files, addresses, devices, scripts.
_LISTS = frozenset(
    {"concat", "hls", "dash", "imf", "sdp", "rtsp", "rtp", "sap", "vobsub", "webm_dash_manifest"}
    | {"lavfi", "avisynth", "vapoursynth"}
)

FILE_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": ",".join(sorted(av.formats_available - _LISTS)),
}
"""For a recording: any format that contains its own pictures, and no network protocol."""

# What senders use: containers that can be read from the middle, and plain codecs. No lists, scripts or text.
_SENT = (
    "mpegts,mpjpeg,mjpeg,jpeg_pipe,png_pipe,flv,live_flv,matroska,webm,mov,mp4,mpeg,avi,asf,ogg,nut,ivf"
    ",h264,hevc,m4v,mpegvideo,obu"
)
_SCHEMES = {
    "http": ("http,tcp", _SENT),
    "https": ("https,tls,tcp", _SENT),
    "tcp": ("tcp", _SENT),
    "udp": ("udp", _SENT),
    "srt": ("srt", _SENT),
    "rtp": ("rtp,udp", "rtp"),
    "rtsp": ("tcp", "rtsp"),  # over UDP a server may name another host for the pictures
    "rtmp": ("rtmp,tcp", "flv,live_flv"),
    "rtmps": ("rtmps,tls,tcp", "flv,live_flv"),
}
SCHEMES = frozenset({*_SCHEMES, "rtsps"})
"""The schemes of addresses that can be opened live. FFmpeg here may lack one of them (PyAV's own lacks SRT)."""


def stream_options(scheme: str) -> dict[str, str]:
    """For a stream: what may be opened under ``scheme``, without redirects and without a proxy, which is another host.

    ``rtsps`` is none of FFmpeg's business: ``RtspRelay`` speaks it.
    """
    protocols, formats = _SCHEMES[scheme]
    options = {"protocol_whitelist": protocols, "format_whitelist": formats}
    if scheme in ("http", "https"):
        options["max_redirects"] = "0"
    if scheme in ("http", "https", "rtmps"):
        options["http_proxy"] = ""  # set, so that the environment's is not used
    if scheme == "rtsp":
        options["rtsp_transport"] = "tcp"
    return options
