"""The containers that videos are written to, and which sound each can hold."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import av
from av.bitstream import BitStreamFilterContext
from av.packet import Packet

from polyplive.errors import SinkError
from polyplive.sources.av_errors import AV_ERRORS

if TYPE_CHECKING:
    from pathlib import Path

    from av.container import OutputContainer
    from av.stream import Stream

    from polyplive.sources.reading.sound import SoundTrack

_FRAGMENTS = "frag_keyframe+empty_moov+default_base_moof"
_WITH_SOUND = f"{_FRAGMENTS}+frag_discont"
"""Sound may begin later than the pictures: without ``frag_discont`` FFmpeg moves its first packet to 0."""
_ISO = {"movflags": _FRAGMENTS}
_MATROSKA = {"cluster_time_limit": "1000"}
_FORMS = {".mp4": ("mp4", _ISO), ".mov": ("mov", _ISO), ".mkv": ("matroska", _MATROSKA)}
_AT_ONCE = {"max_interleave_delta": "1"}
"""Packets come interleaved. FFmpeg would hold pictures back until there is sound, for ten seconds."""
_READ_BACK_AS = {"mp2": "mp3"}
"""MP4 has one name for both, and a decoder of MP3 decodes MP2."""
LATE_HEADER = "delay_moov"
"""Writes the header with the first fragment: that of AC-3 depends on the first packet."""


def check_container(path: Path) -> None:
    """Raise ``SinkError`` unless ``path`` has the ending of a container that can be recorded."""
    if path.suffix.lower() not in _FORMS:
        known = ", ".join(_FORMS)
        raise SinkError(f"'{path.name}' does not end as a video that can be recorded", f"Use {known}.")


def is_matroska(path: Path) -> bool:
    """Whether a recording to ``path`` is Matroska; otherwise it is MP4 or MOV, which are built alike."""
    return container_of(path)[0] == "matroska"


def container_of(path: Path) -> tuple[str, dict[str, str]]:
    """FFmpeg's name of the muxer for ``path``, and its options for a video without sound, written in fragments."""
    form, options = _FORMS[path.suffix.lower()]
    return form, {**options, "flush_packets": "1"}


def container_for(track: SoundTrack) -> str:
    """The ending of a container that holds ``track``, empty where none does."""
    return next((suffix for suffix in (".mkv", ".mov") if options_with_sound(suffix, track) is not None), "")


def options_with_sound(suffix: str, track: SoundTrack) -> dict[str, str] | None:
    """The muxer's options for a video with ``track``, None where the container cannot hold it.

    FFmpeg is asked: a packet is written into memory, and has to be known when it is read back. PCM in ``.mp4`` is
    refused: nearly no player knows it.
    """
    form, options = _FORMS[suffix.lower()]
    if suffix.lower() == ".mp4" and track.codec.startswith("pcm_"):
        return None
    if form == "matroska":
        choices = [options]
    else:
        choices = [{"movflags": flags, "use_editlist": "1"} for flags in (_WITH_SOUND, f"{_WITH_SOUND}+{LATE_HEADER}")]
    for choice in choices:
        if _takes(form, choice, track):
            return {**choice, "flush_packets": "1", **_AT_ONCE}
    return None


def add_sound(container: OutputContainer, track: SoundTrack) -> Stream:
    """Add a stream for the packets of ``track``. Raises errors of FFmpeg where ``container`` cannot hold them."""
    try:
        stream = container.add_stream_from_template(track.stream)
    except ValueError:  # PyAV refuses codecs that Matroska holds only by a wave file's header, such as A-law
        plain = container.add_mux_stream(container.default_audio_codec)
        BitStreamFilterContext("null", track.stream, plain)  # describes the stream as the source does
        return plain
    if track.header:
        stream.codec_context.extradata = track.header
    elif track.codec == "aac":
        raise ValueError("AAC without its header")
    return stream


def new_packet(data: bytes) -> Packet[Any]:
    """A packet of ``data``, with the room behind it that FFmpeg's parsers expect."""
    packet: Packet[Any] = Packet(len(data))
    packet.update(data)
    return packet


def _takes(form: str, options: dict[str, str], track: SoundTrack) -> bool:
    memory = io.BytesIO()
    try:
        with av.open(memory, "w", format=form, container_options=options) as container:
            stream = add_sound(container, track)
            container.start_encoding()
            head = track.head()
            if head is None:
                return True
            packet = new_packet(head.data)
            packet.stream, packet.pts, packet.dts = stream, 0, 0
            container.mux(packet)
        memory.seek(0)
        with av.open(memory) as written:
            back = written.streams.audio[0].codec_context
            return back is not None and back.codec.canonical_name in (track.codec, _READ_BACK_AS.get(track.codec))
    except AV_ERRORS:
        return False
