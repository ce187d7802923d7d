"""HDR and wide-gamut pictures as what an ordinary display and the model expect: BT.709 primaries, SDR.

The mapping is a table over red, green and blue, made once from the formulas of ITU-R BT.2100 (PQ, HLG) and BT.2390
(tone curve), and applied to each frame by FFmpeg's ``haldclut``.
"""

from __future__ import annotations

import functools
import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorTrc
from numpy.typing import NDArray

from polyplive.sources.picture.side_data import side_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from av.filter.context import FilterContext

WHITE = 203.0
"""Luminance of diffuse white in HDR, in cd/m2 (ITU-R BT.2408): SDR's white."""
USUAL_PEAK = 1000.0
"""The brightest point in cd/m2 where a stream does not say a lower one: that of HLG's nominal display (BT.2100).

Brighter points become white: if the curve had to reach them, the tissue would be dark.
"""

WIDE_FORMAT = "gbrp16le"
"""The pixel format that ``ToneMapping`` takes and gives."""

_Rgb = NDArray[np.float64]
"""float64 [N, 3]: red, green and blue."""

_HDR = {int(ColorTrc.SMPTE2084): "PQ", int(ColorTrc.ARIB_STD_B67): "HLG"}
_BT709 = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
_WIDE = {
    int(ColorPrimaries.BT2020): ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    int(ColorPrimaries.SMPTE432): ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
"""x and y of red, green and blue of BT.2020 and Display P3; white is D65, as in BT.709."""
_D65 = (0.3127, 0.3290)
_DISPLAY_GAMMA = 2.4  # BT.1886
_LEVEL = 8  # a Hald picture of level 8 holds a table of 64 by 64 by 64
_MASTERING = struct.Struct("=20i2i")  # AVMasteringDisplayMetadata: ten rationals, then two flags
_CONTENT_LIGHT = struct.Struct("=2I")  # AVContentLightMetadata: MaxCLL, MaxFALL


def is_hdr(transfer: int) -> bool:
    """Whether this transfer characteristic (FFmpeg's number) is that of HDR."""
    return transfer in _HDR


def hdr_notice(transfer: int) -> str:
    """A line for the user about a stream of this transfer characteristic (FFmpeg's number); empty for SDR."""
    name = _HDR.get(transfer)
    return f"is HDR ({name}); its light is mapped to that of an ordinary picture (SDR)" if name else ""


@dataclass(frozen=True, slots=True)
class Light:
    """What decides a mapping: FFmpeg's numbers of ``transfer`` and ``primaries``, and the ``peak`` in cd/m2."""

    transfer: int
    primaries: int
    peak: float = USUAL_PEAK

    @classmethod
    def of(cls, frame: VideoFrame) -> Light | None:
        """What ``frame`` says of its light; None for SDR with primaries like those of BT.709."""
        transfer, primaries = int(frame.color_trc), int(frame.color_primaries)
        if transfer not in _HDR and primaries not in _WIDE:
            return None
        if transfer in _HDR and primaries == ColorPrimaries.UNSPECIFIED:
            primaries = int(ColorPrimaries.BT2020)
        return cls(transfer, primaries, _peak(frame) if transfer == ColorTrc.SMPTE2084 else USUAL_PEAK)


class ToneMapper:
    """Finds the mapping of each frame. One thread.

    A recording has one peak, that of its first frame: brightness must not change where a seek begins elsewhere.
    """

    def __init__(self) -> None:
        self._lights: dict[tuple[int, int], Light | None] = {}
        self._mapping: tuple[tuple[Light, int, int], ToneMapping] | None = None

    def mapping(self, frame: VideoFrame) -> ToneMapping | None:
        """How ``frame`` is mapped; None where it is SDR as it is."""
        kind = frame.color_trc, frame.color_primaries
        if kind not in self._lights:
            self._lights[kind] = Light.of(frame)
        light = self._lights[kind]
        if light is None:
            return None
        key = light, frame.width, frame.height
        if self._mapping is None or self._mapping[0] != key:
            self._mapping = key, ToneMapping(_hald(_table(light), _planes()), frame.width, frame.height)
        return self._mapping[1]


class ToneMapping:
    """Maps pictures of one size by a Hald picture, both in ``WIDE_FORMAT``. One thread."""

    def __init__(self, hald: VideoFrame, width: int, height: int) -> None:
        self._graph = Graph()
        pictures = self._source(width, height)
        table = self._source(hald.width, hald.height)
        # The filter pairs its two inputs by time, and a picture's own may be anything.
        numbered, mapping = self._graph.add("setpts", "N"), self._graph.add("haldclut", "clut=first:interp=tetrahedral")
        pictures.link_to(numbered)
        numbered.link_to(mapping, 0, 0)
        table.link_to(mapping, 0, 1)
        mapping.link_to(self._graph.add("buffersink"))
        self._graph.configure()
        self._pictures = pictures
        table.push(hald)
        table.push(None)

    def apply(self, frame: VideoFrame) -> VideoFrame:
        """``frame`` mapped: a frame of the same size and format."""
        self._pictures.push(frame)
        return self._graph.vpull()

    def _source(self, width: int, height: int) -> FilterContext:
        form = VideoFormat(WIDE_FORMAT)
        return self._graph.add_buffer(width=width, height=height, format=form, time_base=Fraction(1, 25))


def to_sdr(light: Light, signal: _Rgb) -> _Rgb:
    """What is shown for ``signal``, red, green and blue from 0 to 1 as they are coded: BT.709 primaries, BT.1886.

    The light comes by BT.2100's formulas, for SDR by BT.1886's. BT.2020 and Display P3 become BT.709; a colour outside
    of it loses saturation. Then the brightest of the three components is mapped by BT.2390's curve from ``light.peak``
    to ``WHITE``, and the other two in proportion, so that hue and grey stay. Diffuse white becomes 0.90 where the peak
    is 1000 cd/m2, and what is darker than 90 cd/m2 stays as it is.
    """
    linear = _linear(light, signal)
    if light.primaries in _WIDE:
        linear = linear @ _conversion(light.primaries).T
        linear = _without_negatives(linear)
    brightest = linear.max(axis=1)
    mapped = _tone_curve(brightest * WHITE, light.peak) / WHITE if light.transfer in _HDR else brightest.clip(max=1)
    linear = linear * (mapped / np.maximum(brightest, 1e-9))[:, None]
    return np.asarray(linear.clip(0, 1) ** (1 / _DISPLAY_GAMMA))


def _linear(light: Light, signal: _Rgb) -> _Rgb:
    """Displayed light in units of ``WHITE``, from 0."""
    if light.transfer == ColorTrc.SMPTE2084:
        return _pq_light(signal) / WHITE
    if light.transfer == ColorTrc.ARIB_STD_B67:
        # BT.2100, table 5: the inverse OETF, then the OOTF of a display of 1000 cd/m2 without a lift of black.
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
        luminance = scene @ np.array([0.2627, 0.6780, 0.0593])
        return np.asarray(scene * (USUAL_PEAK * luminance**0.2 / WHITE)[:, None])
    return signal**_DISPLAY_GAMMA


def _tone_curve(light: NDArray[np.float64], peak: float) -> NDArray[np.float64]:
    """BT.2390's curve (5.4.1) from a display of ``peak`` to one of ``WHITE`` cd/m2, black being 0 in both."""
    top = float(_pq_signal(np.array(peak)))
    end = min(float(_pq_signal(np.array(WHITE))) / top, 1.0)
    knee = 1.5 * end - 0.5
    signal = np.minimum(_pq_signal(light) / top, 1.0)
    t = np.clip((signal - knee) / max(1 - knee, 1e-9), 0, 1)
    curve = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * end
    return np.minimum(_pq_light(np.where(signal < knee, signal, curve) * top), WHITE)


def _pq_light(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """BT.2100, table 4: cd/m2 of a PQ signal from 0 to 1."""
    m1, m2, c1, c2, c3 = _PQ
    power = signal ** (1 / m2)
    return np.asarray(10_000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1))


def _pq_signal(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse of ``_pq_light``."""
    m1, m2, c1, c2, c3 = _PQ
    power = (light / 10_000) ** m1
    return np.asarray(((c1 + c2 * power) / (1 + c3 * power)) ** m2)


_PQ = (2610 / 16384, 2523 / 4096 * 128, 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32)


def _without_negatives(linear: _Rgb) -> _Rgb:
    """A colour with a component below 0 is moved towards the grey of its luminance until that is 0."""
    luminance, lowest = linear @ _to_xyz(_BT709)[1], linear.min(axis=1)
    share = np.where(lowest < 0, luminance / np.maximum(luminance - lowest, 1e-9), 1)
    return np.asarray(luminance[:, None] + share[:, None] * (linear - luminance[:, None])).clip(0)


@functools.cache
def _conversion(primaries: int) -> NDArray[np.float64]:
    """float64 [3, 3]: linear red, green and blue of wide ``primaries`` to those of BT.709, from 0 to 1."""
    return np.asarray(np.linalg.inv(_to_xyz(_BT709)) @ _to_xyz(_WIDE[primaries]))


def _to_xyz(primaries: tuple[tuple[float, float], ...]) -> NDArray[np.float64]:
    """float64 [3, 3]: linear red, green and blue to CIE XYZ (SMPTE RP 177); the second row gives the luminance."""
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in primaries]).T
    x, y = _D65
    return np.asarray(columns * np.linalg.solve(columns, np.array([x / y, 1, (1 - x - y) / y])))


@functools.lru_cache(maxsize=4)
def _table(light: Light) -> NDArray[np.uint16]:
    """uint16 [N, N, 3]: the mapping as a Hald picture, in which red changes fastest and blue slowest."""
    axis = np.linspace(0, 1, _LEVEL**2)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    shown = to_sdr(light, np.stack([red, green, blue], axis=-1).reshape(-1, 3))
    return np.rint(shown * 65535).astype(np.uint16).reshape(_LEVEL**3, _LEVEL**3, 3)


def _hald(table: NDArray[np.uint16], channels: Sequence[int]) -> VideoFrame:
    """A Hald picture of ``table`` [N, N, 3]: each plane holds the channel of it that ``channels`` says."""
    side = len(table)
    frame = VideoFrame(side, side, WIDE_FORMAT)
    frame.pts, frame.time_base = 0, Fraction(1, 25)
    for plane, channel in zip(frame.planes, channels, strict=True):
        np.frombuffer(memoryview(plane), np.uint16).reshape(side, -1)[:, :side] = table[..., channel]
    return frame


@functools.cache
def _planes() -> tuple[int, ...]:
    """The channel (0 red, 1 green, 2 blue) that each plane of a Hald picture has to hold.

    The planes of ``WIDE_FORMAT`` are green, blue and red. But FFmpeg up to 8.1 reads those of a Hald picture as red,
    green and blue. A table of one value a plane shows what this FFmpeg does.
    """
    values = np.array([10_000, 20_000, 30_000])
    constant = np.broadcast_to(values.astype(np.uint16), (8, 8, 3))
    mapped = ToneMapping(_hald(constant, (0, 1, 2)), 16, 16).apply(_hald(np.zeros((16, 16, 3), np.uint16), (0, 1, 2)))
    found = [int(np.abs(values - np.frombuffer(memoryview(plane), np.uint16)[0]).argmin()) for plane in mapped.planes]
    return tuple((1, 2, 0)[found.index(place)] for place in range(3))


def _peak(frame: VideoFrame) -> float:
    """The brightest point that a PQ stream tells, of its content or of the display it was made on, in cd/m2."""
    content, display = side_data(frame, "CONTENT_LIGHT_LEVEL"), side_data(frame, "MASTERING_DISPLAY_METADATA")
    peak = 0.0
    if len(content) >= _CONTENT_LIGHT.size:
        peak = float(_CONTENT_LIGHT.unpack_from(content)[0])
    if peak <= WHITE and len(display) >= _MASTERING.size:
        *values, _, has_luminance = _MASTERING.unpack_from(display)
        peak = values[18] / values[19] if has_luminance and values[19] else 0.0
    return min(peak, USUAL_PEAK) if peak > WHITE else USUAL_PEAK
