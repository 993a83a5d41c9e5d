"""Pairs of views of still images, from which correspondences are learnt without video."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any, Literal

import numpy as np
from mmengine.dataset import BaseDataset, force_full_init
from mmengine.logging import print_log
from mmpose.registry import DATASETS

from mmpose_temporal.structures import (
    Skeleton,
    keypoint_names,
    posetrack_metainfo,
    read_metainfo,
)
from mmpose_temporal.utils.images import BACKENDS, read_image

from .left_out import say_left_out
from .still_sources import annotated_stills, count_people, folder_stills
from .transforms.pose_pairs import check_shares


@DATASETS.register_module()
class StillPairDataset(BaseDataset):
    """One item is one still image, of which the pipeline makes two views with known queries.

    Source: Rafi et al., Self-supervised Keypoint Correspondences for Multi-Person Pose
    Estimation and Tracking in Videos, ECCV 2020, which learns from stills alone. How the views
    are made is a choice, see the transforms; :class:`PackStillPair` says what comes out.

    The stills are of one of three sources; several are put together by mmengine's
    ``ConcatDataset``:

    * ``ann_file``, a COCO keypoint file, and the folder of its images, ``data_prefix['img']``;
    * ``ann_file``, annotations in the PoseTrack18 layout (a folder of files or one file), whose
      frames are taken as stills: no track id and no neighbouring frame is looked at;
    * no ``ann_file``: all images below ``data_root`` (and ``data_prefix['img']``), without
      annotated people, in natural order of their paths.

    Keypoints are brought to the layout of the network by their names; joints that the file does
    not have are absent. Groups (``iscrowd``), people without a keypoint and empty boxes are left
    out and counted in :attr:`left_out`, which is logged; images without people stay.

    An item has, before the pipeline: ``img`` (H, W, 3) uint8 BGR, ``img_path``, ``img_id``,
    ``ori_shape``, ``keypoints`` (P, K, 3) float32 (x, y in pixels, 1 if annotated), ``boxes``
    (P, 4) float32 xyxy, ``other_img`` (another still, or None, see ``other_prob``),
    ``patch_img`` (another still, or None), ``num_people``, ``num_random``, ``fill_random``,
    ``num_keypoints``, ``flip_indices``, ``dataset_name``, ``skeleton`` and ``rng``, a numpy
    ``Generator`` from which the transforms draw. In training this is seeded by numpy's global
    state, which mmengine seeds in each worker (set ``persistent_workers``, or each epoch draws
    the same); in ``test_mode`` by ``seed`` and the index, so that item i is always the same.

    Args:
        ann_file: Annotations, relative to ``data_root``; empty: a plain folder.
        data_root: Root of the data.
        data_prefix: ``img``: folder of the images, relative to ``data_root``.
        metainfo: Keypoints of the network, as mmpose's data sets take it. None: PoseTrack18's.
        keypoint_names: Their names only, instead of ``metainfo``; ``left...`` and ``right...``
            are exchanged in the mirror.
        aliases: The network's name of a keypoint -> the file's, where they differ, as
            ``dict(head_bottom='neck')``.
        num_people: Groups of annotated people per item. If the still has more, they are drawn;
            if it has fewer, the rest are groups of random points.
        num_random: Groups of K random points per item besides these.
        fill_random: Replace joints of people that are absent, or cannot be seen in the first
            view, by random points (``valid``, but not ``is_keypoint``).
        min_people: Leave images with fewer annotated people out, which is logged.
        frame_step: Take every n-th image of a file; of a folder of videos every n-th frame.
        other_prob: How likely the second view is of another still of the data set, as after a
            cut, so that no query is visible.
        patch_prob: How likely another still is loaded, of which :class:`OccludeStills` cuts
            patches; else they come from the still itself.
        seed: Of the items in ``test_mode``.
        on_error: What to do with an image that is missing or broken or has another size than
            annotated. ``'raise'``: stop. ``'skip'``: warn with the count so far
            (:attr:`unreadable`, of each worker process), and draw another still; only in
            training.
        imdecode_backend: See :func:`~mmpose_temporal.utils.images.decode_image`.
        pipeline: Transforms.
        **kwargs: The other options of mmengine's data sets: ``test_mode``, ``indices``, ...

    Raises:
        ValueError: An option out of its range, neither ``ann_file`` nor a folder, ``metainfo``
            and ``keypoint_names`` together, broken annotations, none of the network's keypoints in
            the file, nobody annotated in it; an image that cannot be used.
        FileNotFoundError: No annotations, no folder, or no image in it.
    """

    METAINFO = dict(from_file="configs/_base_/datasets/posetrack18.py")
    """What mmpose's ``init_model`` reads of the class where a config has no ``metainfo``."""

    def __init__(
        self,
        *,
        ann_file: str = "",
        data_root: str = "",
        data_prefix: Mapping[str, str] | None = None,
        metainfo: Mapping[str, Any] | None = None,
        keypoint_names: Sequence[str] | None = None,
        aliases: Mapping[str, str] | None = None,
        num_people: int = 2,
        num_random: int = 1,
        fill_random: bool = False,
        min_people: int = 0,
        frame_step: int = 1,
        other_prob: float = 0.0,
        patch_prob: float = 0.0,
        seed: int = 0,
        on_error: Literal["raise", "skip"] = "raise",
        imdecode_backend: str = "cv2",
        pipeline: Sequence[dict | Callable] = (),
        **kwargs: Any,
    ):
        _check(ann_file, num_people, num_random, min_people, frame_step)
        check_shares(other_prob=other_prob, patch_prob=patch_prob)
        if on_error not in ("raise", "skip") or (on_error == "skip" and kwargs.get("test_mode")):
            raise ValueError(
                "on_error must be 'raise', or in training 'skip' (in test_mode every image "
                f"counts), got {on_error!r}"
            )
        if imdecode_backend not in BACKENDS:
            raise ValueError(f"imdecode_backend must be one of {BACKENDS}: {imdecode_backend!r}")
        prefix = dict(data_prefix or dict(img=""))
        if not (ann_file or data_root or prefix.get("img")):
            raise ValueError("give ann_file, or data_root: the folder whose images are the stills")
        parsed = _layout(metainfo, keypoint_names)
        self.skeleton = Skeleton.from_metainfo(parsed)
        parsed.setdefault("flip_indices", self.skeleton.flip_indices.tolist())
        parsed.setdefault("dataset_name", self.skeleton.name)
        self.aliases = dict(aliases or {})
        self.frame_step, self.min_people = frame_step, min_people
        self.other_prob, self.patch_prob = other_prob, patch_prob
        self.seed = seed
        self.on_error = on_error
        self.imdecode_backend = imdecode_backend
        self.left_out: Counter[str] = Counter()
        self.unreadable = 0
        self._same = dict(
            num_people=num_people,
            num_random=num_random,
            fill_random=fill_random,
            num_keypoints=len(self.skeleton),
            skeleton=self.skeleton,
            flip_indices=parsed["flip_indices"],
            dataset_name=parsed["dataset_name"],
        )
        super().__init__(
            ann_file=ann_file,
            data_root=data_root,
            data_prefix=prefix,
            metainfo=parsed,
            pipeline=list(pipeline),
            **kwargs,
        )

    @classmethod
    def _load_metainfo(cls, metainfo: dict | None = None) -> dict:
        """Metainfo comes parsed; mmengine's version would look for files of its values."""
        return deepcopy(metainfo or {})

    @property
    def _image_root(self) -> str:
        """The folder that the names of the images are relative to."""
        return self.data_prefix.get("img") or self.data_root or ""

    def load_data_list(self) -> list[dict]:
        """Read the source into one entry per image, see :func:`annotated_stills`."""
        if not self.ann_file:
            return folder_stills(self._image_root, len(self.skeleton))
        self.left_out = Counter()
        entries = annotated_stills(
            self.ann_file,
            self._image_root,
            self.skeleton,
            left_out=self.left_out,
            aliases=self.aliases,
            frame_step=self.frame_step,
        )
        if self._same["num_people"]:
            say_left_out(self.ann_file, "people", count_people(entries), self.left_out)
        kept = [entry for entry in entries if len(entry["boxes"]) >= self.min_people]
        if not kept:
            raise ValueError(f"{self.ann_file}: no image has {self.min_people} annotated people")
        if len(kept) < len(entries):
            print_log(
                f"{self.ann_file}: {len(kept)} images; {len(entries) - len(kept)} with fewer "
                f"than {self.min_people} annotated people are left out",
                logger="current",
            )
        return kept

    @force_full_init
    def prepare_data(self, idx: int) -> dict | None:
        """Load a still and make its views; None if it cannot be read (``on_error='skip'``).

        Raises:
            ValueError: An image cannot be used.
        """
        if self.test_mode:
            rng = np.random.default_rng((self.seed, idx % len(self)))
        else:
            rng = np.random.default_rng(np.random.randint(2**31))  # noqa: NPY002 - seeds workers
        item = self.get_data_info(idx)
        try:
            image = self._read(item)
            other_img, patch_img = (
                self._another(idx, prob, rng) for prob in (self.other_prob, self.patch_prob)
            )
        except (OSError, ValueError) as error:
            if self.on_error == "raise":
                raise ValueError(str(error)) from error
            self.unreadable += 1
            print_log(f"{error}; skipped, {self.unreadable} so far", logger="current", level=30)
            return None
        item.update(
            self._same,
            img=image,
            ori_shape=image.shape[:2],
            other_img=other_img,
            patch_img=patch_img,
            rng=rng,
        )
        return self.pipeline(item)

    def _another(self, idx: int, prob: float, rng: np.random.Generator) -> np.ndarray | None:
        """Another still than item idx, with a probability."""
        chance, number = rng.random(), len(self)
        if chance >= prob:
            return None
        if number < 2:
            raise ValueError(
                f"{self.ann_file or self._image_root} has one still only, and other_prob or "
                "patch_prob asks for another one: set both to 0"
            )
        step = 1 + int(rng.integers(number - 1))
        return self._read(self.get_data_info((idx + step) % number))

    def _read(self, item: Mapping[str, Any]) -> np.ndarray:
        path = item["img_path"]
        try:
            return read_image(
                path, backend=self.imdecode_backend, stated_size=item["annotated_size"]
            )
        except (OSError, ValueError) as error:
            raise ValueError(f"cannot use {path} ({error})") from error


def _check(
    ann_file: str,
    num_people: int,
    num_random: int,
    min_people: int,
    frame_step: int,
) -> None:
    if min(num_people, num_random) < 0 or num_people + num_random < 1:
        raise ValueError(
            "num_people and num_random must be 0 or more, and one of them 1 or more, got "
            f"{num_people} and {num_random}"
        )
    if frame_step < 1 or min_people < 0:
        raise ValueError(
            "frame_step must be 1 or more and min_people 0 or more, got "
            f"{frame_step} and {min_people}"
        )
    if not ann_file and (frame_step > 1 or min_people):
        raise ValueError(
            "a plain folder (no ann_file) has no annotated people and no videos: leave frame_step "
            "and min_people out"
        )


def _layout(metainfo: Mapping[str, Any] | None, names: Sequence[str] | None) -> dict[str, Any]:
    """Parsed metainfo of the network's layout."""
    if metainfo is not None and names is not None:
        raise ValueError("give metainfo or keypoint_names, not both")
    if metainfo is not None:
        return read_metainfo(metainfo)
    if names is None:
        return posetrack_metainfo("posetrack18")
    checked = keypoint_names(names)
    place = {name: index for index, name in enumerate(checked)}
    flips = [place.get(_mirrored(name), index) for index, name in enumerate(checked)]
    return dict(
        num_keypoints=len(checked),
        keypoint_id2name=dict(enumerate(checked)),
        flip_indices=flips,
    )


def _mirrored(name: str) -> str:
    """The name of a keypoint in the mirror: ``right_knee`` for ``left_knee``."""
    for side, other in (("left", "right"), ("right", "left")):
        if name.startswith(side):
            return other + name.removeprefix(side)
    return name
