"""Videos of noise with boxes at known places, and a tracker's answers to them."""

from collections.abc import Sequence

from mmpose.structures import PoseDataSample
from torch import Tensor, nn

from .poses import make_frame

Frame = tuple[Tensor, PoseDataSample]


def make_video(
    name: str,
    *boxes: Sequence[Sequence[float]] | None,
    scores: Sequence[Sequence[float]] | None = None,
    **options,
) -> list[Frame]:
    """A video with the given people in each frame.

    Args:
        name: Of the video.
        *boxes: Of each frame, (M, 4) xyxy pixels; None: a frame that cannot be read.
        scores: Of each frame, (M,) of the proposals. None: 1.
        **options: Of :func:`make_frame`.

    Returns:
        Its frames, as :func:`make_frame` makes them.
    """
    return [
        make_frame(
            video_id=name,
            frame_index=index,
            num_frames=len(boxes),
            boxes=found or [],
            scores=None if scores is None else scores[index],
            readable=found is not None,
            **options,
        )
        for index, found in enumerate(boxes)
    ]


def walking_pair(name: str, length: int, *, leave: int | None = None, **options) -> list[Frame]:
    """Two people of 12 x 32 and 16 x 32 pixels that walk to the right, one pixel per frame.

    Args:
        name: Of the video.
        length: Its frames, up to 20.
        leave: The frame from which the second person is absent. None: present all along.
        **options: Of :func:`make_frame`.
    """
    boxes = [[[4 + t, 6, 16 + t, 38], [24 + t, 8, 40 + t, 40]] for t in range(length)]
    if leave is not None:
        boxes[leave:] = [found[:1] for found in boxes[leave:]]
    return make_video(name, *boxes, **options)


def run_tracker(
    tracker: nn.Module, frames: Sequence[Frame], batch_size: int = 1
) -> list[list[PoseDataSample]]:
    """What a tracker returns for each batch of frames.

    The finished samples are those of ``frames``: for a second run make new frames.
    """
    answers = []
    for start in range(0, len(frames), batch_size):
        batch = frames[start : start + batch_size]
        data = dict(inputs=[image for image, _ in batch], data_samples=[s for _, s in batch])
        answers.append(tracker(**tracker.data_preprocessor(data, False), mode="predict"))
    return answers


def track_frames(
    tracker: nn.Module, frames: Sequence[Frame], batch_size: int = 1
) -> list[PoseDataSample]:
    """All that :func:`run_tracker` answers, in the order in which it comes."""
    return [sample for batch in run_tracker(tracker, frames, batch_size) for sample in batch]
