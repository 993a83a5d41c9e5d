"""The videos of one pass over the data: opened, drawn frame by frame, and closed."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from logging import Logger
from pathlib import Path

import numpy as np
from mmpose.structures import PoseDataSample

from mmpose_temporal.utils import safe_join
from mmpose_temporal.utils.images import read_image
from mmpose_temporal.visualization import (
    PoseTrackVisualizer,
    TimelineRecorder,
    TrackVideoWriter,
    save_timeline,
)
from mmpose_temporal.visualization.drawing import note_frame

_NEEDED = ("video_id", "frame_index", "img_path")


@dataclass
class _OpenVideo:
    """What is kept of a video between its first and its last frame."""

    writer: TrackVideoWriter | None
    recorder: TimelineRecorder | None
    num_frames: int | None = None


class VideoPass:
    """Draws the finished frames of a test or a validation: to files, a window or the backends.

    Frames may come late, in any numbers and from several videos in turn, if those of each video
    are in order. A video that does not reach its last frame stays as
    ``<video_id>.partial.mp4``; one whose number of frames is unknown is complete when the pass
    ends.

    Args:
        visualizer: Draws, and knows the data set's meta information; without ``out_dir`` and
            ``show`` its backends get the frames.
        logger: Gets unfinished videos and unreadable frames.
        out_dir: Folder of ``<video_id>.mp4`` and ``<video_id>_timeline.png``, or None.
        fps: Frames per second of the video files.
        interval: Every ``interval``-th frame of a video is drawn, starting with frame 0.
        kpt_thr: Joints with a lower score are not drawn.
        show: Show the frames in a window.
        wait_time: Seconds that the window waits after each frame; 0 waits for a key.
        trail_length: Positions in a trail; None: the visualizer's.
        timeline: Write the identity timelines next to the videos.
        draw_gt: Draw ground truth too.
        backend_args: Of the file backend that reads the images.
    """

    def __init__(
        self,
        *,
        visualizer: PoseTrackVisualizer,
        logger: Logger,
        out_dir: Path | None = None,
        fps: float = 25.0,
        interval: int = 1,
        kpt_thr: float = 0.3,
        show: bool = False,
        wait_time: float = 0.0,
        trail_length: int | None = None,
        timeline: bool = True,
        draw_gt: bool = False,
        backend_args: dict | None = None,
    ) -> None:
        self.visualizer = visualizer
        self.logger = logger
        self.out_dir = out_dir
        self.fps = fps
        self.interval = interval
        self.kpt_thr = kpt_thr
        self.show = show
        self.wait_time = wait_time
        self.trail_length = trail_length
        self.timeline = timeline
        self.draw_gt = draw_gt
        self.backend_args = backend_args
        self._videos: dict[str, _OpenVideo] = {}
        self._num_drawn = 0
        self._num_unreadable = 0

    def add(self, data_samples: Sequence[PoseDataSample]) -> None:
        """Draw finished frames. On an error everything is closed.

        Raises:
            ValueError: A frame's metainfo does not say where it belongs.
        """
        try:
            for data_sample in data_samples:
                self._add(data_sample)
        except BaseException:
            self._stop()
            raise

    def close(self) -> None:
        """Close what is open.

        Videos that did not reach their last frame stay partial; those of unknown length are
        complete.
        """
        for video_id in [v for v, video in self._videos.items() if video.num_frames is None]:
            self._complete(video_id)
        self._stop()

    def _stop(self) -> None:
        """Close the open videos; their files stay partial."""
        for video_id, video in self._videos.items():
            self.visualizer.end_video(video_id)
            if video.writer is not None:
                video.writer.stop()
        if self._videos:
            self.logger.warning(
                "videos without their last frame, whose files are named .partial.mp4: "
                + ", ".join(map(str, self._videos))
            )
            self._videos.clear()

    def finish(self) -> None:
        """Close what is open and say what could not be read."""
        self.close()
        if self._num_unreadable:
            self.logger.warning(
                f"{self._num_unreadable} of {self._num_drawn} drawn frames could not be read and "
                "are grey in the videos"
            )

    def _add(self, data_sample: PoseDataSample) -> None:
        absent = [key for key in _NEEDED if key not in data_sample]
        if absent:
            raise ValueError(
                f"a finished frame lacks {', '.join(absent)} in its metainfo; list them in "
                "meta_keys of the pipeline's packing transform"
            )
        video_id, index = data_sample.video_id, data_sample.frame_index
        video = self._videos.get(video_id) or self._open(video_id)
        video.num_frames = data_sample.get("num_frames")
        if video.recorder is not None:
            video.recorder.add(data_sample)
        if index % self.interval == 0:
            self._draw(data_sample, video)
        if video.num_frames is not None and index == video.num_frames - 1:
            self._complete(video_id)

    def _open(self, video_id: str) -> _OpenVideo:
        video = _OpenVideo(writer=None, recorder=None)
        if self.out_dir is not None:
            path = safe_join(self.out_dir, f"{video_id}.mp4")
            video.writer = TrackVideoWriter(path, fps=self.fps)
            if self.timeline:
                video.recorder = TimelineRecorder()
        self.visualizer.start_video(video_id, trail_length=self.trail_length)
        self._videos[video_id] = video
        return video

    def _draw(self, data_sample: PoseDataSample, video: _OpenVideo) -> None:
        self._num_drawn += 1
        try:
            image = read_frame(data_sample, self.backend_args)
        except (OSError, ValueError) as error:
            self._num_unreadable += 1
            self.logger.warning(f"{data_sample.img_path} is not drawn: {error}")
            image = _note(data_sample, video.writer)
        drawn = self.visualizer.draw_frame(
            image, data_sample, draw_gt=self.draw_gt, kpt_thr=self.kpt_thr
        )
        if video.writer is not None:
            video.writer.append(drawn)
        name = str(data_sample.video_id).replace("/", "_")
        if self.show:
            title = f"{name} {data_sample.frame_index}"
            self.visualizer.show(drawn, win_name=title, wait_time=self.wait_time)
        elif video.writer is None:
            self.visualizer.add_image(name, drawn, data_sample.frame_index)

    def _complete(self, video_id: str) -> None:
        video = self._videos.pop(video_id)
        self.visualizer.end_video(video_id)
        if video.writer is not None:
            video.writer.finish()
        if video.recorder is not None:
            path = safe_join(self.out_dir, f"{video_id}_timeline.png")
            save_timeline(video.recorder.build(), path, title=str(video_id))


def read_frame(data_sample: PoseDataSample, backend_args: dict | None = None) -> np.ndarray:
    """The frame as (H, W, 3) uint8 RGB, in the size that the sample's coordinates belong to.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is no image, was skipped in testing, or has another size than
            ``ori_shape``.
    """
    if not data_sample.get("frame_readable", True):
        raise ValueError("it was skipped in testing")
    height, width = data_sample.get("ori_shape", (0, 0))[:2]
    size = (width, height) if height and width else None  # (0, 0): nobody stated it
    image = read_image(data_sample.img_path, stated_size=size, backend_args=backend_args)
    return np.ascontiguousarray(image[..., ::-1])


def _note(data_sample: PoseDataSample, writer: TrackVideoWriter | None) -> np.ndarray:
    """A grey frame that says which image is missing.

    In the size that the image should have; if the annotations do not have it, in that of the
    frames before, else 640 x 360.
    """
    height, width = data_sample.get("ori_shape", (0, 0))[:2]
    if not (height and width):
        known = writer is not None and writer.size is not None
        width, height = writer.size if known else (640, 360)
    name = data_sample.get("frame_name") or os.path.basename(data_sample.img_path)
    return note_frame(height, width, [f"frame {data_sample.frame_index} cannot be read", name])
