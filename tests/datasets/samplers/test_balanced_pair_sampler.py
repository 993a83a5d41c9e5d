"""Datasets of labels only: the sampler looks at nothing else."""

from collections import Counter

import numpy as np
import pytest
from mmengine.dataset import ConcatDataset
from mmpose.registry import DATA_SAMPLERS

import mmpose_temporal.datasets.samplers.balanced_pair_sampler as module
from mmpose_temporal.datasets import BalancedPairSampler, PosePairDataset
from mmpose_temporal.testing import write_tiny_posetrack


class Labels:
    """As many items as labels."""

    def __init__(self, *labels: int):
        self.labels = np.array(labels, dtype=bool)

    def pair_labels(self) -> np.ndarray:
        return self.labels


def test_both_classes_and_all_their_pairs_equally_often():
    sampler = BalancedPairSampler(Labels(1, *[0] * 9), num_samples=18000, seed=0)
    counts = Counter(sampler)
    # item 0 is half of the draws, each of the 9 others 1/18; deviations by chance are about
    # sqrt(18000 / 4) = 67 and sqrt(18000 / 18) = 32
    assert counts[0] == pytest.approx(9000, abs=4 * 67)
    assert sorted(counts) == list(range(10))
    for item in range(1, 10):
        assert counts[item] == pytest.approx(1000, abs=4 * 32)


def test_share_of_matching_pairs():
    sampler = BalancedPairSampler(Labels(1, 0), num_samples=1000, matching_share=0.1, seed=0)
    assert Counter(sampler)[0] == pytest.approx(100, abs=4 * 9.5)


def test_default_length_is_twice_the_rarer_class():
    assert len(BalancedPairSampler(Labels(1, 1, 0, 0, 0), seed=0)) == 4
    assert len(BalancedPairSampler(Labels(1, 1, 1, 0), seed=0)) == 2


def test_seed_and_epoch_decide():
    def drawn(seed: int, epoch: int) -> list[int]:
        sampler = BalancedPairSampler(Labels(*[0, 1] * 50), num_samples=100, seed=seed)
        sampler.set_epoch(epoch)
        return list(sampler)

    assert drawn(0, 0) == drawn(0, 0)
    assert len({tuple(drawn(s, e)) for s, e in ((0, 0), (0, 1), (7, 0))}) == 3


def test_ranks_share_out_what_one_process_draws(monkeypatch):
    dataset = Labels(*[0, 1] * 20)
    one = list(BalancedPairSampler(dataset, num_samples=12, seed=3))
    parts = []
    for rank in range(3):
        monkeypatch.setattr(module, "get_dist_info", lambda rank=rank: (rank, 3))
        parts.append(list(BalancedPairSampler(dataset, num_samples=12, seed=3)))
    assert [len(part) for part in parts] == [4, 4, 4]
    assert [item for step in zip(*parts, strict=True) for item in step] == one
    assert len(BalancedPairSampler(dataset, num_samples=11, seed=3)) == 4  # rounded up to 12


def test_datasets_in_a_row(tmp_path):
    write_tiny_posetrack(tmp_path)
    parts = [
        PosePairDataset(data_root=str(tmp_path), ann_file="annotations/val", videos=[name])
        for name in ("v1", "v2")
    ]
    both = ConcatDataset(parts)
    sampler = BalancedPairSampler(both, seed=0)
    assert len(sampler) == 2 * 2 * (10 + 3)
    assert {both[i]["video_id"] for i in sampler} == {"v1", "v2"}


def test_it_is_built_with_the_runners_seed():
    config = dict(type="BalancedPairSampler", num_samples=5)
    defaults = dict(dataset=Labels(0, 1), seed=4)
    sampler = DATA_SAMPLERS.build(config, default_args=defaults)
    assert list(sampler) == list(BalancedPairSampler(Labels(0, 1), num_samples=5, seed=4))


def test_what_cannot_be_balanced_is_refused():
    with pytest.raises(ValueError, match="of 2 pairs 2 match: there is nothing to balance"):
        BalancedPairSampler(Labels(1, 1), seed=0)
    with pytest.raises(ValueError, match="num_samples must be 1 or more"):
        BalancedPairSampler(Labels(0, 1), num_samples=0)
    with pytest.raises(ValueError, match="matching_share must be between 0 and 1"):
        BalancedPairSampler(Labels(0, 1), matching_share=1.0)
    with pytest.raises(TypeError, match="needs a dataset of pairs"):
        BalancedPairSampler([0, 1])
