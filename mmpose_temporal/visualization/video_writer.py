"""Videos that are whole or clearly marked as unfinished."""

import os
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np
from typing_extensions import Self

from mmpose_temporal.utils.files import file_target, replace_file

SIZE_CHANGES = ("letterbox", "error")


class TrackVideoWriter:
    """Writes one video file, frame by frame.

    The frames go to ``<name>.partial<suffix>`` next to the target and get the target's name in
    ``finish``. What was not finished keeps the partial name, so nobody takes it for the whole.
    As a context manager it finishes on success and stops on an error.

    Args:
        path: Target file, e.g. ``out/000342.mp4``. Missing folders are made.
        fps: Frames per second.
        codec: Four letters. The default, MPEG-4 part 2, is built into every OpenCV wheel.
        size_change: What becomes of a frame of another size than the first one:
            ``'letterbox'`` scales it to fit and fills the rest black, ``'error'`` raises.

    Raises:
        ValueError: ``fps``, ``codec`` or ``size_change`` is out of its range, or ``path`` is
            something else than a file.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        *,
        fps: float = 25.0,
        codec: str = "mp4v",
        size_change: str = "letterbox",
    ) -> None:
        if not (np.isfinite(fps) and fps > 0):
            raise ValueError(f"fps must be a positive number of frames per second, got {fps}")
        if len(codec) != 4:
            raise ValueError(f"codec must have four letters, as 'mp4v', got {codec!r}")
        if size_change not in SIZE_CHANGES:
            raise ValueError(f"size_change must be one of {SIZE_CHANGES}, got {size_change!r}")
        file_target(path)
        self.path = Path(path)
        self.partial_path = self.path.with_name(f"{self.path.stem}.partial{self.path.suffix}")
        self.fps = float(fps)
        self.num_frames = 0
        self.size: tuple[int, int] | None = None
        self._codec = codec
        self._size_change = size_change
        self._writer: cv2.VideoWriter | None = None
        self._closed = False

    def append(self, image: np.ndarray) -> None:
        """Add a frame.

        Args:
            image: (H, W, 3) uint8 RGB. The first one sets the size of the video; an odd size is
                made even by repeating the last row or column, as the codecs need it.

        Raises:
            ValueError: The image is not (H, W, 3) uint8, or has another size under
                ``size_change='error'``.
            OSError: The video cannot be opened.
            RuntimeError: The video was finished or stopped before.
        """
        if self._closed:
            raise RuntimeError(f"{self.path} is closed already; no frame can be added")
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise ValueError(
                f"a frame must be (H, W, 3) uint8 RGB, got {image.shape} {image.dtype}"
            )
        frame = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
        if self.size is None:
            self._open(frame.shape[1], frame.shape[0])
        elif frame.shape[1::-1] != self.size:
            if self._size_change == "error":
                raise ValueError(
                    f"frame {self.num_frames} of {self.path.name} is {frame.shape[1]} x "
                    f"{frame.shape[0]} but the video is {self.size[0]} x {self.size[1]}; use "
                    "size_change='letterbox' to fit it in"
                )
            frame = _letterbox(frame, self.size)
        height, width = frame.shape[:2]
        if height % 2 or width % 2:
            frame = cv2.copyMakeBorder(frame, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
        self._writer.write(frame)
        self.num_frames += 1

    def finish(self) -> Path:
        """Close the video and give it its name.

        Returns:
            The target path.

        Raises:
            RuntimeError: There is no frame, or the video was closed before.
            OSError: The encoder left no file (a full disk, for instance).
        """
        if self._closed or not self.num_frames:
            reason = "it is closed already" if self._closed else "no frame was added"
            self._closed = True
            raise RuntimeError(f"cannot finish {self.path}: {reason}")
        self.stop()
        if not self.partial_path.is_file() or not self.partial_path.stat().st_size:
            raise OSError(f"the encoder wrote nothing to {self.partial_path}; is the disk full?")
        replace_file(self.partial_path, self.path)
        return self.path

    def stop(self) -> None:
        """Close without finishing; the frames so far stay under ``partial_path``."""
        self._closed = True
        if self._writer is not None:
            self._writer.release()
            self._writer = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None and not self._closed:
            self.finish()
        else:
            self.stop()

    def _open(self, width: int, height: int) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        even = (width + width % 2, height + height % 2)
        fourcc = cv2.VideoWriter_fourcc(*self._codec)
        writer = cv2.VideoWriter(str(self.partial_path), fourcc, self.fps, even)
        if not writer.isOpened():
            writer.release()
            raise OSError(
                f"cannot open {self.partial_path} for a {even[0]} x {even[1]} video at "
                f"{self.fps:g} frames/s with codec {self._codec!r}; check that the folder can be "
                "written and that OpenCV has this codec for this suffix (mp4v for .mp4)"
            )
        self._writer, self.size = writer, (width, height)


def _letterbox(frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Fit a frame into (width, height), centred on black, its shape kept."""
    width, height = size
    scale = min(width / frame.shape[1], height / frame.shape[0])
    inner = (max(1, round(frame.shape[1] * scale)), max(1, round(frame.shape[0] * scale)))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    frame = cv2.resize(frame, inner, interpolation=interpolation)
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    right, bottom = width - inner[0] - left, height - inner[1] - top
    return cv2.copyMakeBorder(frame, top, bottom, left, right, cv2.BORDER_CONSTANT)
