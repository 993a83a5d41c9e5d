"""Videos and identity timelines while a tracker is tested or validated."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import mmcv
import numpy as np
from mmengine import fileio
from mmengine.evaluator import Evaluator
from mmengine.runner import Runner
from mmpose.engine.hooks import PoseVisualizationHook
from mmpose.registry import HOOKS
from mmpose.structures import PoseDataSample, merge_data_samples

from mmpose_temporal.utils import safe_join
from mmpose_temporal.visualization import (
    PoseTrackVisualizer,
    TimelineRecorder,
    TrackVideoWriter,
    save_timeline,
)
from mmpose_temporal.visualization.drawing import note_frame

DEFAULT_FPS = 25.0
_NEEDED = ("video_id", "frame_index", "num_frames", "img_path")


@dataclass
class _OpenVideo:
    """What is kept of a video between its first and its last frame."""

    writer: TrackVideoWriter | None
    recorder: TimelineRecorder | None


@dataclass
class _Pass:
    """What is kept of one pass over the videos, a test or a validation."""

    out_dir: Path | None
    fps: float
    videos: dict[str, _OpenVideo]
    num_drawn: int = 0
    num_unreadable: int = 0


@HOOKS.register_module()
class PoseTrackVisualizationHook(PoseVisualizationHook):
    """Draws the finished frames of a test or a validation: a window, or a file of each video.

    Takes the place of ``PoseVisualizationHook`` in ``default_hooks.visualization``, so that
    ``--show-dir DIR``, ``--show``, ``--wait-time`` and ``--interval`` of ``tools/test.py`` and
    ``tools/train.py`` work::

        default_hooks = dict(visualization=dict(type="PoseTrackVisualizationHook", enable=False))
        visualizer = dict(type="PoseTrackVisualizer", vis_backends=[...], name="visualizer")

    In testing, with ``out_dir``: ``<out_dir>/<video_id>.mp4`` and
    ``<out_dir>/<video_id>_timeline.png`` for every video. A video that did not come to its last
    frame stays as ``<video_id>.partial.mp4`` and is named in the log. Otherwise, as in mmpose:
    with ``show`` a window only, with neither the visualizer's backends get the frames. Finished
    frames may come late, in other numbers than the batch and from several videos in turn, as
    long as each video's own are in order; ranks that test different videos share ``out_dir``.

    In validation the same, with a folder for each so that none replaces another's files:
    ``<out_dir>/epoch_<number of trained epochs>/``, or ``<out_dir>/iter_<iterations>/`` where
    training does not count epochs or there is none. With neither ``out_dir`` nor ``show``,
    mmpose's behaviour: the first finished frame of every ``interval``-th iteration goes to the
    backends as ``val_img``.

    Args:
        enable: Whether anything is drawn.
        interval: Every ``interval``-th frame of a video is drawn, beginning with frame 0. The
            video file plays at the real speed (its frame rate is divided by ``interval``); the
            timeline uses all frames.
        kpt_thr: Joints with a lower score are not drawn.
        show: Show the frames in a window.
        wait_time: Seconds that the window waits after each frame; 0 waits for a key.
        out_dir: Folder of the files. A relative one lies in ``<work_dir>/<timestamp>/``.
        backend_args: Of the file backend that reads the images.
        fps: Frames per second of the videos; by default ``fps`` of the dataset's meta
            information, or 25 where it has none.
        trail_length: Positions in a trail; by default the visualizer's.
        timeline: Write the identity timelines beside the videos.
        draw_gt: Draw ground truth too, in the visualizer's ``gt_style``.

    Raises:
        ValueError: ``interval``, ``fps`` or ``trail_length`` is out of its range.
    """

    def __init__(
        self,
        enable: bool = False,
        interval: int = 1,
        kpt_thr: float = 0.3,
        show: bool = False,
        wait_time: float = 0.0,
        out_dir: str | None = None,
        backend_args: dict | None = None,
        fps: float | None = None,
        trail_length: int | None = None,
        timeline: bool = True,
        draw_gt: bool = False,
    ) -> None:
        if interval < 1:
            raise ValueError(f"interval must be at least 1 frame, got {interval}")
        if fps is not None and not fps > 0:
            raise ValueError(f"fps must be positive or None (the dataset's), got {fps}")
        if trail_length is not None and trail_length < 0:
            raise ValueError(f"trail_length must be 0 or more frames, got {trail_length}")
        super().__init__(enable, interval, kpt_thr, show, wait_time, out_dir, backend_args)
        self.fps = fps
        self.trail_length = trail_length
        self.timeline = timeline
        self.draw_gt = draw_gt
        self._run: _Pass | None = None

    # ------------------------------------------------------------- validation

    def before_val_epoch(self, runner: Runner) -> None:
        """Prepare the output; raises as :meth:`before_test_epoch`."""
        if self.enable and self._whole_validation:
            # mmengine's loop over iterations stays in epoch 0
            done = f"epoch_{runner.epoch}" if runner.epoch else f"iter_{runner.iter}"
            self._begin(runner, runner.val_evaluator, done)

    def after_val_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict,
        outputs: Sequence[PoseDataSample],
    ) -> None:
        """Draw the finished frames, or hand the first one to the backends.

        Args:
            runner: The runner.
            batch_idx: Index of the batch in this validation.
            data_batch: Not used: the finished frame may be of an earlier batch.
            outputs: Finished frames, perhaps none; the backends get none that cannot be read.

        Raises:
            ValueError: As :meth:`after_test_iter`.
        """
        if not self.enable:
            return
        if self._whole_validation:
            if self._run is None:
                self.before_val_epoch(runner)
            self._add_all(runner, outputs)
            return
        step = runner.iter + batch_idx
        if not outputs or step % self.interval:
            return
        self._visualizer.set_dataset_meta(runner.val_evaluator.dataset_meta)
        data_sample = merge_data_samples([outputs[0]])
        image = self._read(data_sample)
        if image is None:
            return
        self._visualizer.add_datasample(
            "val_img",
            image,
            data_sample=data_sample,
            draw_gt=self.draw_gt,
            draw_bbox=True,
            draw_heatmap=True,
            kpt_thr=self.kpt_thr,
            step=step,
        )

    def after_val_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        """As :meth:`after_test_epoch`."""
        self._end(runner)

    # ---------------------------------------------------------------- testing

    def before_test_epoch(self, runner: Runner) -> None:
        """Prepare the output.

        Raises:
            TypeError: The visualizer cannot draw tracks.
        """
        if self.enable:
            self._begin(runner, runner.test_evaluator)

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict,
        outputs: Sequence[PoseDataSample],
    ) -> None:
        """Draw the frames that were finished in this iteration.

        Args:
            runner: The runner.
            batch_idx: Not used: frames may be late.
            data_batch: Not used, as above.
            outputs: Finished frames, perhaps none.

        Raises:
            ValueError: A frame's metainfo does not say where it belongs.
        """
        if not self.enable:
            return
        if self._run is None:
            self.before_test_epoch(runner)
        self._add_all(runner, outputs)

    def after_test_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        """Close what is open and say what could not be read."""
        self._end(runner)

    def after_run(self, runner: Runner) -> None:
        """Close what an aborted test or validation left open."""
        self._close_all(runner)

    # ---------------------------------------------------------------- helpers

    @property
    def _whole_validation(self) -> bool:
        return self.show or self.out_dir is not None

    def _begin(self, runner: Runner, evaluator: Evaluator, sub_folder: str = "") -> None:
        if not isinstance(self._visualizer, PoseTrackVisualizer):
            raise TypeError(
                "PoseTrackVisualizationHook needs visualizer=dict(type='PoseTrackVisualizer', "
                f"...) in the config, got {type(self._visualizer).__name__}"
            )
        self._close_all(runner)
        meta = evaluator.dataset_meta or {}
        self._visualizer.set_dataset_meta(meta)
        out_dir = None
        if self.out_dir is not None:
            out_dir = Path(runner.work_dir, str(runner.timestamp), self.out_dir, sub_folder)
        fps = self.fps or float(meta.get("fps", DEFAULT_FPS))
        self._run = _Pass(out_dir=out_dir, fps=fps / self.interval, videos={})

    def _end(self, runner: Runner) -> None:
        run = self._run
        self._close_all(runner)
        self._run = None
        if run is not None and run.num_unreadable:
            runner.logger.warning(
                f"{run.num_unreadable} of {run.num_drawn} drawn frames could not be read and are "
                "grey in the videos"
            )

    def _add_all(self, runner: Runner, outputs: Sequence[PoseDataSample]) -> None:
        try:
            for data_sample in outputs:
                self._add(data_sample)
        except BaseException:
            self._close_all(runner)
            raise

    def _add(self, data_sample: PoseDataSample) -> None:
        absent = [key for key in _NEEDED if key not in data_sample]
        if absent:
            raise ValueError(
                f"a finished frame lacks {', '.join(absent)} in its metainfo; list them in "
                "meta_keys of the pipeline's packing transform"
            )
        video_id, index = data_sample.video_id, data_sample.frame_index
        video = self._run.videos.get(video_id) or self._open(video_id)
        if video.recorder is not None:
            video.recorder.add(data_sample)
        if index % self.interval == 0:
            self._draw(data_sample, video)
        if index == data_sample.num_frames - 1:
            self._finish(video_id)

    def _open(self, video_id: str) -> _OpenVideo:
        video = _OpenVideo(writer=None, recorder=None)
        if self._run.out_dir is not None:
            path = safe_join(self._run.out_dir, f"{video_id}.mp4")
            video.writer = TrackVideoWriter(path, fps=self._run.fps)
            if self.timeline:
                video.recorder = TimelineRecorder()
        self._visualizer.start_video(video_id, trail_length=self.trail_length)
        self._run.videos[video_id] = video
        return video

    def _draw(self, data_sample: PoseDataSample, video: _OpenVideo) -> None:
        run = self._run
        image = self._read(data_sample)
        run.num_drawn += 1
        if image is None:
            run.num_unreadable += 1
            image = _note(data_sample, video.writer)
        drawn = self._visualizer.draw_frame(
            image, data_sample, draw_gt=self.draw_gt, kpt_thr=self.kpt_thr
        )
        if video.writer is not None:
            video.writer.append(drawn)
        name = str(data_sample.video_id).replace("/", "_")
        if self.show:
            title = f"{name} {data_sample.frame_index}"
            self._visualizer.show(drawn, win_name=title, wait_time=self.wait_time)
        elif video.writer is None:
            self._visualizer.add_image(name, drawn, data_sample.frame_index)

    def _finish(self, video_id: str) -> None:
        video = self._run.videos.pop(video_id)
        self._visualizer.end_video(video_id)
        if video.writer is not None:
            video.writer.finish()
        if video.recorder is not None:
            path = safe_join(self._run.out_dir, f"{video_id}_timeline.png")
            save_timeline(video.recorder.build(), path, title=str(video_id))

    def _close_all(self, runner: Runner) -> None:
        """Close the videos that did not come to their end; their files stay partial."""
        videos = {} if self._run is None else self._run.videos
        for video_id, video in videos.items():
            self._visualizer.end_video(video_id)
            if video.writer is not None:
                video.writer.stop()
        if videos:
            runner.logger.warning(
                "videos without their last frame, whose files are named .partial.mp4: "
                + ", ".join(map(str, videos))
            )
            videos.clear()

    def _read(self, data_sample: PoseDataSample) -> np.ndarray | None:
        """The frame as (H, W, 3) uint8 RGB, None where it cannot be read."""
        if not data_sample.get("frame_readable", True):
            return None
        try:
            data = fileio.get(data_sample.img_path, backend_args=self.backend_args)
        except OSError:
            return None
        image = mmcv.imfrombytes(data) if data else None
        return None if image is None else mmcv.bgr2rgb(image)


def _note(data_sample: PoseDataSample, writer: TrackVideoWriter | None) -> np.ndarray:
    """A grey frame that says which image is missing.

    In the size that the image should have; where the annotations do not say it, in that of the
    frames before, else 640 x 360.
    """
    height, width = data_sample.get("ori_shape", (0, 0))[:2]
    if not (height and width):
        known = writer is not None and writer.size is not None
        width, height = writer.size if known else (640, 360)
    name = data_sample.get("frame_name") or os.path.basename(data_sample.img_path)
    return note_frame(height, width, [f"frame {data_sample.frame_index} cannot be read", name])
