"""What is a picture: an array of BGR pixels."""

from __future__ import annotations

import numpy as np

from polyplive.errors import ImageError


def check_image(image: object) -> None:
    """Raise ``ImageError`` unless ``image`` is a picture: uint8 [H, W, 3] with at least one pixel, C-contiguous.

    That the channels are blue, green and red, in this order, cannot be seen from the array.
    """
    is_picture = (
        isinstance(image, np.ndarray)
        and image.dtype == np.uint8
        and image.ndim == 3
        and image.shape[2] == 3
        and image.size > 0
        and image.flags.c_contiguous
    )
    if not is_picture:  # every frame of a source comes by here: no text before it is needed
        raise _why_no_picture(image)


def _why_no_picture(image: object) -> ImageError:
    if not isinstance(image, np.ndarray):
        return ImageError(f"Received {type(image).__name__} as a picture", f"Expected {_PICTURE}.")
    received = f"Received a picture of {image.dtype} [{', '.join(map(str, image.shape))}]"
    if image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 1):
        return ImageError(f"{received}: it is grey", f"Expected {_PICTURE}: cv2.cvtColor(image, cv2.COLOR_GRAY2BGR).")
    if image.ndim == 3 and image.shape[2] == 4:
        return ImageError(
            f"{received}: it has four channels", f"Expected {_PICTURE}: cv2.cvtColor(image, cv2.COLOR_BGRA2BGR)."
        )
    if image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        return ImageError(received, f"Expected {_PICTURE}.")
    if image.dtype != np.uint8:
        hint = " Values from 0 to 1 become it by (255 * image).astype(numpy.uint8)." if image.dtype.kind == "f" else ""
        return ImageError(received, f"Expected {_PICTURE}.{hint}")
    return ImageError(f"{received}, not contiguous", f"Expected {_PICTURE}: numpy.ascontiguousarray(image).")


_PICTURE = "a C-contiguous numpy array of uint8 [height, width, 3], channels blue, green, red"
