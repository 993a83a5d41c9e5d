"""Videos and identity timelines while a tracker is tested or validated."""

from collections.abc import Sequence
from pathlib import Path

from mmengine.evaluator import Evaluator
from mmengine.runner import Runner
from mmpose.engine.hooks import PoseVisualizationHook
from mmpose.registry import HOOKS
from mmpose.structures import PoseDataSample, merge_data_samples

from mmpose_temporal.visualization import PoseTrackVisualizer

from .video_pass import VideoPass, read_frame

DEFAULT_FPS = 25.0


@HOOKS.register_module()
class PoseTrackVisualizationHook(PoseVisualizationHook):
    """Draws the finished frames of a test or a validation: a window, or one file per video.

    It replaces ``PoseVisualizationHook`` in ``default_hooks.visualization``, so that
    ``--show-dir DIR``, ``--show``, ``--wait-time`` and ``--interval`` of ``tools/test.py`` and
    ``tools/train.py`` work::

        default_hooks = dict(visualization=dict(type="PoseTrackVisualizationHook", enable=False))
        visualizer = dict(type="PoseTrackVisualizer", vis_backends=[...], name="visualizer")

    In testing, with ``out_dir``: ``<out_dir>/<video_id>.mp4`` and
    ``<out_dir>/<video_id>_timeline.png`` for every video. A video that did not reach its last
    frame stays as ``<video_id>.partial.mp4`` and is named in the log. Otherwise, as in mmpose:
    with ``show`` a window only, with neither the visualizer's backends get the frames. Finished
    frames may come late, in other numbers than the batch and from several videos in turn, if
    those of each video are in order; ranks that test different videos share ``out_dir``.

    In validation the same, with a folder for each so that none replaces another's files:
    ``<out_dir>/epoch_<number of trained epochs>/``, or ``<out_dir>/iter_<iterations>/`` if
    training does not count epochs or there is none. With neither ``out_dir`` nor ``show``,
    mmpose's behaviour: the first finished frame of every ``interval``-th iteration goes to the
    backends as ``val_img``.

    Args:
        enable: Whether anything is drawn.
        interval: Every ``interval``-th frame of a video is drawn, starting with frame 0. The
            video file plays at the real speed (its frame rate is divided by ``interval``); the
            timeline uses all frames.
        kpt_thr: Joints with a lower score are not drawn.
        show: Show the frames in a window.
        wait_time: Seconds that the window waits after each frame; 0 waits for a key.
        out_dir: Folder of the files. A relative one lies in ``<work_dir>/<timestamp>/``.
        backend_args: Of the file backend that reads the images.
        fps: Frames per second of the videos; by default ``fps`` of the dataset's meta
            information, or 25 if it has none.
        trail_length: Positions in a trail; by default the visualizer's.
        timeline: Write the identity timelines next to the videos.
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
        self._pass: VideoPass | None = None

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
            if self._pass is None:
                self.before_val_epoch(runner)
            self._pass.add(outputs)
            return
        step = runner.iter + batch_idx
        if not outputs or step % self.interval:
            return
        self._visualizer.set_dataset_meta(runner.val_evaluator.dataset_meta)
        data_sample = merge_data_samples([outputs[0]])
        try:
            image = read_frame(data_sample, self.backend_args)
        except (OSError, ValueError) as error:
            runner.logger.warning(f"{data_sample.img_path} is not drawn: {error}")
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
        self._end()

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
        if self._pass is None:
            self.before_test_epoch(runner)
        self._pass.add(outputs)

    def after_test_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        """Close what is open and say what could not be read."""
        self._end()

    def after_run(self, runner: Runner) -> None:
        """Close what an aborted test or validation left open."""
        if self._pass is not None:
            self._pass.close()

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
        if self._pass is not None:
            self._pass.close()
        meta = evaluator.dataset_meta or {}
        self._visualizer.set_dataset_meta(meta)
        out_dir = None
        if self.out_dir is not None:
            out_dir = Path(runner.work_dir, str(runner.timestamp), self.out_dir, sub_folder)
        fps = self.fps or float(meta.get("fps", DEFAULT_FPS))
        self._pass = VideoPass(
            visualizer=self._visualizer,
            logger=runner.logger,
            out_dir=out_dir,
            fps=fps / self.interval,
            interval=self.interval,
            kpt_thr=self.kpt_thr,
            show=self.show,
            wait_time=self.wait_time,
            trail_length=self.trail_length,
            timeline=self.timeline,
            draw_gt=self.draw_gt,
            backend_args=self.backend_args,
        )

    def _end(self) -> None:
        if self._pass is not None:
            finished, self._pass = self._pass, None
            finished.finish()
