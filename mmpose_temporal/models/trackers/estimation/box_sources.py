"""Sources of the boxes of a frame's people."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.registry import DefaultScope
from mmengine.runner import load_checkpoint
from mmpose.registry import TASK_UTILS
from mmpose.structures import PoseDataSample

from mmpose_temporal.utils.checkpoints import CheckpointMismatch
from mmpose_temporal.utils.config_errors import building, model_settings, read_config
from mmpose_temporal.utils.configs import PACKAGE

Boxes = tuple[np.ndarray, np.ndarray]
"""(P, 4) float32 xyxy image pixels, and (P,) float32 scores."""

NO_MMDET = "DetectorBoxes needs mmdet: pip install 'mmdet>=3.3,<3.4' (mmcv must be < 2.2)"


class BoxSource(ABC):
    """Gives the boxes of each frame of a batch."""

    @abstractmethod
    def __call__(
        self, frames: Sequence[np.ndarray], samples: Sequence[PoseDataSample], device: torch.device
    ) -> list[Boxes]:
        """Boxes of each frame.

        Args:
            frames: (H, W, 3) uint8 BGR images; sizes may differ.
            samples: Their data samples.
            device: Where the estimator runs.
        """


@TASK_UTILS.register_module()
class DatasetBoxes(BoxSource):
    """The boxes that the data set proposes: ground truth or a detection file.

    Raises:
        ValueError: On a sample without proposals.
    """

    def __call__(
        self, frames: Sequence[np.ndarray], samples: Sequence[PoseDataSample], device: torch.device
    ) -> list[Boxes]:
        """See :class:`BoxSource`."""
        boxes = []
        for sample in samples:
            if "proposals" not in sample:
                raise ValueError(
                    f"video {sample.video_id}: the data set proposes no boxes; set its "
                    "box_source to 'gt' or 'file', or the tracker's to DetectorBoxes"
                )
            proposals = sample.proposals
            boxes.append((_array(proposals.bboxes), _array(proposals.bbox_scores)))
        return boxes


@TASK_UTILS.register_module()
class DetectorBoxes(BoxSource):
    """Boxes of an mmdet detector, all frames of a batch in one call.

    The detector is built, and an address is fetched, at the first frame. It is no part of the
    tracker's checkpoint and is not trained.

    Choice: what can be looked up without the network is checked at construction, the
    checkpoint's file included. So a tracker that is only built to train its estimator needs the
    file too: validation would ask for it after an epoch's work. If the file is elsewhere,
    give its address (anything with ``://``), or train with :class:`DatasetBoxes`.

    Args:
        config: mmdet config file, or a config of ``configs/baselines/detectors``.
        checkpoint: Its weights, a path or an address.
        category: Label of people in the detector's output (0 in COCO).

    Raises:
        ImportError: mmdet is not installed.
        FileNotFoundError: No such config, or no such file of weights.
        ValueError: ``category`` is negative. At the first frame: the config or the checkpoint is
            none, or the detector has no such category.
        CheckpointMismatch: At the first frame: the checkpoint is of another detector.
    """

    def __init__(self, *, config: str, checkpoint: str, category: int = 0):
        if find_spec("mmdet") is None:
            raise ImportError(NO_MMDET)
        find_config(config)
        if "://" not in checkpoint and not Path(checkpoint).expanduser().is_file():
            raise FileNotFoundError(
                f"the detector's checkpoint {checkpoint} does not exist; give a file or an address"
            )
        if category < 0:
            raise ValueError(f"category is a label of the detector, from 0 on, got {category}")
        self.config = config
        self.checkpoint = checkpoint
        self.category = category
        self._detector = None

    def __call__(
        self, frames: Sequence[np.ndarray], samples: Sequence[PoseDataSample], device: torch.device
    ) -> list[Boxes]:
        """See :class:`BoxSource`."""
        if not frames:  # none of the batch could be read
            return []
        if self._detector is None:
            self._build(device)
        packed = [self._pipeline(dict(img=np.ascontiguousarray(f), img_id=0)) for f in frames]
        batch = {key: [item[key] for item in packed] for key in ("inputs", "data_samples")}
        with torch.no_grad():
            results = self._detector.test_step(batch)
        boxes = []
        for result in results:
            found = result.pred_instances
            found = found[found.labels == self.category]
            boxes.append((_array(found.bboxes), _array(found.scores)))
        return boxes

    def _build(self, device: torch.device) -> None:
        try:
            from mmdet.registry import MODELS as DETECTORS
            from mmdet.utils import get_test_pipeline_cfg, register_all_modules
        except ImportError as error:
            raise ImportError(f"{NO_MMDET}; it is there but does not import: {error}") from error
        from mmcv.transforms import Compose
        from mmdet.registry import TRANSFORMS

        register_all_modules(init_default_scope=False)
        config = read_config(find_config(self.config))
        check_category(model_settings(config), self.category, self.config)
        config.model.pop("init_cfg", None)
        if "init_cfg" in config.model.get("backbone", {}):
            config.model.backbone.init_cfg = None  # the checkpoint brings all weights
        try:
            steps = get_test_pipeline_cfg(config)
        except (AttributeError, KeyError, IndexError, TypeError, RuntimeError) as error:
            raise ValueError(
                f"{self.config} is no config of a detector: it has no "
                "test_dataloader.dataset.pipeline; name one of mmdet's, as in "
                "configs/baselines/detectors"
            ) from error
        steps[0] = dict(type="LoadImageFromNDArray")
        steps = [s for s in steps if "LoadAnnotations" not in s["type"]]
        with building(config), DefaultScope.overwrite_default_scope("mmdet"):
            detector = DETECTORS.build(config.model)
            self._pipeline = Compose([TRANSFORMS.build(step) for step in steps])
        try:
            load_checkpoint(detector, self.checkpoint, map_location="cpu", strict=True)
        except RuntimeError as error:
            problems = " ".join(str(error).split())
            raise CheckpointMismatch(
                f"{self.checkpoint} is of another detector than {self.config}: {problems:.300}"
            ) from error
        self._detector = detector.to(device).eval()


def check_category(model: Mapping[str, Any], category: int, name: str) -> None:
    """Refuse a label that a detector never gives, with which it would find nobody.

    Args:
        model: Config of the detector; its heads state ``num_classes``.
        category: The label.
        name: The config's file, for the error.

    Raises:
        ValueError: The detector has no such label.
    """
    counts = [value for value in _stated(model, "num_classes") if isinstance(value, int)]
    if counts and category >= max(counts):
        raise ValueError(
            f"category {category}: the detector of {name} has the labels 0 to {max(counts) - 1}; "
            "people are 0 in COCO's"
        )


def _stated(config: Any, key: str) -> Iterator[Any]:
    """Values of a key, wherever it is in a config."""
    if isinstance(config, Mapping):
        if key in config:
            yield config[key]
        config = config.values()
    elif not isinstance(config, list | tuple):
        return
    for value in config:
        yield from _stated(value, key)


def find_config(name: str) -> Path:
    """A config file by its path, or by its path below this project.

    Raises:
        FileNotFoundError: Neither exists.
    """
    for root in (Path(), PACKAGE / ".mim", PACKAGE.parent):
        if (root / name).is_file():
            return root / name
    raise FileNotFoundError(f"config {name} exists neither here nor in mmpose_temporal")


def _array(values: torch.Tensor | np.ndarray) -> np.ndarray:
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu().numpy()
    return np.asarray(values, np.float32)
