"""What PoseTrackMetric says and writes of whole videos."""

import os
from collections import Counter
from itertools import chain

from mmengine.logging import MMLogger

from mmpose_temporal.posetrack import write_video_predictions
from mmpose_temporal.structures import Skeleton
from mmpose_temporal.utils import refuse_twins

from .frame_records import FrameRecord

Videos = dict[str, list[FrameRecord]]


def warn_of_unreadable(videos: Videos) -> int:
    """Log which frames could not be read; how many they are."""
    frames = chain.from_iterable(videos.values())
    lost = [f"{frame.video_id}: {frame.frame_index}" for frame in frames if not frame.readable]
    if lost:
        MMLogger.get_current_instance().warning(
            f"{len(lost)} frames could not be read and count as frames without predictions "
            f"(video: frame): {', '.join(lost)}"
        )
    return len(lost)


def skipped_counts(videos: Videos) -> dict[str, int]:
    """Frames and poses that did not come as far as the evaluation, by reason."""
    skipped: Counter[str] = Counter()
    for frame in chain.from_iterable(videos.values()):
        skipped["unreadable_frames"] += not frame.readable
        skipped.update({f"poses: {reason}": n for reason, n in frame.dropped.items()})
    return dict(skipped)


def write_videos(videos: Videos, folder: str | os.PathLike, skeleton: Skeleton) -> None:
    """Write all videos that can be written, then raise one error about the others."""
    problems, names = [], []
    for video_id, video in videos.items():
        try:
            refuse_twins([*names, video_id])
            names.append(video_id)
            predicted = [frame.predicted for frame in video]
            write_video_predictions(folder, video_id, predicted, skeleton=skeleton)
        except (ValueError, OSError) as error:
            problems.append(str(error))
    written = len(videos) - len(problems)
    MMLogger.get_current_instance().info(
        f"wrote the predictions of {written} of {len(videos)} videos to {folder}"
    )
    if problems:
        raise ValueError(
            f"the predictions of {len(problems)} of {len(videos)} videos could not be written to "
            f"{folder}, those of the others were: {'; '.join(problems)}"
        )
