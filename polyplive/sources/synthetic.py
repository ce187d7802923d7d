"""A rendered colon as a source: every frame has an exact mask of its polyps, and the same seed gives the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from polyplive.errors import ConfigError
from polyplive.sources.colon import camera, shading
from polyplive.sources.colon.geometry import grow_wall
from polyplive.sources.colon.march import FAR, Scene, finer, trace
from polyplive.sources.colon.mucosa import Mucosa, grow_mucosa
from polyplive.sources.colon.numerics import Floats, turned
from polyplive.sources.colon.polyps import Placement, Polyp, plant
from polyplive.sources.rendered import RenderedFrames
from polyplive.types import Image

DEMO_SEED = 2026
"""The demo clip's seed. Training may use seeds 0 to 999 and nothing else, so that the demo is never trained on."""

MOST_POLYPS = 8
_LONGEST_S = 500  # the wall's table has no more rows than cv2.remap can address
_NOISE = 1.7  # deviation of the sensor's noise, in grey levels

Labels = NDArray[np.uint8]
"""uint8 [H, W]: 0 for no polyp, else the polyp's number from 1."""


class RenderedColon(RenderedFrames):
    """A flight through a rendered colon.

    ``polyps`` is how many (0 to 3), spread along the way, or a sequence of :class:`Placement`. ``border`` draws the
    scope's black octagon. Frames depend on the arguments and their index alone: reading, seeking and ``render``
    agree bit for bit on one machine. ``width`` and ``height`` are in pixels, ``fps`` in frames a second. Raises
    ``ConfigError`` for arguments out of range.
    """

    def __init__(
        self,
        width: int = 640,
        height: int = 512,
        seed: int = 0,
        polyps: int | Sequence[Placement] = 2,
        frames: int = 250,
        fps: float = 25.0,
        border: bool = True,
    ) -> None:
        _check(width, height, seed, frames, fps)
        super().__init__(f"rendered colon, seed {seed}", (width, height), fps, frames)
        self._seed = seed
        seconds = frames / fps
        length = camera.START_Z + camera.PACE * (seconds + 1.0) + FAR + 2.0
        self._wall = grow_wall(np.random.default_rng([seed, 1]), length)
        self._mucosa = _mucosa(seed)
        self.placements = _placements(np.random.default_rng([seed, 3]), polyps)
        pace = camera.Pace.of(np.random.default_rng([seed, 2]))
        rng = np.random.default_rng([seed, 4])
        self.polyps = tuple(plant(rng, self._wall, p, pace.depth(p.at * seconds)) for p in self.placements)
        everything = Scene(self._wall, tuple(enumerate(self.polyps, 1)))
        self._path = camera.Path(np.random.default_rng([seed, 7]), everything, pace, fps)
        self._lenses = {step: camera.lens(width, height, step) for step in (8, 4, 2, 1)}
        self._seen = camera.octagon(width, height) if border else np.ones((height, width), np.bool_)
        self._blocks = {step: _blocks(self._seen, step) for step in (8, 4, 2)}

    def render(self, index: int) -> tuple[Image, Labels]:
        """Frame ``index``: picture (uint8 [H, W, 3], BGR) and mask (uint8 [H, W], 255 where a polyp is seen)."""
        image, labels = self.render_labels(index)
        return image, np.where(labels > 0, np.uint8(255), np.uint8(0))

    def render_labels(self, index: int) -> tuple[Image, Labels]:
        """Frame ``index``: picture (uint8 [H, W, 3], BGR) and the number of the polyp that each pixel sees [H, W].

        Any thread may call it; it changes nothing. Raises ``ConfigError`` for a frame that is not there.
        """
        if not 0 <= index < self._frames:
            raise ConfigError(f"no frame {index}", f"This rendered colon has frames 0 to {self._frames - 1}.")
        picture, label = self._developed(self._path.view(index))
        rng = np.random.default_rng([self._seed, 5, index])
        return with_noise(picture, rng, self._seen), np.where(self._seen, label, np.uint8(0))

    def render_at(self, seconds: float) -> tuple[Image, Labels]:
        """Picture and labels from where the tip is after ``seconds``, as the lens gives them: without noise or border.

        The time may lie between two frames, and a little outside of the clip. Any thread may call it.
        """
        picture, label = self._developed(self._path.view(seconds * self._fps))
        return np.clip(np.rint(picture), 0, 255).astype(np.uint8), label

    def _developed(self, view: camera.View) -> tuple[Floats, Labels]:
        """Picture [H, W, 3] in 0 to 255 behind the lens, which blurs a little, and labels [H, W]."""
        fields, label = self._look(view)
        colour, relief = shading.surface_colour(self._mucosa, self.polyps, fields, label)
        diffuse, shine = shading.light(fields, relief)
        exposure = 0.95 / max(float(np.percentile(diffuse[::8, ::8][self._seen[::8, ::8]], 80)), 1e-3)
        picture = shading.develop(colour, diffuse, shine, exposure)
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.6), np.float32), label

    def _look(self, view: camera.View) -> tuple[Floats, Labels]:
        """Fields [FIELDS, H, W] and labels [H, W] of every pixel.

        Around most pixels the surface is one smooth piece: there the fields are interpolated from half the density, and
        the label is theirs; at every edge of a fold or a polyp, each pixel's own ray is followed.
        """
        width, height = self._size
        scene = Scene(self._wall, [(n, p) for n, p in enumerate(self.polyps, 1) if self._in_reach(p, view)])
        rays, reach = self._march(scene, view)
        blocks = self._blocks[2]
        tall, wide = reach.shape
        fields = np.zeros((shading.FIELDS, tall, wide), np.float32)
        label = np.zeros((tall, wide), np.uint8)
        fields[:, blocks], label[blocks] = shading.look_at(scene, view, view.place[:, None] + rays * reach[blocks])
        full = np.empty((shading.FIELDS, height, width), np.float32)
        for plane, coarse in zip(full, fields, strict=True):
            plane[:] = cv2.resize(coarse, (2 * wide, 2 * tall), interpolation=cv2.INTER_LINEAR)[:height, :width]
        labels = np.repeat(np.repeat(label, 2, 0), 2, 1)[:height, :width]
        edges = _edges(reach, label)
        own = np.nonzero(np.repeat(np.repeat(edges, 2, 0), 2, 1)[:height, :width] & self._seen)
        fine_rays = turned(view.axes.T, self._lenses[1][:, own[0], own[1]])
        start = finer(reach, (height, width))[own] * np.float32(0.97)
        fine_reach = trace(scene, view.place, fine_rays, start, 0.0, 24)
        fine, labels[own] = shading.look_at(scene, view, view.place[:, None] + fine_rays * fine_reach)
        full[:, own[0], own[1]] = fine
        return full, labels

    def _in_reach(self, polyp: Polyp, view: camera.View) -> bool:
        return abs(float(polyp.head[2] - view.place[2])) < FAR

    def _march(self, scene: Scene, view: camera.View) -> tuple[Floats, Floats]:
        """Rays [3, N] through every block of two by two pixels that is seen, and how far all blocks reach [h, w]."""
        reach: Floats | None = None
        for step, rounds in ((8, 32), (4, 10), (2, 14)):
            blocks = self._blocks[step]
            rays = turned(view.axes.T, self._lenses[step][:, blocks])
            start = np.full(rays.shape[1], 0.05, np.float32) if reach is None else finer(reach, blocks.shape)[blocks]
            cone = 0.0 if step == 2 else camera.HALF_VIEW / (0.625 * min(self._size)) * step * 0.8
            reach = np.full(blocks.shape, FAR, np.float32)
            reach[blocks] = trace(scene, view.place, rays, start, cone, rounds)
        assert reach is not None
        return rays, reach


def with_noise(picture: Floats | Image, rng: np.random.Generator, seen: NDArray[np.bool_]) -> Image:
    """``picture`` [H, W, 3] in 0 to 255 as the sensor gives it: grey noise where ``seen`` [H, W], black elsewhere."""
    noise = rng.standard_normal(seen.shape, np.float32) * np.float32(_NOISE)
    image = cv2.add(picture, cv2.merge([noise] * 3), dtype=cv2.CV_8U, mask=seen.astype(np.uint8))
    return np.asarray(image, np.uint8)


def _blocks(seen: NDArray[np.bool_], step: int) -> NDArray[np.bool_]:
    """Blocks of ``step`` by ``step`` pixels that hold a seen pixel, and two more around them for the neighbourhoods."""
    height, width = seen.shape
    whole = np.pad(seen, ((0, -height % step), (0, -width % step)))
    held = whole.reshape(whole.shape[0] // step, step, whole.shape[1] // step, step).any(axis=(1, 3))
    return np.asarray(cv2.dilate(held.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)


def _edges(reach: Floats, label: Labels) -> NDArray[np.bool_]:
    """Places [h, w] next to which the surface jumps or changes its label."""
    block = np.ones((3, 3), np.uint8)
    jump = cv2.dilate(reach, block) - cv2.erode(reach, block) > 0.09 * reach + 0.02
    change = cv2.dilate(label, block) != cv2.erode(label, block)
    near = cv2.dilate((jump | change).astype(np.uint8), block)
    return np.asarray(near > 0)


@lru_cache(maxsize=8)
def _mucosa(seed: int) -> Mucosa:
    return grow_mucosa(np.random.default_rng([seed, 6]))


def _placements(rng: np.random.Generator, polyps: int | Sequence[Placement]) -> tuple[Placement, ...]:
    if not isinstance(polyps, int):
        if len(polyps) > MOST_POLYPS:
            raise ConfigError(f"{len(polyps)} polyps placed", f"Place at most {MOST_POLYPS}.")
        return tuple(polyps)
    if not 0 <= polyps <= 3:
        raise ConfigError(f"polyps={polyps}", "Use 0 to 3, or place them with a sequence of Placement.")
    slots = (np.arange(polyps) + rng.uniform(0.3, 0.7, polyps)) / max(polyps, 1)
    placed = []
    for slot in slots:
        stalked = rng.random() < 0.4
        size = float(rng.uniform(0.14, 0.2) if stalked else rng.uniform(0.16, 0.3))
        placed.append(
            Placement(float(slot), float(rng.uniform(0, 360)), "pedunculated" if stalked else "sessile", size)
        )
    return tuple(placed)


def _check(width: int, height: int, seed: int, frames: int, fps: float) -> None:
    if width < 16 or height < 16 or max(width, height) > 4096:
        raise ConfigError(f"rendered size {width}x{height}", "Use 16 to 4096 pixels a side.")
    if not 0 <= seed < 2**31:
        raise ConfigError(f"seed {seed}", "Use 0 or a positive 31-bit integer.")
    if frames < 1 or not fps > 0 or frames > _LONGEST_S * fps:
        hint = f"Use at least one frame, a positive rate, and at most {_LONGEST_S} seconds."
        raise ConfigError(f"{frames} frames at {fps} a second", hint)
