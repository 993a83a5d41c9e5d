"""What of a checkpoint of the first stage is taken, and what is refused."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.logging import MMLogger
from mmengine.registry import HOOKS
from torch import nn

from mmpose_temporal.utils.checkpoints import CheckpointMismatch


class Estimator(nn.ModuleDict):
    """It names its new part itself."""

    new_parts = ("matching_head", "memory")


def estimator(*, matching: bool = True, width: int = 2) -> nn.Module:
    parts = dict(
        backbone=nn.Sequential(nn.Linear(2, width), nn.BatchNorm1d(width)), head=nn.Linear(2, 1)
    )
    if matching:
        parts["matching_head"] = nn.Linear(2, 3)
    return Estimator(parts)


@pytest.fixture
def first() -> nn.Module:
    torch.manual_seed(1)
    model = estimator(matching=False)
    model["backbone"][1].running_mean.fill_(7)
    return model


def save(state: dict, folder, *, prefix: str = "", names=None) -> str:
    path = folder / "epoch_20.pth"
    meta = (
        {} if names is None else dict(dataset_meta=dict(keypoint_id2name=dict(enumerate(names))))
    )
    weights = {prefix + key: value for key, value in state.items()}
    torch.save(dict(state_dict=weights, meta=meta), path)
    return str(path)


def hook(checkpoint: str, **options):
    return HOOKS.build(dict(type="LoadEstimatorHook", checkpoint=checkpoint, **options))


def runner(model: nn.Module, *, tracker: bool = True, names=("a", "b")) -> SimpleNamespace:
    whole = nn.Module()
    whole.estimator = model
    dataset = SimpleNamespace(metainfo=dict(keypoint_id2name=dict(enumerate(names))))
    return SimpleNamespace(
        model=whole if tracker else model, train_dataloader=SimpleNamespace(dataset=dataset)
    )


@pytest.mark.parametrize("prefix", ["", "estimator."])
@pytest.mark.parametrize("tracker", [True, False])
def test_weights_and_statistics_are_loaded(first, tmp_path, prefix, tracker):
    """The checkpoint of a tracker or of an estimator, into a tracker or an estimator."""
    model = estimator()
    new = model["matching_head"].weight.clone()
    path = save(first.state_dict(), tmp_path, prefix=prefix)
    hook(path).before_train(runner(model, tracker=tracker))
    assert all(torch.equal(v, model.state_dict()[k]) for k, v in first.state_dict().items())
    assert model["backbone"][1].running_mean.tolist() == [7, 7]
    assert torch.equal(model["matching_head"].weight, new)


def test_report(first, tmp_path, capsys):
    path = save(first.state_dict(), tmp_path)
    hook(path).before_train(runner(estimator()))
    # 2 + 5 tensors of the backbone, 2 of the head
    text = f"9 tensors of {path} loaded; new, to be trained: matching_head (2 tensors)"
    assert text in capsys.readouterr().out


def test_new_parts_that_are_there_are_taken_and_strange_ones_not(tmp_path):
    """The checkpoint of a second stage: another matching head's layer has no place here."""
    second = estimator()
    state = dict(second.state_dict(), **{"matching_head.extra": torch.ones(1)})
    model = estimator()
    hook(save(state, tmp_path)).before_train(runner(model))
    assert torch.equal(model["matching_head"].weight, second["matching_head"].weight)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            lambda state: state.pop("head.bias"),
            r"lacks 1 of 9 tensors \(head\.bias\)\. Use",
        ),
        (
            lambda state: state.update({"neck.w": torch.ones(1)}),
            r"has not \(neck\.w\)",
        ),
        (
            lambda state: state.update({"head.weight": torch.ones(1, 3)}),
            r"1 have another shape \(head\.weight \(1, 3\) for \(1, 2\)\)",
        ),
        (
            lambda state: [state.pop(k) for k in list(state) if "backbone" in k],
            r"it lacks 6 of 9 tensors \(backbone\.0\.weight, .*, \.\.\.\), all of backbone",
        ),
    ],
)
def test_checkpoint_of_another_network(first, tmp_path, change, text):
    state = dict(first.state_dict())
    change(state)
    model = estimator()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with pytest.raises(CheckpointMismatch, match=text):
        hook(save(state, tmp_path)).before_train(runner(model))
    assert all(torch.equal(value, model.state_dict()[key]) for key, value in before.items())


def test_a_new_part_must_be_named(first, tmp_path):
    path = save(first.state_dict(), tmp_path)
    with pytest.raises(CheckpointMismatch, match=r"it lacks 2 of 11 tensors \(matching_head"):
        hook(path, new_parts=()).before_train(runner(estimator()))
    plain = nn.ModuleDict(dict(estimator().items()))  # names none
    with pytest.raises(CheckpointMismatch, match=r"all of matching_head.* new_parts \(none\)"):
        hook(path).before_train(runner(plain))
    hook(path, new_parts=["matching_head"]).before_train(runner(plain))
    assert torch.equal(plain["head"].weight, first["head"].weight)


def test_a_part_without_a_place_in_the_checkpoint_is_any_part(first, tmp_path, capsys):
    """A single-frame network's checkpoint starts one with a memory, whatever it is called."""
    model = estimator()
    model["memory"] = nn.Linear(2, 2)
    hook(save(first.state_dict(), tmp_path)).before_train(runner(model))
    assert torch.equal(model["head"].weight, first["head"].weight)
    assert "memory (2 tensors)" in capsys.readouterr().out


def test_the_former_name_is_accepted_with_one_warning(first, tmp_path, capsys):
    part = HOOKS.build(dict(type="LoadStage1Hook", checkpoint=save(first.state_dict(), tmp_path)))
    model = estimator()
    part.before_train(runner(model))
    assert torch.equal(model["head"].weight, first["head"].weight)
    assert capsys.readouterr().out.count("LoadEstimatorHook") == 1


@pytest.mark.parametrize("new_parts", ["matching_head", 3, ["matching_head", 3], [""]])
def test_new_parts_are_a_sequence_of_names(new_parts):
    """A string would be a sequence too: of its letters."""
    with pytest.raises(
        ValueError, match=r"new_parts must be a sequence .*\['matching_head'\], got"
    ):
        hook("epoch_20.pth", new_parts=new_parts)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"train it first, or name another with --cfg"):
        hook(str(tmp_path / "epoch_20.pth")).before_train(runner(estimator()))


def test_what_mmengine_loaded_stays(first, tmp_path):
    """After --resume or load_from the file is not even looked for."""
    part = hook(str(tmp_path / "gone.pth"))
    part.after_load_checkpoint(runner(estimator()), {})
    part.before_train(runner(estimator()))


def test_a_file_that_would_run_code_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return (print, ("code of a stranger",))

    path = tmp_path / "epoch_20.pth"
    torch.save(dict(state_dict=Evil()), path)
    with pytest.raises(ValueError, match=r"epoch_20\.pth is no checkpoint .*print"):
        hook(str(path)).before_train(runner(estimator()))


def test_other_keypoints_are_refused(first, tmp_path):
    path = save(first.state_dict(), tmp_path, names=("b", "a"))
    with pytest.raises(ValueError, match="(?s)another order.*a, b.*b, a.*checkpoint_keypoints"):
        hook(path).before_train(runner(estimator()))
    hook(path, checkpoint_keypoints=["a", "b"]).before_train(runner(estimator()))
    hook(path).before_train(runner(estimator(), names=("b", "a")))


def test_a_checkpoint_without_names_is_said(first, tmp_path):
    MMLogger.get_instance("names", log_file=str(tmp_path / "log.txt"))
    hook(save(first.state_dict(), tmp_path)).before_train(runner(estimator()))
    assert "does not say which keypoints" in (tmp_path / "log.txt").read_text()
