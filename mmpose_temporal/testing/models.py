"""Models of few parameters, and one that knows the answer."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmengine.model import BaseModel
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from torch import Tensor, nn

IMAGENET = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], bgr_to_rgb=True)

POSE_TEMPLATE = np.array(
    [
        [0.5, 0.1],  # nose
        [0.5, 0.2],  # head_bottom
        [0.5, 0.0],  # head_top
        [0.55, 0.1],  # left_ear
        [0.45, 0.1],  # right_ear
        [0.75, 0.25],  # left_shoulder
        [0.25, 0.25],  # right_shoulder
        [0.9, 0.4],  # left_elbow
        [0.1, 0.4],  # right_elbow
        [1.0, 0.55],  # left_wrist
        [0.0, 0.55],  # right_wrist
        [0.65, 0.55],  # left_hip
        [0.35, 0.55],  # right_hip
        [0.65, 0.8],  # left_knee
        [0.35, 0.8],  # right_knee
        [0.65, 1.0],  # left_ankle
        [0.35, 1.0],  # right_ankle
    ],
    dtype=np.float32,
)
"""(17, 2): where the keypoints of the tiny people lie, as shares of their box's width and height.

They touch all four sides, so the box of the keypoints is the box."""


def template_keypoints(boxes: np.ndarray) -> np.ndarray:
    """The keypoints of tiny people.

    Args:
        boxes: (M, 4) xyxy, pixels.

    Returns:
        (M, 17, 2) float32, pixels.
    """
    boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
    sides = boxes[:, 2:] - boxes[:, :2]
    return boxes[:, None, :2] + POSE_TEMPLATE * sides[:, None]


@MODELS.register_module()
class TemplateEstimator(BaseModel):
    """A top-down estimator that predicts :data:`POSE_TEMPLATE` in the box of each crop.

    On the people of :func:`~mmpose_temporal.testing.write_tiny_posetrack` that is the ground
    truth, so that what a tracker and a metric make of it can be worked out by hand. It has one
    parameter without influence, so that it can be moved and saved as any model. It states no
    crop size: give the tracker's cropper one.

    Args:
        score: Score of every joint.
        absent: Indices of the keypoints that it never finds (score 0).
        broken: Indices of the keypoints that it returns with NaN.

    Raises:
        ValueError: ``score`` is not in (0, 1].
    """

    def __init__(
        self, *, score: float = 0.9, absent: Sequence[int] = (), broken: Sequence[int] = ()
    ):
        if not 0 < score <= 1:
            raise ValueError(f"score must be in (0, 1], got {score}")
        super().__init__(data_preprocessor=dict(type="mmpose.PoseDataPreprocessor", **IMAGENET))
        self.score = score
        self.absent = list(absent)
        self.broken = list(broken)
        self.head = None
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(
        self, inputs: Tensor, data_samples: list[PoseDataSample], mode: str = "predict"
    ) -> Any:
        """As in mmengine; crops (P, 3, h, w) and their samples with ``gt_instances.bboxes``.

        Raises:
            ValueError: ``mode`` is not ``'predict'``.
        """
        if mode != "predict":
            raise ValueError(f"TemplateEstimator has nothing to learn: no mode {mode!r}")
        return self.predict(inputs, data_samples)

    def predict(self, inputs: Tensor, data_samples: list[PoseDataSample]) -> list[PoseDataSample]:
        """Samples with ``pred_instances`` in image pixels, as mmpose's estimators give."""
        for sample in data_samples:
            boxes = sample.gt_instances.bboxes
            keypoints = template_keypoints(boxes)
            keypoints[:, self.broken] = np.nan
            scores = np.full(keypoints.shape[:2], self.score, np.float32)
            scores[:, self.absent] = 0
            sample.pred_instances = InstanceData(
                keypoints=keypoints,
                keypoint_scores=scores,
                keypoints_visible=scores,
                bboxes=boxes,
                bbox_scores=sample.gt_instances.bbox_scores,
            )
        return data_samples


def tiny_estimator_config(
    *,
    flip_test: bool = False,
    input_size: tuple[int, int] = (48, 64),
    num_keypoints: int = 17,
    codec: str = "MSRAHeatmap",
) -> dict:
    """Config of an mmpose top-down estimator with a few thousand parameters, one ms per crop.

    Its weights are random: build it after ``torch.manual_seed``.

    Args:
        flip_test: Average with the mirrored crop.
        input_size: Crop width and height, multiples of 4; the heatmaps are a quarter of it.
        num_keypoints: K.
        codec: ``'MSRAHeatmap'`` or ``'UDPHeatmap'``.
    """
    width, height = input_size
    if width % 4 or height % 4:
        raise ValueError(f"input_size must be multiples of 4, got {input_size}")
    decoder = dict(
        type=codec, input_size=input_size, heatmap_size=(width // 4, height // 4), sigma=1
    )
    return dict(
        type="mmpose.TopdownPoseEstimator",
        data_preprocessor=dict(type="mmpose.PoseDataPreprocessor", **IMAGENET),
        backbone=dict(
            type="mmpose.ResNet",
            depth=18,
            num_stages=1,
            stem_channels=8,
            base_channels=8,
            strides=(1,),
            dilations=(1,),
            out_indices=(0,),
        ),
        head=dict(
            type="mmpose.HeatmapHead",
            in_channels=8,
            out_channels=num_keypoints,
            deconv_out_channels=None,
            loss=dict(type="mmpose.KeypointMSELoss", use_target_weight=True),
            decoder=decoder,
        ),
        test_cfg=dict(flip_test=flip_test, flip_mode="heatmap", shift_heatmap=False),
    )


def tiny_tracker_config(
    *, estimator: dict | None = None, association: dict | None = None, **options: Any
) -> dict:
    """Config of a PoseTracker on the tiny estimator.

    Args:
        estimator: Another estimator.
        association: Options of the Association that differ: by default IoU of the boxes, at
            least 0.3, and a track lives for 2 frames unseen (``life``).
        **options: Further options of PoseTracker.
    """
    parts = dict(
        type="Association",
        similarity=dict(type="IoUSimilarity"),
        min_similarity=0.3,
        life=dict(max_age=2),
    )
    return dict(
        type="PoseTracker",
        estimator=estimator or tiny_estimator_config(),
        association={**parts, **(association or {})},
        **options,
    )


def template_tracker_config(
    *, estimator: dict | None = None, association: dict | None = None, **options: Any
) -> dict:
    """Config of a PoseTracker whose estimator knows the answer.

    Args:
        estimator: Options of the :class:`TemplateEstimator`.
        association: As for :func:`tiny_tracker_config`.
        **options: Further options of PoseTracker.
    """
    options.setdefault("cropper", dict(type="TopdownCropper", input_size=(12, 16)))
    estimator = dict(type="TemplateEstimator", **(estimator or {}))
    return tiny_tracker_config(estimator=estimator, association=association, **options)
