"""Images of files, decoded and measured in one way.

An image is what mmpose's own loading makes of a file (``mmcv.imfrombytes`` with OpenCV and the
flag ``'color'``), so that frames mean the same in its transforms and in ours:

* three channels BGR of 8 bits; 16-bit values are divided by 256, grey is repeated, alpha is left
  out, palettes and CMYK are converted;
* the EXIF orientation of JPEG, PNG and TIFF files is applied, so width, height and coordinates
  are those of the upright picture. OpenCV 4.11 does not turn WebP, and neither do we;
* of a file with several pictures the first one.

A file that is cut off is no image, though its beginning could be shown.
"""

import io
import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import mmcv
import numpy as np
from mmcv.image import io as mmcv_io
from mmengine import fileio
from PIL import Image, UnidentifiedImageError
from PIL.Image import DecompressionBombError

from .foreign_files import HEAD, describe_foreign

BACKENDS = ("cv2", "pillow", "turbojpeg")

ORIENTATION = 0x0112
"""EXIF's tag."""

TURNED = (5, 6, 7, 8)
"""Orientations that exchange width and height."""

UNDECODABLE = (
    OSError,  # truncated and unknown data in Pillow and TurboJPEG
    ValueError,  # damaged tags in Pillow
    cv2.error,  # a header with an impossible size
    SyntaxError,  # a damaged chunk of a PNG in Pillow
    AssertionError,  # mmcv, where OpenCV gives no image
)
"""What decoding raises on data that are no image; anything else is no image's fault."""


class WrongSizeError(ValueError):
    """An image has another size than its annotation states."""


@dataclass(frozen=True, slots=True)
class _Head:
    """What Pillow reads at the beginning of an image.

    Attributes:
        format: ``'JPEG'``, ``'PNG'``, ...
        mode: ``'RGB'``, ``'L'``, ...
        size: (width, height) before the orientation is applied; TIFF: after.
        orientation: EXIF's; 1: nothing says that it is turned; 0: something may, which Pillow
            does not read (OpenCV reads some damaged tags).
    """

    format: str
    mode: str
    size: tuple[int, int]
    orientation: int

    @property
    def plain(self) -> bool:
        """Every decoder makes the same of it."""
        return (
            self.format in ("JPEG", "PNG") and self.mode in ("RGB", "L") and self.orientation == 1
        )


def read_image(
    path: str | os.PathLike,
    *,
    backend: str = "cv2",
    stated_size: tuple[int, int] | None = None,
    backend_args: dict | None = None,
) -> np.ndarray:
    """Read a file as :func:`decode_image` does.

    Args:
        path: File or address.
        backend: See :func:`decode_image`.
        stated_size: See there.
        backend_args: Of mmengine's file backend.

    Raises:
        OSError: The file cannot be read.
        WrongSizeError, ValueError: See :func:`decode_image`.
    """
    data = fileio.get(str(path), backend_args=backend_args)
    return decode_image(data, backend=backend, stated_size=stated_size)


def decode_image(
    data: bytes, *, backend: str = "cv2", stated_size: tuple[int, int] | None = None
) -> np.ndarray:
    """Decode an image, as the module says.

    Args:
        data: Content of a file.
        backend: ``'cv2'``; or ``'pillow'`` or ``'turbojpeg'``, which decode upright 8-bit grey
            and RGB files (``'turbojpeg'``: JPEG). Others are decoded by OpenCV all the same
            (choice), since these make another picture of them.
        stated_size: (width, height) that the image must have; None: any.

    Returns:
        (H, W, 3) uint8 BGR.

    Raises:
        WrongSizeError: The image has another size than stated.
        ValueError: The data are no whole image, or have more pixels than Pillow's limit against
            decompression bombs (``PIL.Image.MAX_IMAGE_PIXELS``, twice).
    """
    head = _read_head(data)
    if head is None or not head.plain or (backend == "turbojpeg" and head.format != "JPEG"):
        backend = "cv2"
    if backend == "turbojpeg":
        prepare_turbojpeg()
    image = None
    if _is_whole(data, head):
        try:
            image = mmcv.imfrombytes(data, flag="color", backend=backend)
        except UNDECODABLE as error:
            reason = " ".join(str(error).split())
            raise ValueError(f"it cannot be decoded: {reason or type(error).__name__}") from error
    if image is None:
        raise ValueError(_why_no_image(data, head))
    found = (image.shape[1], image.shape[0])
    if stated_size is not None and found != tuple(stated_size):
        raise WrongSizeError(wrong_size(found, tuple(stated_size), data))
    return image


def prepare_turbojpeg() -> None:
    """Set mmcv's decoder up, which it does only for the backend that is its default.

    Raises:
        ImportError: PyTurboJPEG is not installed.
    """
    if mmcv_io.jpeg is None:
        default = mmcv_io.imread_backend
        try:
            mmcv.use_backend("turbojpeg")
        finally:
            mmcv.use_backend(default)


def image_size_of(data: bytes) -> tuple[int, int]:
    """(width, height) of the image that :func:`decode_image` gives, mostly without decoding it.

    Raises:
        ValueError: As :func:`decode_image`, except that damage inside a JPEG or PNG file that is
            whole is not seen.
    """
    head = _read_head(data)
    if head is not None and head.format in ("JPEG", "PNG") and head.orientation == 1:
        if not _is_whole(data, head):
            raise ValueError(_why_no_image(data, head))
        return head.size
    image = decode_image(data)
    return image.shape[1], image.shape[0]


def wrong_size(found: tuple[int, int], stated: tuple[int, int], data: bytes) -> str:
    """What to say of an image that has another size than its annotation states.

    Args:
        found: (width, height) of the image.
        stated: Those in the annotation.
        data: Content of the file.
    """
    text = f"it is {found[0]}x{found[1]}, its annotation says {stated[0]}x{stated[1]}"
    head = _read_head(data)
    if head is None or head.orientation not in TURNED or found != stated[::-1]:
        return text
    return (
        f"{text}, as it is before EXIF orientation {head.orientation} is applied; annotate the "
        "upright picture, or save the image without this tag"
    )


def _read_head(data: bytes) -> _Head | None:
    """None: Pillow does not know the format or finds it damaged; the decoder decides.

    Raises:
        ValueError: The image is too large.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            orientation = 1
            if _may_be_turned(data, image.format):
                orientation = image.getexif().get(ORIENTATION, 0)
            return _Head(image.format, image.mode, image.size, orientation)
    except DecompressionBombError as error:
        raise ValueError(f"it is too large: {error}") from error
    except UnidentifiedImageError:
        return None
    except MemoryError:
        raise
    except Exception:  # damaged tags, on which Pillow fails in many ways
        return None


def _may_be_turned(data: bytes, kind: str | None) -> bool:
    """Whether there is a place for EXIF (Pillow would decode a whole PNG to look for it)."""
    if kind == "PNG":
        return b"eXIf" in data
    return kind != "JPEG" or b"\xff\xe1" in data[: _start_of_scan(data)]


def _is_whole(data: bytes, head: _Head | None) -> bool:
    """Whether the end of a JPEG or PNG is there; other formats are left to the decoder."""
    if head is None:
        return len(data) > 0
    if head.format in ("JPEG", "MPO"):
        return data.find(b"\xff\xd9", _start_of_scan(data)) >= 0
    if head.format == "PNG":
        end = data.rfind(b"IEND")
        return 0 <= end <= len(data) - 8
    return True


def _start_of_scan(data: bytes) -> int:
    """Where the pixels of a JPEG begin: behind its thumbnail, which has an end of its own."""
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xDA:
            return place
        if marker in (0xFF, 0x01) or 0xD0 <= marker <= 0xD8:  # fill byte, or without a length
            place += 1 if marker == 0xFF else 2
        else:
            place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return place


def _why_no_image(data: bytes, head: _Head | None) -> str:
    if head is None:
        foreign = describe_foreign(data[:HEAD])
        return f"it {foreign}" if foreign else "it is no image that OpenCV can decode"
    if not _is_whole(data, head):
        return f"it is a {head.format} file that is cut off: get it again"
    if head.format in ("JPEG", "PNG"):
        return f"it is a damaged {head.format} file: get it again"
    return (
        f"it is a {head.format} file that OpenCV does not decode, or a damaged one; save it as "
        "JPEG or PNG"
    )


def read_bytes(path: Path) -> bytes:
    """Content of an image file.

    Raises:
        FileNotFoundError: There is none.
        ValueError: It is a folder, or cannot be read.
    """
    if not path.exists():
        raise FileNotFoundError(f"image {path} does not exist (is the image root right?)")
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"image {path} cannot be read: {error.strerror or error}") from error
