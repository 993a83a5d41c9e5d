"""Images of hand-made files: pixels, sizes, and one answer for each kind of broken file."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from mmpose.datasets.transforms import LoadImage
from PIL import Image

from mmpose_temporal.utils.images import (
    BACKENDS,
    WrongSizeError,
    decode_image,
    image_size_of,
    read_image,
)

STORED = np.zeros((16, 32, 3), np.uint8)  # 32 wide, 16 high
STORED[:8, :8] = (250, 20, 20)  # top left, RGB
STORED[:8, 24:] = (20, 250, 20)
STORED[8:, :8] = (20, 20, 250)

UPRIGHT = {
    1: STORED,
    2: STORED[:, ::-1],
    3: STORED[::-1, ::-1],
    4: STORED[::-1],
    5: STORED.transpose(1, 0, 2),
    6: np.rot90(STORED, -1),
    7: STORED[::-1, ::-1].transpose(1, 0, 2),
    8: np.rot90(STORED, 1),
}
"""EXIF's eight orientations: what the stored pixels look like after they are applied."""

DECODERS = [name for name in BACKENDS if name != "turbojpeg"]  # it is not installed


def encoded(image, kind, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def oriented(kind, orientation) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = dict(quality=100, subsampling=0) if kind == "JPEG" else {}
    return encoded(Image.fromarray(STORED), kind, exif=exif, **options)


@pytest.mark.parametrize("backend", DECODERS)
@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_orientation_is_one_thing_for_pixels_and_sizes(tmp_path, kind, orientation, backend):
    data = oriented(kind, orientation)
    image = decode_image(data, backend=backend)
    expected = UPRIGHT[orientation]
    assert image.shape == expected.shape
    assert image.dtype == np.uint8
    assert np.abs(image[..., ::-1].astype(int) - expected).max() <= (4 if kind == "JPEG" else 0)
    assert image_size_of(data) == ((16, 32) if orientation >= 5 else (32, 16))
    path = tmp_path / f"x.{kind.lower()}"
    path.write_bytes(data)
    mmposes = LoadImage()(dict(img_path=str(path)))
    np.testing.assert_array_equal(read_image(path), mmposes["img"])


@pytest.mark.parametrize("orientation", [0, 9, 300])
def test_an_orientation_that_does_not_exist_is_none(orientation):
    data = oriented("JPEG", orientation)
    assert image_size_of(data) == (32, 16)
    assert decode_image(data).shape == (16, 32, 3)


@pytest.mark.parametrize("backend", DECODERS)
def test_damaged_tags_are_read_as_opencv_reads_them(backend):
    """400 files with some bytes of their EXIF changed; OpenCV reads tags that Pillow does not."""
    rng, data = np.random.default_rng(0), oriented("JPEG", 6)
    head, sizes = data.find(b"Exif") - 4, set()
    for _ in range(400):
        damaged = bytearray(data)
        for place in head + rng.integers(40, size=3):
            damaged[place] = rng.integers(256)
        try:
            image = decode_image(bytes(damaged), backend=backend)
        except ValueError:
            continue
        sizes.add(image.shape[1::-1])
        assert image_size_of(bytes(damaged)) == image.shape[1::-1]
        np.testing.assert_array_equal(image, decode_image(bytes(damaged)))
    assert sizes == {(16, 32), (32, 16)}  # turned or not


@pytest.mark.parametrize("orientation", [1, 6])
def test_sizes_of_webp_are_those_of_its_pixels(orientation):
    """OpenCV 4.11 does not turn WebP; whether it does or not, both are the same."""
    data = oriented("WEBP", orientation)
    assert image_size_of(data) == decode_image(data).shape[1::-1]


def test_the_stated_size_is_checked():
    data = oriented("PNG", 6)
    assert decode_image(data, stated_size=(16, 32)).shape == (32, 16, 3)
    with pytest.raises(WrongSizeError) as caught:
        decode_image(data, stated_size=(32, 16))
    assert str(caught.value) == (
        "it is 16x32, its annotation says 32x16, as it is before EXIF orientation 6 is applied; "
        "annotate the upright picture, or save the image without this tag"
    )
    with pytest.raises(WrongSizeError, match="^it is 16x32, its annotation says 640x480$"):
        decode_image(data, stated_size=(640, 480))


GREY = np.arange(256, dtype=np.uint8).reshape(8, 32)


@pytest.mark.parametrize("backend", DECODERS)
def test_16_bits_are_divided_by_256(backend):
    """A Pillow of its own would cut everything above 255."""
    data = encoded(Image.fromarray(GREY.astype(np.uint16) * 256 + 7), "PNG")
    np.testing.assert_array_equal(decode_image(data, backend=backend), np.stack([GREY] * 3, -1))
    assert image_size_of(data) == (32, 8)


def palette(colours):
    return colours.quantize(8)


KINDS = {
    "grey": (lambda c: c.convert("L"), "PNG", 1),
    "alpha": (lambda c: c.convert("RGBA"), "PNG", 0),
    "grey with alpha": (lambda c: c.convert("LA"), "PNG", 1),
    "palette": (palette, "PNG", 0),
    "1 bit": (lambda c: c.convert("1"), "PNG", 255),
    "CMYK": (lambda c: c.convert("CMYK"), "JPEG", 12),
    "grey JPEG": (lambda c: c.convert("L"), "JPEG", 12),
}


@pytest.mark.parametrize("backend", DECODERS)
@pytest.mark.parametrize("kind", KINDS)
def test_other_colours_become_bgr(kind, backend):
    change, suffix, tolerance = KINDS[kind]
    data = encoded(change(Image.fromarray(STORED)), suffix)
    image = decode_image(data, backend=backend)
    assert (image.shape, image.dtype) == ((16, 32, 3), np.uint8)
    assert image_size_of(data) == (32, 16)
    grey = kind in ("grey", "grey with alpha", "1 bit", "grey JPEG")
    expected = Image.fromarray(STORED).convert("L").convert("RGB") if grey else STORED
    if kind != "1 bit":
        assert np.abs(image[..., ::-1].astype(int) - np.array(expected)).max() <= tolerance
    assert (np.ptp(image, axis=2) == 0).all() == grey  # the channels of grey are the same
    np.testing.assert_array_equal(image, decode_image(data))


def test_what_is_transparent_keeps_its_colour():
    clear = Image.fromarray(np.dstack([STORED, np.zeros((16, 32), np.uint8)]))
    np.testing.assert_array_equal(decode_image(encoded(clear, "PNG"))[..., ::-1], STORED)


def test_of_several_pictures_the_first():
    first, second = Image.fromarray(STORED), Image.fromarray(STORED[::-1])
    options = dict(save_all=True, append_images=[second])
    for kind in ("PNG", "TIFF"):
        image = decode_image(encoded(first, kind, **options))
        np.testing.assert_array_equal(image[..., ::-1], STORED)


def noise(kind) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    return encoded(Image.fromarray(pixels), kind)


def huge_png() -> bytes:
    def chunk(name, data):
        checksum = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


BROKEN = {
    "empty": (b"", "it is empty"),
    "cut JPEG": (noise("JPEG")[:-900], "it is a JPEG file that is cut off"),
    "JPEG without its end": (noise("JPEG")[:-2], "it is a JPEG file that is cut off"),
    "cut PNG": (noise("PNG")[:3000], "it is a PNG file that is cut off"),
    "PNG without its end": (noise("PNG")[:-4], "it is a PNG file that is cut off"),
    "cut BMP": (noise("BMP")[:3000], "it is a BMP file that OpenCV does not decode, or a damaged"),
    "cut WebP": (noise("WEBP")[:500], "it is no image"),
    "web page": (b"\n<!DOCTYPE html><html>404</html>", "it is a web page"),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "it is a Git LFS"),
    "JSON": (b'{"error": "not found"}', "it is JSON text"),
    "text": ("Grüße".encode(), "it is plain text"),
    "noise": (bytes(range(256)), "it is no image that OpenCV can decode"),
    "too large": (huge_png(), r"it is too large: .*900000000 pixels"),
}


@pytest.mark.parametrize("backend", DECODERS)
@pytest.mark.parametrize("kind", BROKEN)
def test_broken_files_have_one_answer(kind, backend):
    data, answer = BROKEN[kind]
    for read in (image_size_of, lambda data: decode_image(data, backend=backend)):
        with pytest.raises(ValueError, match=f"^{answer}") as caught:
            read(data)
        assert "\n" not in str(caught.value)


def test_a_thumbnail_does_not_make_a_cut_file_whole():
    thumbnail, data = encoded(Image.fromarray(STORED), "JPEG"), noise("JPEG")
    segment = b"\xff\xe2" + struct.pack(">H", len(thumbnail) + 2) + thumbnail  # APP2
    data = data[:2] + segment + data[2:]
    assert data.count(b"\xff\xd9") == 2
    assert decode_image(data + b"more behind the end").shape == (48, 64, 3)
    with pytest.raises(ValueError, match="cut off"):
        image_size_of(data[:-900])


def test_what_opencv_does_not_decode_has_no_size():
    """Either both or none; OpenCV reads GIF from 4.12 on, or if it was built so."""
    data = encoded(Image.fromarray(STORED).convert("P"), "GIF")
    if cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) is not None:
        assert image_size_of(data) == (32, 16)
        return
    for read in (image_size_of, decode_image):
        with pytest.raises(ValueError, match="it is a GIF file that OpenCV does not decode"):
            read(data)


def test_missing_files_and_folders_are_the_systems_errors(tmp_path):
    (tmp_path / "x.jpg").mkdir()
    with pytest.raises(IsADirectoryError):
        read_image(tmp_path / "x.jpg")
    with pytest.raises(FileNotFoundError):
        read_image(tmp_path / "y.jpg")
