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
        rng, size = results["rng"], results["size"]
        keypoints, boxes = results["first_keypoints"], results["first_boxes"]
        shown = (keypoints[..., 2] > 0) & _in_first(keypoints[..., :2], results)
        people = np.flatnonzero(shown.any(1))
        if len(people) > results["num_people"]:
            people = np.sort(rng.choice(people, results["num_people"], replace=False))
        groups = results["num_people"] + results["num_random"]
        shape = (groups, results["num_keypoints"])
        queries = self._random(shape, results, rng)
        valid = _in_first(queries, results)
        layers = values_at(results["regions"], queries)
        annotated = np.arange(groups) < len(people)
        is_keypoint = np.zeros(shape, bool)
        is_keypoint[annotated] = shown[people]
        own = is_keypoint.nonzero()
        person = people[own[0]]
        queries[own] = keypoints[person, own[1], :2]
        if not results["fill_random"]:
            valid[annotated] = is_keypoint[annotated]
            queries[annotated] = keypoints[people, :, :2]
        valid[own] = True
        layers[own] = _layers_of_people(results, person, queries[own])
        warps = results["layer_warps"]
        targets = apply(warps[layers], queries)
        visible = valid & inside(targets, (size, size)) & results["same_image"]
        visible &= values_at(results["layers"], targets) == layers
        diagonals = np.full(groups, np.nan)
        extent = np.linalg.norm(boxes[people, 2:] - boxes[people, :2], axis=1)
        own_warps = warps[results["person_layers"][people]]
        scales = np.array([scale_of(warp) for warp in own_warps]).reshape(-1)
        diagonals[annotated] = extent * scales
        return dict(
            results,
            queries=queries,
            targets=targets,
            valid=valid,
            visible=visible,
            is_keypoint=is_keypoint,
            annotated=annotated,
            diagonals=diagonals,
        )

    def _random(
        self, shape: tuple[int, int], results: dict, rng: np.random.Generator
    ) -> np.ndarray:
        """(G, K, 2) random points of the first view."""
        content, boxes = results["content"], results["first_boxes"]
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


def _in_first(points: np.ndarray, results: dict) -> np.ndarray:
    """(...) bool: points of the first view that show the image, and that nothing hides."""
    size, content = results["size"], results["content"]
    there = inside(points, (size, size)) & ~values_at(results["hidden"], points)
    return there & ((points >= content[:2] - 0.5) & (points <= content[2:] + 0.5)).all(-1)


def _layers_of_people(results: dict, people: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(N,): a person who moves takes her joints along; others' are where they are seen."""
    own = results["person_layers"][people]
    return np.where(own > 0, own, values_at(results["regions"], points))


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
