"""Skeletons, ids and trails on the frames of a video."""

from collections.abc import Iterable

import cv2
import numpy as np
from mmengine.dist import master_only
from mmengine.structures import InstanceData
from mmpose.registry import VISUALIZERS
from mmpose.structures import PoseDataSample
from mmpose.visualization import PoseLocalVisualizer

from mmpose_temporal.datasets.metainfo import posetrack_metainfo
from mmpose_temporal.structures import FramePoses
from mmpose_temporal.utils import atomic_write

from .drawing import LabelLayout, draw_box, draw_pose, draw_text, draw_trails
from .palette import track_colors
from .trails import Trails

GT_STYLES = ("beside", "thin")


@VISUALIZERS.register_module()
class PoseTrackVisualizer(PoseLocalVisualizer):
    """Draws tracked poses: one colour per track id, an id label, a fading trail.

    All images are (H, W, 3) uint8 **RGB**, as everywhere in mmengine's visualizers; a frame read
    by OpenCV is turned by ``frame[..., ::-1]``. Coordinates are image pixels, the centre of the
    top-left pixel is (0, 0). Colours come from :func:`~.palette.track_colors`, never from the
    dataset's meta, from which only the skeleton is taken; until ``set_dataset_meta`` is called it
    is PoseTrack18's.

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
        gt_style: How ground truth is drawn together with predictions: ``'beside'`` (left of
            them, coloured by its own ids, as mmpose does) or ``'thin'`` (white lines under them).
        line_width: Of links in pixels; by default it follows the size of image and person.
        radius: Of joints in pixels; by default it follows ``line_width``.

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
        gt_style: str = "beside",
        line_width: int | None = None,
        radius: int | None = None,
    ) -> None:
        super().__init__(name=name, image=image, vis_backends=vis_backends, save_dir=save_dir)
        Trails(length=trail_length, anchor=trail_anchor)  # raises here, not at the first video
        if gt_style not in GT_STYLES:
            raise ValueError(f"gt_style must be one of {GT_STYLES}, got {gt_style!r}")
        if (line_width is not None and line_width < 1) or (radius is not None and radius < 0):
            raise ValueError(
                "line_width must be at least 1 pixel and radius at least 0 (or None: from the "
                f"image), got {line_width} and {radius}"
            )
        self.kpt_thr = kpt_thr
        self.trail_length = trail_length
        self.trail_anchor = trail_anchor
        self.draw_labels = draw_labels
        self.gt_style = gt_style
        self.line_width = line_width
        self.radius = radius
        self._trails: dict[str, dict[str, Trails]] = {}
        self.set_dataset_meta(posetrack_metainfo("posetrack18"))

    def set_dataset_meta(self, dataset_meta: dict | None, skeleton_style: str = "mmpose") -> None:
        """Take the skeleton of a dataset (``skeleton_links``, pairs of joint indices).

        Choice: where a person's nose is not drawn but the skeleton reaches the head's top only
        through it (PoseTrack), neck and top of the head are linked instead.

        Raises:
            ValueError: ``skeleton_style`` is not ``'mmpose'``.
        """
        _only_mmpose_style(skeleton_style)
        super().set_dataset_meta(dataset_meta)
        meta = dataset_meta or {}
        self._links = np.array(self.skeleton or [], dtype=np.int64).reshape(-1, 2)
        index = meta.get("keypoint_name2id", {})
        head = [index.get(n) for n in ("head_bottom", "nose", "head_top")]
        self._head = None if None in head else head

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
            data_sample: ``pred_instances`` and ``gt_instances`` are read, where there are any;
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
        options = dict(draw_bbox=draw_bbox, show_kpt_idx=show_kpt_idx)
        gt = _ground_truth(data_sample.get("gt_instances")) if draw_gt else None
        pred = _predictions(data_sample.get("pred_instances")) if draw_pred else None
        beside = draw_gt and draw_pred and self.gt_style == "beside"
        canvas = np.ascontiguousarray(image).copy()
        if draw_gt and draw_pred and not beside and gt is not None:
            self._draw_thin(canvas, gt)
        if draw_pred and pred is not None:
            self._draw_people(canvas, pred, kpt_thr, self._trail(data_sample, "pred"), **options)
        if draw_gt and (beside or not draw_pred):
            left = np.ascontiguousarray(image).copy() if beside else canvas
            if gt is not None:
                self._draw_people(left, gt, 0.0, self._trail(data_sample, "gt"), **options)
            if beside:
                scale = 0.5 * _unit(image)
                origin = (round(8 * scale * 2), round(34 * scale))
                draw_text(left, "ground truth", origin, scale, outline=True)
                draw_text(canvas, "prediction", origin, scale, outline=True)
                canvas = np.concatenate([left, canvas], axis=1)
        return canvas

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
            draw_heatmap: Put the heatmaps of ``pred_fields`` to the right, where there are any.
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

    def _trail(self, data_sample: PoseDataSample, side: str) -> tuple[Trails | None, int | None]:
        trails = self._trails.get(data_sample.get("video_id"), {})
        return trails.get(side), data_sample.get("frame_index")

    def _draw_people(
        self,
        canvas: np.ndarray,
        poses: FramePoses,
        kpt_thr: float,
        trail: tuple[Trails | None, int | None],
        *,
        draw_bbox: bool,
        show_kpt_idx: bool,
    ) -> None:
        trails, frame_index = trail
        if trails is not None:
            trails.update(poses, frame_index)
            draw_trails(canvas, *trails.segments(), line_width=max(2, round(2 * _unit(canvas))))
        drawn = self._drawn_joints(poses, kpt_thr)
        shown = drawn.any(1) | draw_bbox
        poses, drawn = poses[shown], drawn[shown]
        colors = track_colors(poses.track_ids)
        widths = self._line_widths(canvas, poses)
        radii = np.full_like(widths, self.radius) if self.radius is not None else widths + 1
        for i in np.argsort(poses.boxes[:, 3], kind="stable"):  # who stands lower is nearer
            if draw_bbox:
                draw_box(canvas, poses.boxes[i], colors[i], max(1, widths[i] - 1))
            draw_pose(
                canvas,
                poses.keypoints[i],
                drawn[i],
                self._links_of(drawn[i]),
                color=colors[i],
                line_width=int(widths[i]),
                radius=int(radii[i]),
            )
            if show_kpt_idx:
                _write_indices(canvas, poses.keypoints[i], drawn[i])
        if self.draw_labels:
            _draw_labels(canvas, poses, drawn, colors, radii)

    def _draw_thin(self, canvas: np.ndarray, gt: FramePoses) -> None:
        drawn = self._drawn_joints(gt, 0.0)
        style = dict(color=(255, 255, 255), line_width=1, radius=0)
        for keypoints, mask in zip(gt.keypoints, drawn, strict=True):
            draw_pose(canvas, keypoints, mask, self._links_of(mask), **style)

    def _drawn_joints(self, poses: FramePoses, kpt_thr: float) -> np.ndarray:
        """(M, K) bool; checks that the skeleton fits."""
        num_keypoints = poses.keypoints.shape[1]
        if len(poses) and self._links.max(initial=-1) >= num_keypoints:
            raise ValueError(
                f"the skeleton links joint {self._links.max()} but a pose has {num_keypoints} "
                "joints; call set_dataset_meta with the meta information of the poses' dataset"
            )
        return (poses.keypoint_scores > 0) & (poses.keypoint_scores >= kpt_thr)

    def _links_of(self, drawn: np.ndarray) -> np.ndarray:
        if self._head is None or drawn[self._head[1]]:
            return self._links
        return np.vstack([self._links, [self._head[::2]]])

    def _line_widths(self, canvas: np.ndarray, poses: FramePoses) -> np.ndarray:
        if self.line_width is not None:
            return np.full(len(poses), self.line_width)
        sides = np.nan_to_num(poses.boxes[:, 2:] - poses.boxes[:, :2]).max(1, initial=0)
        return np.clip(np.rint(sides / 60), 1, max(1, round(2 * _unit(canvas)))).astype(int)


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


def _unit(image: np.ndarray) -> float:
    """Scale of the drawing: 1 at 640 x 360."""
    return max(0.7, float(np.sqrt(image.shape[0] * image.shape[1] / (640 * 360))))


def _only_mmpose_style(skeleton_style: str) -> None:
    if skeleton_style != "mmpose":
        raise ValueError(
            f"skeleton_style {skeleton_style!r} is not supported: skeletons are coloured by track "
            "id; use 'mmpose', or mmpose's own PoseLocalVisualizer"
        )


def _predictions(instances: InstanceData | None) -> FramePoses | None:
    known = instances is not None and "keypoints" in instances
    return FramePoses.from_instances(instances) if known else None


def _ground_truth(instances: InstanceData | None) -> FramePoses | None:
    if instances is None or "keypoints" not in instances:
        return None
    visible = instances.get("keypoints_visible")
    if visible is not None and visible.ndim == 3:  # mmpose adds weights as a second channel
        visible = visible[..., 0]
    return FramePoses.create(
        keypoints=instances.keypoints,
        keypoint_scores=visible,
        boxes=instances.get("bboxes"),
        track_ids=instances.get("track_ids"),
    )


def _draw_labels(
    canvas: np.ndarray,
    poses: FramePoses,
    drawn: np.ndarray,
    colors: np.ndarray,
    radii: Iterable[int],
) -> None:
    """Ids over the heads: above the highest joint drawn, or the box where none is."""
    layout = LabelLayout(canvas, scale=0.45 * _unit(canvas))
    heights = np.where(drawn, poses.keypoints[..., 1], np.inf)
    for i, radius in enumerate(radii):
        if poses.track_ids[i] < 0:
            continue
        anchor = poses.boxes[i, :2] + (np.ptp(poses.boxes[i, ::2]) / 2, 0)
        if drawn[i].any():
            anchor = poses.keypoints[i, heights[i].argmin()]
        if np.isfinite(anchor).all():
            layout.add(str(poses.track_ids[i]), anchor, colors[i], gap=int(radius) + 3)


def _write_indices(canvas: np.ndarray, keypoints: np.ndarray, drawn: np.ndarray) -> None:
    size = max(canvas.shape)
    for index in np.flatnonzero(drawn & (np.abs(keypoints) < 2 * size).all(1)):
        x, y = np.rint(keypoints[index]).astype(int).tolist()
        draw_text(canvas, str(index), (x + 4, y - 4), 0.35 * _unit(canvas), outline=True)
