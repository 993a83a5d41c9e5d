"""Poses in single images, as mmpose's own interfaces ask for them."""

from collections.abc import Callable, Sequence

import numpy as np
from mmpose.structures import PoseDataSample, merge_data_samples

from mmpose_temporal.structures import People
from mmpose_temporal.utils import log_once

from .cropping import TopdownCropper
from .estimator_batches import crop_samples

NO_VIDEO = (
    "images without a video_id: their poses are estimated one image at a time and get no track "
    "ids. For ids use tools/test.py, or give the predictions that mmpose writes (pred_out_dir, "
    "--save-predictions) to tools/track_poses.py"
)


def in_no_video(samples: Sequence[PoseDataSample]) -> bool:
    """Whether a batch is of single images, as ``inference_topdown`` and the inferencers send it.

    Raises:
        ValueError: It holds both images and frames of videos.
    """
    alone = ["video_id" not in sample for sample in samples]
    if any(alone) != all(alone):
        raise ValueError(
            f"{sum(alone)} of the {len(alone)} samples of a batch have no video_id: a batch holds "
            "frames of videos, or single images"
        )
    return all(alone)


def estimate_image(
    image: np.ndarray,
    sample: PoseDataSample,
    cropper: TopdownCropper,
    estimate: Callable[[np.ndarray, list[PoseDataSample]], list[PoseDataSample]],
) -> PoseDataSample:
    """The poses of a single image, as the estimator alone finds them.

    Args:
        image: (H, W, 3) uint8 BGR.
        sample: With ``proposals`` (``bboxes`` (P, 4) xyxy in pixels, ``bbox_scores`` (P,)).
        cropper: Cuts the boxes out.
        estimate: From crops (P, h, w, 3) and their samples to the results.

    Returns:
        See :func:`image_answer`.

    Raises:
        ValueError: The sample has no boxes.
    """
    log_once(NO_VIDEO)
    if "proposals" not in sample:
        raise ValueError("a single image needs its people's boxes: 'bbox' (P, 4) and 'bbox_score'")
    found = sample.proposals
    boxes, scores = (np.asarray(v, np.float32) for v in (found.bboxes, found.bbox_scores))
    cut = cropper(image, boxes)
    crops = crop_samples(sample, boxes, scores, cut, cropper.input_size)
    return image_answer(sample, estimate(cut.images, crops))


def image_answer(sample: PoseDataSample, people: Sequence[PoseDataSample]) -> PoseDataSample:
    """The sample of an image with the poses of its people.

    Args:
        sample: Of the image.
        people: The estimator's results, one for each box. With heatmaps (mmpose's
            ``output_heatmaps``) those of one box stay in the crop, as mmpose has them; those of
            several are put together in the image.

    Returns:
        As mmpose's top-down estimators return it: ``pred_instances`` without ids.
    """
    meta = {key: sample.metainfo[key] for key in sample.metainfo_keys()}
    if not people:
        answer = PoseDataSample(metainfo=meta)
        nobody = People.empty(len(sample.flip_indices)).to_instances()
        nobody.pop("track_ids")
        answer.pred_instances = nobody
        return answer
    for person in people:
        person.set_metainfo(meta)
    return people[0] if len(people) == 1 else merge_data_samples(list(people))
