"""The people of a frame: which joints count, their skeleton, and how they look."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from mmpose_temporal.structures import UNSEEN, People, Skeleton

from .drawing import LabelLayout, draw_box, draw_dashed_box, draw_pose, draw_text
from .palette import track_colors


@dataclass(frozen=True, eq=False)
class DrawnSkeleton:
    """Links between joints, and the colours of both.

    Attributes:
        links: (L, 2) int64 pairs of joints.
        link_colors: (L, 3) uint8 RGB.
        joint_colors: (K, 3) uint8 RGB.
        head: Neck, nose and top of the head if the layout has them: without a nose, the neck
            is linked to the top of the head.
    """

    links: np.ndarray
    link_colors: np.ndarray
    joint_colors: np.ndarray
    head: tuple[int, int, int] | None

    @classmethod
    def create(cls, skeleton: Skeleton) -> "DrawnSkeleton":
        """Of a layout."""
        names = skeleton.keypoint_names
        head = ("head_bottom", "nose", "head_top")
        head = tuple(map(names.index, head)) if set(head) <= set(names) else None
        return cls(skeleton.links, skeleton.link_colors, skeleton.keypoint_colors, head)

    @classmethod
    def of_links(cls, links: Sequence) -> "DrawnSkeleton":
        """Of pairs of joints alone, without colours."""
        nothing = np.zeros((0, 3), np.uint8)
        return cls(np.array(links, np.int64).reshape(-1, 2), nothing, nothing, None)

    def colors_of(self, links: np.ndarray) -> dict[str, np.ndarray]:
        """Colours of the links of :meth:`links_of`, and of the joints, for :func:`draw_pose`."""
        colors = self.link_colors
        if len(links) > len(colors):
            colors = np.vstack([colors, self.joint_colors[[self.head[0]]]])
        return dict(link_colors=colors, joint_colors=self.joint_colors)

    def links_of(self, drawn: np.ndarray) -> np.ndarray:
        """Links that may be drawn for a person, where both of their joints are.

        Args:
            drawn: (K,) bool, joints that are drawn.

        Returns:
            (L, 2) pairs of joints, or (L + 1, 2) with neck and top of the head.

        Raises:
            ValueError: The skeleton has joints that the person has not.
        """
        if self.links.max(initial=-1) >= len(drawn):
            raise ValueError(
                f"the skeleton links joint {self.links.max()} but a pose has {len(drawn)} joints; "
                "call set_dataset_meta with the meta information of the poses' dataset"
            )
        if self.head is None or drawn[self.head[1]]:
            return self.links
        return np.vstack([self.links, [self.head[::2]]])


def predictions_of(data_sample: PoseDataSample, kpt_thr: float) -> People | None:
    """``pred_instances`` with the scores of joints under the threshold set to 0 (absent)."""
    instances = data_sample.get("pred_instances")
    if not _has_poses(instances):
        return None
    poses = People.from_instances(instances)
    scores = poses.keypoint_scores
    return poses.replace(keypoint_scores=np.where(scores >= kpt_thr, scores, 0))


def ground_truth_of(data_sample: PoseDataSample) -> People | None:
    """``gt_instances``; the joints that are not annotated have score 0."""
    instances = data_sample.get("gt_instances")
    if not _has_poses(instances):
        return None
    visible = instances.get("keypoints_visible")
    if visible is not None and visible.ndim == 3:  # mmpose adds weights as a second channel
        visible = visible[..., 0]
    return People.create(
        keypoints=instances.keypoints,
        keypoint_scores=visible,
        boxes=instances.get("bboxes"),
        track_ids=instances.get("track_ids"),
    )


def drawing_unit(image: np.ndarray) -> float:
    """Scale of lines and letters: 1 at 640 x 360, growing with the image's side."""
    return max(0.7, float(np.sqrt(image.shape[0] * image.shape[1] / (640 * 360))))


def draw_people(
    canvas: np.ndarray,
    poses: People,
    skeleton: DrawnSkeleton,
    *,
    line_width: int | None,
    radius: int | None,
    draw_bbox: bool,
    draw_labels: bool,
    show_kpt_idx: bool,
    color_by: str = "track",
    mark_recovered: bool = True,
) -> None:
    """Draw people, the nearer ones (lower in the image) last.

    Args:
        canvas: (H, W, 3) uint8 RGB, changed.
        poses: Joints with a score above 0 are drawn; a person without any only by the box.
        skeleton: Links.
        line_width: Pixels, or None: by the size of person and image.
        radius: Of joints, pixels, or None: by the line's width.
        draw_bbox: Draw boxes.
        draw_labels: Write the ids over the heads.
        show_kpt_idx: Write the joints' indices.
        color_by: ``'track'``, the colours of the ids, or ``'keypoint'``, those of the skeleton;
            boxes and labels have that of the id.
        mark_recovered: Draw the boxes of those who were found only by propagation in dashes.
    """
    recovered = recovered_people(poses) & mark_recovered
    shown = (poses.keypoint_scores > 0).any(1) | draw_bbox
    poses, recovered = poses[shown], recovered[shown]
    drawn = poses.keypoint_scores > 0
    colors = track_colors(poses.track_ids)
    widths = _line_widths(canvas, poses) if line_width is None else [line_width] * len(poses)
    radii = [width + 1 for width in widths] if radius is None else [radius] * len(poses)
    for i in np.argsort(poses.boxes[:, 3], kind="stable"):
        if recovered[i]:
            draw_dashed_box(canvas, poses.boxes[i], colors[i], max(1, widths[i]))
        elif draw_bbox:
            draw_box(canvas, poses.boxes[i], colors[i], max(1, widths[i] - 1))
        links = skeleton.links_of(drawn[i])
        draw_pose(
            canvas,
            poses.keypoints[i],
            drawn[i],
            links,
            color=colors[i],
            line_width=widths[i],
            radius=radii[i],
            **(skeleton.colors_of(links) if color_by == "keypoint" else {}),
        )
        if show_kpt_idx:
            _write_indices(canvas, poses.keypoints[i], drawn[i])
    if draw_labels:
        _draw_labels(canvas, poses, drawn, colors, radii)


def recovered_people(poses: People) -> np.ndarray:
    """(M,) bool: those found only by propagation, see :data:`~mmpose_temporal.structures.UNSEEN`.

    None where nothing is known of it, as in ground truth and files.
    """
    unseen = poses.extras.get(UNSEEN)
    return np.zeros(len(poses), bool) if unseen is None else np.asarray(unseen) > 0


def draw_thin(canvas: np.ndarray, poses: People, skeleton: DrawnSkeleton) -> None:
    """Draw thin white skeletons, to lie under others."""
    style = dict(color=(255, 255, 255), line_width=1, radius=0)
    for keypoints, drawn in zip(poses.keypoints, poses.keypoint_scores > 0, strict=True):
        draw_pose(canvas, keypoints, drawn, skeleton.links_of(drawn), **style)


def _has_poses(instances: InstanceData | None) -> bool:
    return instances is not None and "keypoints" in instances


def _line_widths(canvas: np.ndarray, poses: People) -> list[int]:
    """A sixtieth of the person's longer side, within what suits the image."""
    sides = np.nan_to_num(poses.boxes[:, 2:] - poses.boxes[:, :2]).max(1, initial=0)
    widest = max(1, round(2 * drawing_unit(canvas)))
    return np.clip(np.rint(sides / 60), 1, widest).astype(int).tolist()


def _draw_labels(
    canvas: np.ndarray,
    poses: People,
    drawn: np.ndarray,
    colors: np.ndarray,
    radii: Sequence[int],
) -> None:
    """Ids over the heads: above the highest joint drawn, or the box if there is none."""
    layout = LabelLayout(canvas, scale=0.45 * drawing_unit(canvas))
    heights = np.where(drawn, poses.keypoints[..., 1], np.inf)
    for i in np.flatnonzero(poses.track_ids >= 0):
        anchor = poses.boxes[i, :2] + (np.ptp(poses.boxes[i, ::2]) / 2, 0)
        if drawn[i].any():
            anchor = poses.keypoints[i, heights[i].argmin()]
        if np.isfinite(anchor).all():
            layout.add(str(poses.track_ids[i]), anchor, colors[i], gap=radii[i] + 3)


def _write_indices(canvas: np.ndarray, keypoints: np.ndarray, drawn: np.ndarray) -> None:
    size = max(canvas.shape)
    scale = 0.35 * drawing_unit(canvas)
    for index in np.flatnonzero(drawn & (np.abs(keypoints) < 2 * size).all(1)):
        x, y = np.rint(keypoints[index]).astype(int).tolist()
        draw_text(canvas, str(index), (x + 4, y - 4), scale, outline=True)
