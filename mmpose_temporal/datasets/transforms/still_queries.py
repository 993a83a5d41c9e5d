"""Queries of a pair of views, where they are in the second one, and the packed pair."""

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.structures import InstanceData
from mmpose.registry import TRANSFORMS
from mmpose.structures import PoseDataSample

from .pose_pairs import check_shares
from .still_geometry import apply, inside, scale_of, values_at


@TRANSFORMS.register_module()
class DrawStillQueries(BaseTransform):
    """Choose groups of queries in the first view and take them to the second one.

    A group is a person's keypoints or K random points. People count who have a keypoint in the
    first view that nothing hides; if there are more than ``num_people``, they are drawn, and if
    there are fewer, random groups take their place. The last ``num_random`` groups are always
    random. Random points are uniform over what the first view shows of the image; a share of
    them lies in the enlarged box of a person (choice: that is where a tracker asks).

    A point is where its nearest pixel is: it is in a view if that is a pixel of the view, and
    hidden if this pixel is under an occluder, or shows another layer than the point's own.

    Adds the fields of :class:`PackStillPair`.

    Args:
        near_people: Share of the random points near people, in [0, 1].
        widen: What is near: a box enlarged by this share of its sides on each side.

    Raises:
        ValueError: An option is out of its range.
    """

    def __init__(self, *, near_people: float = 0.5, widen: float = 0.2):
        check_shares(near_people=near_people)
        if widen < 0:
            raise ValueError(f"widen must be 0 or more, got {widen}")
        self.near_people = near_people
        self.widen = widen

    def transform(self, results: dict) -> dict:
        """Draw the queries of ``results``."""
        size, boxes = results["size"], results["first_boxes"]
        shown = _shown(results)
        people = self._people(shown, results)
        groups = self._groups(shown, people, results)
        annotated, queries, valid = (groups[k] for k in ("annotated", "queries", "valid"))
        layers = values_at(results["regions"], queries)
        # A person who moves takes her joints along; others' are where they are seen.
        own = results["person_layers"][people][:, None]
        joints = groups["is_keypoint"][annotated]
        layers[annotated] = np.where(joints & (own > 0), own, layers[annotated])
        warps = results["layer_warps"]
        targets = apply(warps[layers], queries)
        visible = valid & inside(targets, (size, size)) & results["same_image"]
        visible &= values_at(results["layers"], targets) == layers
        diagonals = np.full(len(annotated), np.nan)
        extent = np.linalg.norm(boxes[people, 2:] - boxes[people, :2], axis=1)
        scales = np.array([scale_of(warp) for warp in warps])[own[:, 0]]
        diagonals[annotated] = extent * scales
        return dict(results, **groups, targets=targets, visible=visible, diagonals=diagonals)

    def _people(self, shown: np.ndarray, results: dict) -> np.ndarray:
        """Indices of the people who are groups, ascending."""
        people = np.flatnonzero(shown.any(1))
        if len(people) > results["num_people"]:
            people = results["rng"].choice(people, results["num_people"], replace=False)
        return np.sort(people)

    def _groups(self, shown: np.ndarray, people: np.ndarray, results: dict) -> dict:
        """The arrays of the first view."""
        groups = results["num_people"] + results["num_random"]
        shape = (groups, results["num_keypoints"])
        annotated = np.arange(groups) < len(people)
        is_keypoint = np.zeros(shape, bool)
        is_keypoint[annotated] = shown[people]
        queries = self._random(shape, results)
        # Random points besides: in groups without a person, or for all that is not shown.
        known = is_keypoint if results["fill_random"] else annotated[:, None] | is_keypoint
        points = results["first_keypoints"][people, :, :2]
        queries[annotated] = np.where(known[annotated, :, None], points, queries[annotated])
        valid = np.where(known, is_keypoint, _in_first(queries, results))
        return dict(queries=queries, valid=valid, is_keypoint=is_keypoint, annotated=annotated)

    def _random(self, shape: tuple[int, int], results: dict) -> np.ndarray:
        """(G, K, 2) random points of the first view."""
        rng, content, boxes = results["rng"], results["content"], results["first_boxes"]
        margin = self.widen * (boxes[:, 2:] - boxes[:, :2])
        wide = np.concatenate([boxes[:, :2] - margin, boxes[:, 2:] + margin], axis=1)
        low = np.maximum(wide[:, :2], content[:2])
        high = np.minimum(wide[:, 2:], content[2:])
        there = (low < high).all(1)
        ranges = np.concatenate([low, high], axis=1)[there]
        ranges = np.concatenate([content[None], ranges])
        near = rng.random(shape) < self.near_people
        which = rng.integers(1, max(len(ranges), 2), size=shape) * near
        chosen = ranges[which if len(ranges) > 1 else which * 0]
        return chosen[..., :2] + rng.random((*shape, 2)) * (chosen[..., 2:] - chosen[..., :2])


def _shown(results: dict) -> np.ndarray:
    """(P, K) bool: keypoints that are annotated and can be seen in the first view."""
    keypoints = results["first_keypoints"]
    return (keypoints[..., 2] > 0) & _in_first(keypoints[..., :2], results)


def _in_first(points: np.ndarray, results: dict) -> np.ndarray:
    """(...) bool: points of the first view that show the image, and that nothing hides."""
    size, content = results["size"], results["content"]
    there = inside(points, (size, size)) & ~values_at(results["hidden"], points)
    return there & ((points >= content[:2] - 0.5) & (points <= content[2:] + 0.5)).all(-1)


@TRANSFORMS.register_module()
class PackStillPair(BaseTransform):
    """Pack two views and their queries; collate with mmengine's ``pseudo_collate`` or default.

    Gives ``inputs``, (2, 3, s, s) uint8 BGR, the first view first, and ``data_samples``, a
    PoseDataSample whose ``gt_instances`` have G groups of K points, as torch tensors:

    * ``queries`` (G, K, 2) float32, pixels of the first view;
    * ``targets`` (G, K, 2) float32, pixels of the second view, where the known map takes them,
      also if that is outside;
    * ``valid`` (G, K) bool: the query is annotated or drawn, in the first view, not hidden there;
    * ``visible`` (G, K) bool: valid, and the target is in the second view and not hidden;
    * ``is_keypoint`` (G, K) bool: an annotated keypoint;
    * ``annotated`` (G,) bool: a person's group, in contrast to random points;
    * ``diagonals`` (G,) float32: diagonal of the person's box, times the factor of the map, so
      pixels of the second view; NaN of random groups.

    Metainfo: ``img_path``, ``img_id``, ``ori_shape``, ``warp`` (2, 3) float32 (first view's
    pixels -> second view's), ``same_image`` (bool), ``input_size`` (s, s), ``dataset_name``,
    ``flip_indices``, ``skeleton``.
    """

    META_KEYS = (
        "img_path",
        "img_id",
        "ori_shape",
        "same_image",
        "dataset_name",
        "flip_indices",
        "skeleton",
    )
    FIELDS = dict(
        queries=torch.float32,
        targets=torch.float32,
        valid=torch.bool,
        visible=torch.bool,
        is_keypoint=torch.bool,
        annotated=torch.bool,
        diagonals=torch.float32,
    )

    def transform(self, results: dict) -> dict:
        """Pack ``results``."""
        fields = {
            name: torch.from_numpy(np.ascontiguousarray(results[name])).to(kind)
            for name, kind in self.FIELDS.items()
        }
        sample = PoseDataSample(metainfo={key: results[key] for key in self.META_KEYS})
        sample.set_metainfo(
            dict(
                warp=results["warp"].astype(np.float32),
                input_size=(results["size"], results["size"]),
            )
        )
        sample.gt_instances = InstanceData(**fields)
        views = np.stack(results["views"]).transpose(0, 3, 1, 2)
        return dict(inputs=torch.from_numpy(np.ascontiguousarray(views)), data_samples=sample)
