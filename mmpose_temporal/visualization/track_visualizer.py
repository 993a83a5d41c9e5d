"""Skeletons, ids and trails on the frames of a video."""

import cv2
import numpy as np
from mmengine.dist import master_only
from mmpose.registry import VISUALIZERS
from mmpose.structures import PoseDataSample
from mmpose.visualization import PoseLocalVisualizer

from mmpose_temporal.structures import (
    POSETRACK18,
    People,
    Skeleton,
    metainfo_keypoint_names,
)
from mmpose_temporal.utils import atomic_write

from .drawing import draw_text, draw_trails
from .people import (
    DrawnSkeleton,
    draw_people,
    draw_thin,
    drawing_unit,
    ground_truth_of,
    predictions_of,
)
from .trails import Trails

GT_STYLES = ("beside", "thin")
COLORINGS = ("track", "keypoint")


@VISUALIZERS.register_module()
class PoseTrackVisualizer(PoseLocalVisualizer):
    """Draws tracked poses: one colour per track id, an id label, a fading trail.

    All images are (H, W, 3) uint8 **RGB**, as everywhere in mmengine's visualizers; a frame read
    by OpenCV is turned by ``frame[..., ::-1]``. Coordinates are image pixels, the centre of the
    top-left pixel is (0, 0). The links are those of the dataset's meta, of any layout; until
    ``set_dataset_meta`` is called, PoseTrack18's. Colours come from
    :func:`~.palette.track_colors`, or from the dataset's meta with ``color_by='keypoint'``.

    Trails are the only state: they live from ``start_video`` to ``end_video``. A frame whose
    ``video_id`` was not started is drawn without trails.

    Args:
        name: Name of the instance, for mmengine.
        image: Image to begin with, RGB.
        vis_backends: Backends' configs, for mmengine.
        save_dir: Folder of the backends, for mmengine.
        kpt_thr: Joints with a lower score are not drawn, nor the links that end in them. A joint
            with a score of 0 or less or a NaN coordinate is never drawn.
        trail_length: Positions in a trail; 0 draws none.
        trail_anchor: Point of the box that leaves the trail, ``'foot'`` or ``'center'``.
        draw_labels: Write the ids.
        mark_recovered: Draw a dashed box around people whom the detector missed and a propagation
            (:class:`TemporalOKS`, :class:`BoxPropagation`, :class:`CorrespondencePropagation`)
            found, whether or not the other boxes are drawn.
        color_by: ``'track'``: a colour for each track id; ``'keypoint'``: joints and links have
            the colours of the dataset's meta, boxes, labels and trails those of the ids.
        gt_style: How ground truth is drawn together with predictions: ``'beside'`` (left of
            them, coloured by its own ids, as mmpose does) or ``'thin'`` (white lines under them).
        line_width: Of links in pixels; by default it follows the size of image and person.
        radius: Of joints in pixels; by default it follows ``line_width``.
        alpha: Opacity of what is drawn, over 0 and at most 1.

    Raises:
        ValueError: An argument is out of its range.
    """

    def __init__(
        self,
        name: str = "visualizer",
        image: np.ndarray | None = None,
        vis_backends: list | dict | None = None,
        save_dir: str | None = None,
        *,
        kpt_thr: float = 0.3,
        trail_length: int = 30,
        trail_anchor: str = "foot",
        draw_labels: bool = True,
        mark_recovered: bool = True,
        color_by: str = "track",
        gt_style: str = "beside",
        line_width: int | None = None,
        radius: int | None = None,
        alpha: float = 1.0,
    ) -> None:
        super().__init__(name=name, image=image, vis_backends=vis_backends, save_dir=save_dir)
        Trails(length=trail_length, anchor=trail_anchor)  # raises here, not at the first video
        if gt_style not in GT_STYLES:
            raise ValueError(f"gt_style must be one of {GT_STYLES}, got {gt_style!r}")
        if color_by not in COLORINGS:
            raise ValueError(f"color_by must be one of {COLORINGS}, got {color_by!r}")
        if (line_width is not None and line_width < 1) or (radius is not None and radius < 0):
            raise ValueError(
                "line_width must be at least 1 pixel and radius at least 0 (or None: from the "
                f"image), got {line_width} and {radius}"
            )
        if not 0 < alpha <= 1:
            raise ValueError(f"alpha must be over 0 and at most 1, got {alpha}")
        self.alpha = alpha
        self.kpt_thr = kpt_thr
        self.trail_length = trail_length
        self.trail_anchor = trail_anchor
        self.draw_labels = draw_labels
        self.mark_recovered = mark_recovered
        self.color_by = color_by
        self.gt_style = gt_style
        self.line_width = line_width
        self.radius = radius
        self._trails: dict[str, dict[str, Trails]] = {}
        self._skeleton = DrawnSkeleton.create(POSETRACK18)

    def set_dataset_meta(self, dataset_meta: dict | None, skeleton_style: str = "mmpose") -> None:
        """Take the skeleton of a dataset: links and colours, and of one without names
        of keypoints the ``skeleton_links``.

        Choice: where a person's nose is not drawn but the skeleton reaches the head's top only
        through it (PoseTrack), neck and top of the head are linked instead.

        Raises:
            ValueError: ``skeleton_style`` is not ``'mmpose'``; or joints are drawn in the colours
                of a layout, and the dataset has none.
        """
        _only_mmpose_style(skeleton_style)
        super().set_dataset_meta(dataset_meta)
        if metainfo_keypoint_names(dataset_meta) is not None:
            self._skeleton = DrawnSkeleton.create(Skeleton.from_metainfo(dataset_meta))
        elif self.color_by == "keypoint":
            raise ValueError("color_by='keypoint' needs metainfo that names keypoints")
        else:
            self._skeleton = DrawnSkeleton.of_links(self.skeleton or [])

    # ------------------------------------------------------------------ state

    def start_video(self, video_id: str, *, trail_length: int | None = None) -> None:
        """Begin the trails of a video.

        Args:
            video_id: As in the data samples' metainfo.
            trail_length: Instead of the visualizer's own.

        Raises:
            ValueError: The video was started before and not ended.
        """
        if video_id in self._trails:
            raise ValueError(f"video {video_id!r} is open already; call end_video first")
        length = self.trail_length if trail_length is None else trail_length
        self._trails[video_id] = {
            side: Trails(length=length, anchor=self.trail_anchor) for side in ("gt", "pred")
        }

    def end_video(self, video_id: str) -> None:
        """Drop the trails of a video.

        Raises:
            ValueError: The video was not started.
        """
        if video_id not in self._trails:
            raise ValueError(f"video {video_id!r} is not open; call start_video first")
        del self._trails[video_id]

    @property
    def open_videos(self) -> tuple[str, ...]:
        """Videos started and not ended."""
        return tuple(self._trails)

    # ---------------------------------------------------------------- drawing

    def draw_frame(
        self,
        image: np.ndarray,
        data_sample: PoseDataSample,
        *,
        draw_gt: bool = False,
        draw_pred: bool = True,
        draw_bbox: bool = False,
        show_kpt_idx: bool = False,
        kpt_thr: float | None = None,
    ) -> np.ndarray:
        """Draw one frame.

        Args:
            image: (H, W, 3) uint8 RGB, left as it is.
            data_sample: ``pred_instances`` and ``gt_instances`` are read, if there are any;
                ``video_id`` and ``frame_index`` of the metainfo lead to the trails.
            draw_gt: Draw ``gt_instances``.
            draw_pred: Draw ``pred_instances``.
            draw_bbox: Draw the people's boxes.
            show_kpt_idx: Write the joints' indices.
            kpt_thr: Instead of the visualizer's own.

        Returns:
            (H, W, 3) uint8 RGB; (H, 2 W, 3) with ground truth on the left if both are drawn and
            ``gt_style='beside'``.

        Raises:
            ValueError: The image is not (H, W, 3) uint8; the skeleton does not fit the keypoints;
                a frame of a started video comes out of order.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise ValueError(
                f"an image must be (H, W, 3) uint8 RGB, got {image.shape} {image.dtype}"
            )
        kpt_thr = self.kpt_thr if kpt_thr is None else kpt_thr
        style = dict(
            line_width=self.line_width,
            radius=self.radius,
            draw_bbox=draw_bbox,
            draw_labels=self.draw_labels,
            show_kpt_idx=show_kpt_idx,
            color_by=self.color_by,
            mark_recovered=self.mark_recovered,
        )
        canvas = np.array(image, order="C")
        left = canvas.copy() if draw_gt and draw_pred and self.gt_style == "beside" else canvas
        gt = ground_truth_of(data_sample) if draw_gt else None
        if gt is not None and draw_pred and left is canvas:
            draw_thin(canvas, gt, self._skeleton)
        elif gt is not None:
            self._draw_trails(left, gt, data_sample, "gt")
            draw_people(left, gt, self._skeleton, **style)
        pred = predictions_of(data_sample, kpt_thr) if draw_pred else None
        if pred is not None:
            self._draw_trails(canvas, pred, data_sample, "pred")
            draw_people(canvas, pred, self._skeleton, **style)
        for drawn in [canvas] if left is canvas else [canvas, left]:
            if self.alpha < 1:
                cv2.addWeighted(drawn, self.alpha, image, 1 - self.alpha, 0, dst=drawn)
        if left is canvas:
            return canvas
        scale = 0.5 * drawing_unit(image)
        origin = (round(16 * scale), round(34 * scale))
        draw_text(left, "ground truth", origin, scale, outline=True)
        draw_text(canvas, "prediction", origin, scale, outline=True)
        return np.concatenate([left, canvas], axis=1)

    @master_only
    def add_datasample(
        self,
        name: str,
        image: np.ndarray,
        data_sample: PoseDataSample,
        draw_gt: bool = True,
        draw_pred: bool = True,
        draw_heatmap: bool = False,
        draw_bbox: bool = False,
        show_kpt_idx: bool = False,
        skeleton_style: str = "mmpose",
        show: bool = False,
        wait_time: float = 0,
        out_file: str | None = None,
        kpt_thr: float | None = None,
        step: int = 0,
    ) -> np.ndarray:
        """Draw a frame and show it, save it or hand it to the backends, as mmpose's visualizer.

        Args:
            name: Identifier of the image in the backends, title of the window.
            image: (H, W, 3) uint8 RGB.
            data_sample: See ``draw_frame``.
            draw_gt: Draw ground truth, placed by ``gt_style``.
            draw_pred: Draw predictions.
            draw_heatmap: Put the heatmaps of ``pred_fields`` to the right, if there are any.
            draw_bbox: Draw boxes.
            show_kpt_idx: Write the joints' indices.
            skeleton_style: Only ``'mmpose'``; others raise a ValueError.
            show: Open a window.
            wait_time: Seconds that the window waits; 0 waits for a key.
            out_file: File to write, whole or not at all; the backends then get nothing.
            kpt_thr: Instead of the visualizer's own.
            step: Step of the record in the backends.

        Returns:
            The drawn image, RGB.
        """
        _only_mmpose_style(skeleton_style)
        drawn = self.draw_frame(
            image,
            data_sample,
            draw_gt=draw_gt,
            draw_pred=draw_pred,
            draw_bbox=draw_bbox,
            show_kpt_idx=show_kpt_idx,
            kpt_thr=kpt_thr,
        )
        fields = data_sample.get("pred_fields")
        if draw_heatmap and fields is not None and "heatmaps" in fields:
            heat = self._draw_instance_heatmap(fields, image)
            drawn = np.concatenate([drawn, cv2.resize(heat, image.shape[1::-1])], axis=1)
        self.set_image(drawn)
        if show:
            self.show(drawn, win_name=name, wait_time=wait_time)
        if out_file is not None:
            write_image(out_file, drawn)
        else:
            self.add_image(name, drawn, step)
        return self.get_image()

    # ---------------------------------------------------------------- helpers

    def _draw_trails(
        self, canvas: np.ndarray, poses: People, data_sample: PoseDataSample, side: str
    ) -> None:
        video = self._trails.get(data_sample.get("video_id"))
        if video is not None:
            trails = video[side]
            trails.update(poses, data_sample.get("frame_index"))
            width = max(2, round(2 * drawing_unit(canvas)))
            draw_trails(canvas, *trails.segments(), line_width=width)


def write_image(path: str, image: np.ndarray) -> None:
    """Write an RGB image atomically, in the format that the file's suffix names.

    Raises:
        ValueError: OpenCV knows no such format.
    """
    suffix = "." + str(path).rpartition(".")[2]
    if not cv2.haveImageWriter(f"image{suffix}"):
        raise ValueError(f"no image format for {path!r}; use a name that ends in .png or .jpg")
    _, code = cv2.imencode(suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    with atomic_write(path, "wb") as file:
        file.write(code.tobytes())


def _only_mmpose_style(skeleton_style: str) -> None:
    if skeleton_style != "mmpose":
        raise ValueError(
            f"skeleton_style {skeleton_style!r} is not supported: skeletons are coloured by track "
            "id; use 'mmpose', or mmpose's own PoseLocalVisualizer"
        )
