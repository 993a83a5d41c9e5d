"""A checkpoint of other keypoints than the data's is refused before anything is computed."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.registry import HOOKS
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import Dataset

import mmpose_temporal  # noqa: F401 - registers everything
from mmpose_temporal.structures import POSETRACK18

NAMES = POSETRACK18.keypoint_names
COCO = ("nose", "left_eye", "right_eye", *NAMES[3:])


def metainfo(names) -> dict:
    return dict(dataset_name="d", keypoint_id2name=dict(enumerate(names)))


def hook(**options):
    return HOOKS.build(dict(type="CheckKeypointsHook", **options))


def runner(names=NAMES, iteration: int = 0) -> SimpleNamespace:
    loader = SimpleNamespace(dataset=SimpleNamespace(metainfo=metainfo(names)))
    return SimpleNamespace(
        train_dataloader=loader, val_dataloader=loader, test_dataloader=loader, iter=iteration
    )


def checkpoint(names) -> dict:
    return dict(meta={} if names is None else dict(dataset_meta=metainfo(names)))


@pytest.mark.parametrize("point", ["before_test", "before_val"])
def test_other_keypoints_are_refused(point):
    one = hook()
    one.after_load_checkpoint(runner(), checkpoint(COCO))
    with pytest.raises(ValueError, match="(?s)head_bottom.*left_eye.*checkpoint_keypoints"):
        getattr(one, point)(runner())


def test_training_from_other_keypoints_is_said_and_resuming_is_refused(capsys):
    one = hook()
    one.after_load_checkpoint(runner(), checkpoint(COCO))
    one.before_train(runner())
    assert "left_eye" in capsys.readouterr().out
    one.before_val(runner())  # what was trained since is for the data's keypoints
    one.after_load_checkpoint(runner(), checkpoint(COCO))
    with pytest.raises(ValueError, match="left_eye"):
        one.before_train(runner(iteration=5))


def test_the_same_keypoints_and_none(capsys):
    one = hook()
    one.before_test(runner())  # nothing was loaded
    one.after_load_checkpoint(runner(), checkpoint(NAMES))
    one.before_test(runner())
    assert not capsys.readouterr().out
    one.after_load_checkpoint(runner(), checkpoint(None))
    one.before_test(runner())
    one.before_test(runner())
    assert capsys.readouterr().out.count("does not say") == 1


def test_the_option_states_what_they_are():
    one = hook(checkpoint_keypoints=list(NAMES))
    one.after_load_checkpoint(runner(), checkpoint(COCO))
    one.before_test(runner())
    one = hook(checkpoint_keypoints=list(COCO))
    one.after_load_checkpoint(runner(), checkpoint(None))
    with pytest.raises(ValueError, match="left_eye"):
        one.before_test(runner())
    with pytest.raises(ValueError, match="names"):
        hook(checkpoint_keypoints="nose")


class Frames(Dataset):
    """Two items and the names of their keypoints."""

    def __init__(self, names):
        self.metainfo = metainfo(names)

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return dict(inputs=torch.zeros(1), data_samples=None)


class Model(nn.Module):
    """Answers nothing."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def test_step(self, data):
        """Nothing of a frame."""
        return [{}]


class Count(BaseMetric):
    """Frames that were tested."""

    default_prefix = "count"

    def process(self, data_batch, data_samples):
        """Count them."""
        self.results += data_samples

    def compute_metrics(self, results):
        """Their number."""
        return dict(frames=len(results))


@pytest.mark.parametrize("names", [NAMES, COCO])
def test_in_a_runner(tmp_path, names):
    """As tools/test.py builds one."""
    path = tmp_path / "a.pth"
    torch.save(dict(state_dict=dict(weight=torch.ones(1)), **checkpoint(names)), path)
    test = Runner(
        model=Model(),
        work_dir=str(tmp_path),
        load_from=str(path),
        test_dataloader=dict(
            dataset=Frames(NAMES), sampler=dict(type="DefaultSampler", shuffle=False), batch_size=1
        ),
        test_cfg=dict(),
        test_evaluator=Evaluator([Count()]),
        custom_hooks=[dict(type="CheckKeypointsHook")],
        experiment_name=f"keypoints_{names[1]}",
    )
    if names == NAMES:
        assert test.test() == {"count/frames": 2}
    else:
        with pytest.raises(ValueError, match="left_eye"):
            test.test()
