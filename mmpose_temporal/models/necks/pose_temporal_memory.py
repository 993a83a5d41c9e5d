"""The pose temporal memory of PTM: a neck that reads what was stored about a person."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from torch import Tensor, nn

from mmpose_temporal.models.parts import Shared
from mmpose_temporal.utils import warn_once
from mmpose_temporal.utils.training_mark import mark_until_ready, take_mark, without_marks

from .clip_memory import ClipMemory, ClipStep
from .feature_memory import FeatureMemory
from .keypoint_quality import kernel_for
from .memory_store import gather_entries
from .sample_neck import SampleNeck

HeatmapsOf = Callable[[Tensor, np.ndarray], Tensor]
"""From enhanced maps (B', c, H, W) of some crops of a batch, and the positions of these crops, to
their heatmaps (B', K, h, w), without gradient and as in testing."""


@MODELS.register_module()
class PoseTemporalMemory(FeatureMemory, SampleNeck):
    """Enhances the features of a person's crop by those of the person's earlier frames (PTM).

    features x -> :meth:`read` -> y -> head -> heatmaps -> :meth:`write` -> an entry

    An entry is a feature map of n cells, as keys W_K m and values W_V m, which are computed once,
    when it is written. Read (Eqs. 1 to 3): with queries W_Q x and N heads,

        s_ij = k_i . q_j,  d_ij = -|k_i - q_j|_1
        vanilla: w_ij = softmax of s_ij over i;  CoDA: w_ij = tanh(s_ij) * 2 sigmoid(d_ij)
        y_j = alpha x_j + (1 - alpha) sum_i w_ij v_i

    with a learnable alpha; without entries y = x. The module keeps nothing about anybody: in
    testing entries come with the samples (:class:`PersonMemory` of the tracker); in training they
    are made from the earlier crops of the same clip, in the order of the frames, and the losses
    are on the crops that read something. :meth:`read` and :meth:`write` are the pure part.

    Initial weights (choice): W_V is the identity and alpha 0.9, so with vanilla attention the
    network starts near the single-frame one; CoDA's weights are not normalised, so what it reads
    grows with the number of entries. W_Q equals W_K, so that s starts as a similarity and d as a
    distance; the keys of a head have a length of about 1 for features of unit variance, since
    2 sigmoid(d) has no gradient to speak of at -20.

    Args:
        in_channels: c, channels of the feature map.
        embed_channels: c', channels of keys and queries, of all heads together.
        num_heads: N; divides both.
        attention: ``'vanilla'``; ``'coda'``; or ``'auto'``, CoDA in crowded videos and vanilla
            attention in the others, with the same weights.
        in_index: Which of the backbone's feature maps; the others pass through.
        read_stride: Queries and entries are average-pooled by it, and the aligned memory is
            upsampled (bilinear) before Eq. 3: for high-resolution maps (choice; 8 brings HRNet's
            96 x 72 to the paper's 12 x 9).
        capacity: Entries of a person; the oldest goes first.
        position: Keys and queries know the place of their cell in the crop, see
            :class:`CellPlaces` (choice, not in the paper).
        crowd_size: A video with more people per frame is crowded (the paper: 8).
        high_thr: Quality of a keypoint above which its feature vector is saved, in [0.5, 1.5].
        low_thr: Quality below which its cell is replaced by the saved one.
        heatmap_thr: Sum of the K qualities above which an entry is stored. The paper names no
            thresholds, and the range of qualities depends on the codec's sigma and the kernel:
            find all three with ``tools/analysis_tools/memory_thresholds.py``. The defaults are for
            17 keypoints and mmpose's codecs, in which a perfect peak has 1.0 (sigma 2 and a
            kernel of 11, sigma 3 and 17), at 96, 60 and 65 % of the range. Choice, by small
            networks on synthetic videos: the tool finds 83 to 96 % for high_thr and 64 to 71 % for
            heatmap_thr; its rule for low_thr, 60 to 85 %, would replace up to three of five
            joints, so the lower end.
        replacement: Keypoint feature replacement.
        blur_kernel: See :func:`keypoint_quality`. None: the ``blur_kernel_size`` of the head's
            codec.
        detach: Gradients end at written features (choice: as memory is a given in testing; W_K
            and W_V learn all the same). False: they go on through all earlier frames.
        max_weights: See :func:`coda_attention`.
        init_cfg: As in mmengine.

    Raises:
        ValueError: An option out of its range.

    Attributes:
        watcher: Is called after each step through the crops of clips, see :class:`ClipStep`;
            None (default): nobody watches.
    """

    def __init__(self, **options: Any):
        super().__init__(**options)
        self.watcher: Callable[[ClipStep], None] | None = None
        self._estimator: Shared[nn.Module] = Shared()
        mark_until_ready(self)
        self._register_load_state_dict_pre_hook(_read_mark, with_module=True)

    def bind(self, estimator: nn.Module) -> None:
        """See :class:`SampleNeck`: the head's heatmaps decide what is stored.

        Raises:
            ValueError: The head has no heatmaps, or those of a codec that :func:`kernel_for`
                refuses. A ``heatmap_thr`` that so many keypoints cannot exceed is a warning.
        """
        from mmpose_temporal.models.pose_estimators.describers import require_heatmaps

        require_heatmaps(estimator, type(self).__name__)
        self._estimator.module = estimator
        self.blur_kernel = kernel_for(estimator.head.decoder, self.blur_kernel)
        if self.heatmap_thr >= 1.5 * self.num_keypoints:
            warn_once(
                f"heatmap_thr is {self.heatmap_thr:g}, and the qualities of {self.num_keypoints} "
                f"keypoints add up to {1.5 * self.num_keypoints:g} at most: nothing will be "
                "stored. tools/analysis_tools/memory_thresholds.py finds one"
            )

    @property
    def num_keypoints(self) -> int:
        """K of the head."""
        return self._estimator.module.head.out_channels

    def forward(
        self,
        feats: tuple[Tensor, ...],
        *,
        samples: Sequence[PoseDataSample] | None = None,
        mirrored: bool = False,
        heatmaps_of: HeatmapsOf | None = None,
    ) -> tuple[Tensor, ...]:
        """Enhance one of the feature maps, see :class:`SampleNeck`.

        Args:
            feats: See :class:`SampleNeck`.
            samples: See :class:`SampleNeck`.
            mirrored: See :class:`SampleNeck`. The mirrored crop has entries of its own (choice:
                in its features left and right are exchanged), so the flip test doubles the memory.
            heatmaps_of: In training, where this neck is a part of another: what comes after it.
                None: the head.

        Raises:
            ValueError: The map has other channels than ``in_channels``; in training: the estimator
                is no :class:`TemporalPoseEstimator`, or the samples are of no clips.
        """
        if samples is None:
            if self.training and self._estimator.module is None:
                raise ValueError(
                    "PoseTemporalMemory is trained in a TemporalPoseEstimator, which tells it "
                    "whose crops it sees: with another estimator it would learn nothing"
                )
            return feats
        x = feats[self.in_index]
        if x.shape[1] != self.in_channels:
            raise ValueError(
                f"{type(self).__name__}: feature map {self.in_index} has {x.shape[1]} channels, "
                f"in_channels is {self.in_channels}"
            )

        def with_map(y: Tensor, rows: np.ndarray | None = None) -> tuple[Tensor, ...]:
            others = [f if rows is None else f[torch.from_numpy(rows).to(f.device)] for f in feats]
            others[self.in_index] = y
            return tuple(others)

        # a frozen neck stays in eval mode, and reads clips all the same
        estimator = self._estimator.module
        if not (self.training or (estimator is not None and estimator.training)):
            return with_map(self._remember(x, samples, mirrored))
        if heatmaps_of is None:

            def heatmaps_of(y: Tensor, rows: np.ndarray) -> Tensor:
                return estimator.heatmaps(with_map(y, rows))

        return with_map(self._read_clips(x, samples, heatmaps_of))

    def _remember(self, x: Tensor, samples: Sequence[PoseDataSample], mirrored: bool) -> Tensor:
        """Read what the tracker has stored, and give it what may be stored next."""
        persons = [sample.get("person_memory") for sample in samples]
        if not any(persons):
            return x
        known = [row for row, p in enumerate(persons) if p is not None and p.count]
        y = x
        if known:  # entries are gathered of these alone, once
            size = self.pool(x[:1]).shape[-2:]
            entries = gather_entries([persons[row] for row in known], size, mirrored)
            rows = torch.tensor(known, device=x.device)
            every = len(known) == len(x)
            found = self.read(x if every else x[rows], entries)
            y = found if every else x.index_copy(0, rows, found)
        pooled = self.pool(y)
        for row, person in enumerate(persons):
            if person is not None:
                person.frame.put(person.crop, pooled, row, mirrored=mirrored)
                if person.frame.watched and not mirrored:
                    person.frame.put_input(person.crop, x, row)
        return y

    def _read_clips(
        self, x: Tensor, samples: Sequence[PoseDataSample], heatmaps_of: HeatmapsOf
    ) -> Tensor:
        """Read and write the crops of clips in the order of their frames."""
        memory = ClipMemory(
            samples,
            capacity=self.capacity,
            crowd_size=self.crowd_size,
            keypoints=self.num_keypoints,
        )
        if self.attention == "auto" and any("people_per_frame" not in s for s in samples):
            warn_once(
                "attention='auto', and samples do not say how crowded their video is "
                "(people_per_frame): they are read as those of videos that are not crowded"
            )
        parts, order = [], []
        for crops in memory.steps():
            own = y = x[torch.from_numpy(crops).to(x.device)]
            entries = memory.entries(crops)
            if entries is not None:
                y = self.read(y, entries)
                self.ready = self.ready or (torch.is_grad_enabled() and self.alpha.requires_grad)
            counts = np.zeros(len(crops), int) if entries is None else entries.counts.numpy()
            for crop, count in zip(crops.tolist(), counts.tolist(), strict=True):
                samples[crop].set_field(count, "num_entries", field_type="metainfo", dtype=None)
            parts.append(y)
            order.append(crops)
            quality, places = self.judge(heatmaps_of(y, crops))
            maps = self.pool(y.detach() if self.detach else y)[:, None]
            written = self.write(maps, quality, places, memory.saved(crops, maps))
            stored = written.stored.cpu().numpy()
            memory.write(crops, written.keys[:, 0], written.values[:, 0], stored, written.saved)
            if self.watcher is not None:
                self.watcher(ClipStep(crops, own, entries, stored))
        y = torch.cat(parts)[torch.from_numpy(np.argsort(np.concatenate(order))).to(x.device)]
        if not self.taught(samples):  # distributed training waits for all gradients
            y = y + 0 * sum(p.sum() for p in self.parameters() if p.requires_grad)
        return y

    def taught(self, samples: Sequence[PoseDataSample]) -> list[int]:
        """See :class:`SampleNeck`: the crops that read something."""
        return [row for row, sample in enumerate(samples) if sample.get("num_entries", 0)]


def find_memory(estimator: nn.Module) -> tuple[str, PoseTemporalMemory] | None:
    """The memory among an estimator's parts, and its name there; None: it has none."""
    for name, module in estimator.named_modules():
        if isinstance(module, PoseTemporalMemory):
            return name, module
    return None


def _read_mark(neck: nn.Module, state_dict: dict[str, Tensor], prefix: str, *_: object) -> None:
    """Whether the weights that are about to be loaded are trained ones."""
    untrained = take_mark(state_dict, prefix)
    if all(prefix + name in state_dict for name in without_marks(neck.state_dict())):
        neck.ready = not untrained
