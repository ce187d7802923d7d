"""What FFmpeg puts beside a decoded frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from av.sidedata.sidedata import SideDataContainer

if TYPE_CHECKING:
    from av.buffer import Buffer
    from av.video.frame import VideoFrame


def side_data(frame: VideoFrame, kind: str) -> bytes:
    """The bytes of one ``kind``, a name of ``av.sidedata.sidedata.Type``; empty where there are none.

    Also empty where PyAV cannot list what is there, as beside pictures with EXIF.
    """
    # Not ``frame.side_data``: it and the frame refer to each other, so the frame lives until the garbage collector
    # runs. A capture device's frame would then outlive the device, whose memory it is in.
    try:
        data = cast("Buffer | None", SideDataContainer(frame).get(kind))  # type: ignore[call-arg]
    except ValueError:
        return b""
    return b"" if data is None else bytes(data)
