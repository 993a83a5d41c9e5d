"""Load a frame once, and pack it with all its people."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from mmcv.transforms import BaseTransform, LoadImageFromFile
from mmengine import fileio
from mmengine.logging import print_log
from mmengine.structures import InstanceData
from mmpose.registry import TRANSFORMS
from mmpose.structures import PoseDataSample

from mmpose_temporal.utils.images import BACKENDS, prepare_turbojpeg, read_image, wrong_size


@TRANSFORMS.register_module()
class LoadVideoFrame(LoadImageFromFile):
    """Decode a frame, once for all its people, as mmpose's ``LoadImage`` does.

    What an image is, with EXIF orientations, 16 bits, grey, alpha and CMYK, is said in
    :mod:`mmpose_temporal.utils.images`. An ``annotated_size`` (width, height) of the frame is
    checked.

    An image that is there already, ``img`` (H, W, 3) uint8 BGR, is taken as it is, as by mmpose's
    ``LoadImage``. A single image (see :class:`PackFrameInputs`) that cannot be used is an error,
    whatever ``on_error`` says.

    Adds ``img`` (H, W, 3) uint8 BGR, ``img_shape``, ``ori_shape`` and ``frame_readable``.

    Args:
        on_error: What to do with a frame that is missing, empty, corrupt, or of another size
            than its annotation says. ``'raise'``: stop. ``'skip'``: warn, and pass the frame on
            with ``frame_readable=False`` and an empty image; the tracker returns it without
            people, and the metric counts and reports it, so a long test keeps its results.
        **kwargs: As for mmcv's ``LoadImageFromFile`` (``imdecode_backend``, ``backend_args``).

    Raises:
        ValueError: Unknown ``on_error`` or ``imdecode_backend``; with ``'raise'``, a frame that
            cannot be used. The text names video, frame and file.
        ImportError: ``imdecode_backend='turbojpeg'``, and PyTurboJPEG is not installed.
        Exception: Whatever ``on_error`` says, what is no frame's fault: a decoder that is not
            installed, no memory left, a key that the data set does not give.
    """

    def __init__(self, *, on_error: Literal["raise", "skip"] = "raise", **kwargs):
        if on_error not in ("raise", "skip"):
            raise ValueError(f"on_error must be 'raise' or 'skip', got {on_error!r}")
        for name in ("to_float32", "color_type", "ignore_empty"):
            if name in kwargs:
                raise ValueError(f"LoadVideoFrame takes no {name}: frames are uint8 BGR")
        if kwargs.get("file_client_args") is not None:
            raise ValueError("LoadVideoFrame takes no file_client_args: use backend_args")
        super().__init__(**kwargs)
        if self.imdecode_backend not in BACKENDS:
            raise ValueError(
                f"imdecode_backend must be one of {BACKENDS}, got {self.imdecode_backend!r}; "
                "OpenCV ('cv2') reads TIFF, too"
            )
        if self.imdecode_backend == "turbojpeg":
            prepare_turbojpeg()
        self.on_error = on_error

    def transform(self, results: dict) -> dict:
        """Decode ``results['img_path']``."""
        problem = None
        try:
            image = self._image(results)
        except (OSError, ValueError) as error:
            problem = str(error)
        if problem is not None:
            message = f"cannot use {results.get('img_path', 'the image')} ({problem})"
            if _is_single_image(results):
                raise ValueError(message)
            video, index = results.get("video_id"), results.get("frame_index")
            message = f"video {video}, frame {index}: {message}"
            if self.on_error == "raise":
                raise ValueError(message)
            print_log(f"{message}; skipped", logger="current", level=30)
            width, height = results.get("annotated_size") or (0, 0)
            return dict(
                results,
                img=np.zeros((0, 0, 3), np.uint8),
                img_shape=(height, width),
                ori_shape=(height, width),
                frame_readable=False,
            )
        return dict(
            results,
            img=image,
            img_shape=image.shape[:2],
            ori_shape=image.shape[:2],
            frame_readable=True,
        )

    def _image(self, results: dict) -> np.ndarray:
        """The image that is there, else that of the file.

        Raises:
            OSError, ValueError: See :func:`read_image`; or ``img`` is another array.
        """
        stated = results.get("annotated_size")
        if "img" not in results:
            return read_image(
                results["img_path"],
                backend=self.imdecode_backend,
                stated_size=stated,
                backend_args=self.backend_args,
            )
        image = results["img"]
        if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.shape[2:] != (3,):
            kind = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image)
            raise ValueError(f"'img' must be an array (H, W, 3) of uint8, BGR, got {kind}")
        if stated is not None and image.shape[1::-1] != tuple(stated):
            raise ValueError(wrong_size(image.shape[1::-1], tuple(stated), b""))
        return image


@TRANSFORMS.register_module()
class CheckFrameSize(BaseTransform):
    """Refuse an image that has another size than its annotation states, after ``LoadImage``.

    Annotated coordinates belong to the stated size, so they do not fit the image.
    :class:`PoseTrackPersonDataset` puts it behind the loading of its pipeline.

    Raises:
        ValueError: ``img_shape`` is not ``annotated_size`` (width, height; None: any). The text
            names the file and both sizes.
    """

    def transform(self, results: dict) -> dict:
        """Check ``results``."""
        stated, (height, width) = results.get("annotated_size"), results["img_shape"][:2]
        if stated is not None and (width, height) != tuple(stated):
            data = fileio.get(results["img_path"])
            problem = wrong_size((width, height), tuple(stated), data)
            raise ValueError(f"cannot use {results['img_path']} ({problem})")
        return results


@TRANSFORMS.register_module()
class PackFrameInputs(BaseTransform):
    """Pack a frame and its people for a tracker.

    Gives ``inputs``, uint8 (H, W, 3) BGR (no copy: the tracker crops from the frame as it is
    decoded), and ``data_samples``, a PoseDataSample with ``gt_instances``, ``proposals``
    (fields ``bboxes`` (P, 4), ``bbox_scores`` (P,); absent if a detector finds the people)
    and the metainfo below, with :data:`OPTIONAL_KEYS`.

    An item without ``video_id`` and ``frame_index`` is a single image, as mmpose's
    ``inference_topdown`` and inferencers give it: its ``bbox`` (P, 4) and ``bbox_score`` (P,)
    become the ``proposals``.
    """

    META_KEYS = (
        "img_id",
        "img_path",
        "video_id",
        "frame_index",
        "num_frames",
        "frame_name",
        "frame_id",
        "ori_shape",
        "img_shape",
        "is_labeled",
        "ignore_regions",
        "frame_readable",
        "searched",
        "dataset_name",
        "flip_indices",
        "skeleton",
    )

    def transform(self, results: dict) -> dict:
        """Pack ``results``."""
        if _is_single_image(results):
            return self._single_image(results)
        sample = PoseDataSample(metainfo=_metainfo(results, self.META_KEYS))
        sample.gt_instances = _annotated(results)
        if "proposals" in results:
            boxes = results["proposals"]
            if results["clip_proposals"] and results["frame_readable"]:
                height, width = results["ori_shape"]
                limit = np.array([width, height, width, height], np.float32) - 1
                boxes = boxes.clip(0, limit)
            sample.proposals = InstanceData(bboxes=boxes, bbox_scores=results["proposal_scores"])
        return dict(
            inputs=torch.from_numpy(np.ascontiguousarray(results["img"])), data_samples=sample
        )

    def _single_image(self, results: dict) -> dict:
        """Raises a ValueError for an image that cannot be used."""
        name = results.get("img_path", "the image")
        if "flip_indices" not in results:
            raise ValueError(
                f"{name}: without video_id it is a single image, which needs the metainfo of its "
                "keypoints ('flip_indices'), as mmpose's inference_topdown gives it"
            )
        sample = PoseDataSample(
            metainfo={key: results[key] for key in self.META_KEYS if key in results}
        )
        if "bbox" in results:
            sample.proposals = _given_boxes(results, name)
        image = torch.from_numpy(np.ascontiguousarray(results["img"]))
        return dict(inputs=image, data_samples=sample)


OPTIONAL_KEYS = ("frame_number", "frame_step", "time", "crowded")
"""Metainfo of a frame that not every video has: see :func:`frame_clocks`, and ``crowded``
(bool) of :class:`PersonMemory`, which no data set gives."""


def _metainfo(results: dict, keys: Sequence[str]) -> dict:
    known = [key for key in OPTIONAL_KEYS if key in results]
    return {key: results[key] for key in (*keys, *known)}


def _is_single_image(results: dict) -> bool:
    """The item is of no video."""
    return not {"video_id", "frame_index"} & results.keys()


def _given_boxes(results: dict, name: str) -> InstanceData:
    """``bbox`` and ``bbox_score`` of mmpose, xyxy in image pixels."""
    boxes = np.asarray(results["bbox"], np.float32)
    scores = np.asarray(results.get("bbox_score", np.ones(len(boxes))), np.float32)
    if scores.ndim != 1 or boxes.shape != (len(scores), 4):
        raise ValueError(
            f"{name}: 'bbox' must be (P, 4) and 'bbox_score' (P,), got {boxes.shape} and "
            f"{scores.shape}"
        )
    return InstanceData(bboxes=boxes, bbox_scores=scores)


@TRANSFORMS.register_module()
class PackFramePoses(BaseTransform):
    """Pack a frame of ``PoseTrackPoseDataset`` for a tracker of known poses.

    Gives ``data_samples``, a PoseDataSample with ``gt_instances``, ``pred_instances`` (the poses
    to be tracked, without ids) and the metainfo below. ``ori_shape`` (height, width) is (0, 0)
    and ``frame_size`` (width, height) None if the annotations do not have it.

    No image is needed. After :class:`LoadVideoFrame` there are ``inputs`` too, uint8 (H, W, 3)
    BGR, for similarities that look at the frames, and ``ori_shape`` is that of the image. The
    poses of a frame that was skipped are left out.
    """

    META_KEYS = (
        "img_id",
        "img_path",
        "video_id",
        "frame_index",
        "num_frames",
        "frame_name",
        "frame_id",
        "frame_size",
        "is_labeled",
        "ignore_regions",
        "frame_readable",
        "searched",
        "known_ids",
        "dataset_name",
        "flip_indices",
        "skeleton",
    )

    def transform(self, results: dict) -> dict:
        """Pack ``results``."""
        sample = PoseDataSample(metainfo=_metainfo(results, self.META_KEYS))
        width, height = results["frame_size"] or (0, 0)
        sample.set_metainfo(dict(ori_shape=(height, width), img_shape=(height, width)))
        sample.gt_instances = _annotated(results)
        poses = results["frame_poses"]
        if not results["frame_readable"]:
            poses = poses[:0]
            sample.set_metainfo(dict(known_ids=results["known_ids"][:0]))
        sample.pred_instances = poses.to_instances()
        if "img" not in results:
            return dict(data_samples=sample)
        sample.set_metainfo({key: results[key] for key in ("ori_shape", "img_shape")})
        image = torch.from_numpy(np.ascontiguousarray(results["img"]))
        return dict(inputs=image, data_samples=sample)


def _annotated(results: dict) -> InstanceData:
    """The annotated people of a frame."""
    people = InstanceData(
        bboxes=results["bboxes"],
        bbox_scores=np.ones(len(results["bboxes"]), np.float32),
        keypoints=results["keypoints"],
        keypoints_visible=results["keypoints_visible"],
        head_boxes=results["head_boxes"],
        track_ids=results["track_ids"],
    )
    if "keypoints_hidden" in results:
        people.keypoints_hidden = results["keypoints_hidden"]
    return people
