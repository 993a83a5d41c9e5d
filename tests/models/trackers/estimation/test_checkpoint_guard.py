import pytest
import torch
from mmengine.runner import load_checkpoint
from torch import nn

from mmpose_temporal.models.trackers import CheckpointGuard
from mmpose_temporal.utils.checkpoints import CheckpointMismatch


class Whole(nn.Module):
    """A part that is watched and one that is not."""

    def __init__(self, *, partial=False, features: int = 3):
        super().__init__()
        self.part = nn.Sequential(nn.Linear(2, features), nn.BatchNorm1d(features))
        self.other = nn.Linear(1, 1)
        CheckpointGuard(partial=partial).attach(self, child="part")


@pytest.fixture(params=["torch", "mmengine"])
def load(request, tmp_path):
    """Torch's own loading, and mmengine's, which collects instead of raising."""

    def by_torch(model, state):
        model.load_state_dict(state, strict=False)

    def by_mmengine(model, state):
        torch.save(dict(state_dict=state), tmp_path / "x.pth")
        load_checkpoint(model, str(tmp_path / "x.pth"), map_location="cpu")

    return dict(torch=by_torch, mmengine=by_mmengine)[request.param]


def other_weights(**options) -> dict:
    torch.manual_seed(1)
    return Whole(**options).state_dict()


def assert_part(model: nn.Module, state: dict) -> None:
    for name, value in model.part.state_dict().items():
        torch.testing.assert_close(value, state[f"part.{name}"])


def test_a_whole_checkpoint(load):
    model, state = Whole(), other_weights()
    load(model, dict(state))
    assert_part(model, state)
    torch.testing.assert_close(model.other.weight, state["other.weight"])


def test_the_part_alone(load):
    model, state = Whole(), other_weights()
    before = model.other.weight.clone()
    load(model, {k.removeprefix("part."): v for k, v in state.items() if k.startswith("part.")})
    assert_part(model, state)
    torch.testing.assert_close(model.other.weight, before)


def test_missing_tensors(load):
    state = other_weights()
    del state["part.0.bias"]
    with pytest.raises(CheckpointMismatch, match=r"lacks 1 of 7 tensors \(part\.0\.bias\)\. Use"):
        load(Whole(), state)
    # the first layer, a weight and a bias, is not there at all
    del state["part.0.weight"]
    with pytest.raises(CheckpointMismatch, match=r"2 of 7 tensors \(.*\), all of 0\. Use"):
        load(Whole(), state)


def test_nothing_that_fits(load):
    with pytest.raises(
        CheckpointMismatch, match=r"another architecture .* lacks 6 of 7 tensors .*\.\.\."
    ):
        load(Whole(), dict(foo=torch.zeros(1)))


def test_the_counter_of_old_batch_norms_may_be_missing(load):
    model, state = Whole(), other_weights()
    del state["part.1.num_batches_tracked"]
    load(model, dict(state))
    torch.testing.assert_close(model.part[0].weight, state["part.0.weight"])


def test_tensors_of_another_shape(tmp_path):
    """Torch refuses by itself; mmengine would only warn."""
    torch.save(dict(state_dict=other_weights(features=4)), tmp_path / "x.pth")
    with pytest.raises(
        CheckpointMismatch, match=r"6 have .* shape \(part\.0\.weight \(4, 2\) for"
    ):
        load_checkpoint(Whole(), str(tmp_path / "x.pth"), map_location="cpu")


def test_what_is_missing_elsewhere_is_not_its_business(load):
    model, state = Whole(), other_weights()
    del state["other.weight"]
    load(model, dict(state))
    assert_part(model, state)


def test_partial(load):
    model, state = Whole(partial=True), other_weights()
    before = model.part[0].bias.clone()
    del state["part.0.bias"]
    load(model, dict(state))
    torch.testing.assert_close(model.part[0].weight, state["part.0.weight"])
    torch.testing.assert_close(model.part[0].bias, before)


def test_parts_that_may_be_missing(load, capsys):
    """The first layer is new; the second must be there."""
    model, state = Whole(partial=["0"]), other_weights()
    before = model.part[0].bias.clone()
    del state["part.0.bias"], state["part.0.weight"]
    load(model, dict(state))
    torch.testing.assert_close(model.part[0].bias, before)
    torch.testing.assert_close(model.part[1].weight, state["part.1.weight"])
    assert capsys.readouterr().out.count("which keep their first weights: 0 (2 tensors)") == 1
    del state["part.1.bias"]
    with pytest.raises(CheckpointMismatch, match=r"lacks 1 of 5 tensors \(part\.1\.bias\)"):
        load(model, dict(state))
    with pytest.raises(ValueError, match="sequence of the names"):
        Whole(partial="0")


def test_another_part_alone_is_not_taken_for_this_one(load):
    model = Whole(partial=True)
    load(model, {"other.weight": torch.full((1, 1), 7.0)})
    assert model.other.weight.item() == 7
    with pytest.raises(CheckpointMismatch, match="lacks 6 of 7 tensors"):
        load(Whole(), {"other.weight": torch.full((1, 1), 7.0)})


def test_one_failure_does_not_stay(load):
    model, state = Whole(), other_weights()
    with pytest.raises(CheckpointMismatch):
        load(model, dict(foo=torch.zeros(1)))
    load(model, dict(state))
    assert_part(model, state)


def test_inside_a_larger_model(load):
    outer = nn.ModuleDict(dict(whole=Whole()))
    state = {f"whole.{k}": v for k, v in other_weights().items()}
    load(outer, dict(state))
    torch.testing.assert_close(outer["whole"].part[0].weight, state["whole.part.0.weight"])
    del state["whole.part.0.weight"]
    with pytest.raises(CheckpointMismatch, match="lacks 1 of 7"):
        load(outer, dict(state))
