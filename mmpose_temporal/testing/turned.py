"""Images whose pixels are stored turned, with the EXIF orientation that puts them upright."""

import io

import numpy as np
from PIL import Image

STORE = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.transpose(1, 0, 2),
    6: lambda upright: np.rot90(upright, 1),
    7: lambda upright: upright[::-1, ::-1].transpose(1, 0, 2),
    8: lambda upright: np.rot90(upright, -1),
}
"""Orientation -> the pixels that are stored for an upright picture."""


def turned_png(upright: np.ndarray, orientation: int) -> bytes:
    """A PNG file that shows a picture by an EXIF orientation.

    Args:
        upright: (H, W, 3) uint8 BGR, the picture as it is seen.
        orientation: 1 to 8; from 5 on, width and height are exchanged in the file's header.
    """
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    stored = np.ascontiguousarray(STORE[orientation](upright)[..., ::-1])
    Image.fromarray(stored).save(file, "PNG", exif=exif)
    return file.getvalue()
