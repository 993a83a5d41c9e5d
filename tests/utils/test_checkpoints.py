"""Tables of tensors that fit, lack something, or are of another network."""

import pytest
import torch

from mmpose_temporal.utils.checkpoints import (
    check_weights,
    compare_state,
    named_parts,
    weights_of,
)

OWN = {
    "backbone.weight": torch.zeros(2, 3),
    "backbone.num_batches_tracked": torch.tensor(0),
    "neck.weight": torch.zeros(4),
    "neck.bias": torch.zeros(4),
    "head.weight": torch.zeros(1),
}


def without(*names: str) -> dict[str, torch.Tensor]:
    return {name: value for name, value in OWN.items() if name not in names}


def test_the_same_tensors_fit():
    fit = compare_state(OWN, dict(OWN))
    assert (fit.expected, fit.found, fit.problems(unexpected=True)) == (5, 5, "")
    assert compare_state({}, {}).problems(unexpected=True) == ""


def test_what_is_missing():
    fit = compare_state(OWN, without("neck.weight", "neck.bias", "head.weight"))
    assert fit.missing == ("neck.weight", "neck.bias", "head.weight")
    assert fit.absent_parts == ("neck", "head")
    assert fit.problems(prefix="a.") == (
        "it lacks 3 of 5 tensors (a.neck.weight, a.neck.bias, a.head.weight), all of neck, head"
    )
    # one tensor of the neck is there
    assert compare_state(OWN, without("neck.bias")).absent_parts == ()


def test_counters_of_old_batch_norms_may_be_missing():
    assert compare_state(OWN, without("backbone.num_batches_tracked")).problems() == ""


def test_a_single_frame_checkpoint_fits_a_network_with_a_new_neck():
    fit = compare_state(OWN, without("neck.weight", "neck.bias"), new_parts=["neck"])
    assert fit.problems(unexpected=True) == ""
    assert fit.expected == 3 and fit.new_parts() == {"neck": 2}
    # a part's whole name counts, and everything else must be there
    assert compare_state(OWN, without("neck.bias"), new_parts=["nec"]).missing == ("neck.bias",)
    both = compare_state(OWN, without("neck.bias", "head.weight"), new_parts=["neck"])
    assert both.missing == ("head.weight",)


def test_a_new_part_of_a_part():
    """The memory inside of the neck may be missing, and the rest of the neck may not."""
    own = {**OWN, "neck.memory.alpha": torch.zeros(()), "neck.memory.key": torch.zeros(2)}
    fit = compare_state(own, OWN, new_parts=["neck.memory"])
    assert fit.problems(unexpected=True) == "" and fit.expected == 5
    assert fit.new_parts() == {"neck.memory": 2}
    assert compare_state(own, OWN, new_parts=["neck.memory", "neck"]).new_parts() == {"neck": 2}
    fit = compare_state(own, without("neck.bias"), new_parts=["neck.memory"])
    assert fit.missing == ("neck.bias",)
    fit = compare_state(own, without("neck.bias", "neck.weight"), new_parts=["neck.memory"])
    assert fit.absent_parts == ("neck",)


def test_what_the_network_has_not():
    found = {**OWN, "memory.weight": torch.zeros(1), "other": torch.zeros(1)}
    fit = compare_state(OWN, found, new_parts=["memory"])
    assert fit.unexpected == ("other",)
    assert fit.problems() == ""
    assert fit.problems(unexpected=True) == "it has 1 that the model has not (other)"


def test_other_shapes():
    fit = compare_state(OWN, {**OWN, "head.weight": torch.zeros(2, 1)}, new_parts=["head"])
    assert fit.reshaped == {"head.weight": ((2, 1), (1,))}
    assert fit.problems() == "1 have another shape (head.weight (2, 1) for (1,))"


def test_long_lists_are_cut():
    assert "(backbone.weight, neck.weight, neck.bias, ...)" in compare_state(OWN, {}).problems()


@pytest.mark.parametrize("names", ["neck", 3, ["neck", 3], [""], None])
def test_parts_are_named(names):
    with pytest.raises(ValueError, match="sequence of the names"):
        named_parts(names)


@pytest.mark.parametrize("content", [None, [1], {}, dict(state_dict={}), dict(a=1), 3])
def test_no_weights(content):
    with pytest.raises(ValueError, match=r"x\.pth holds no weights"):
        weights_of(content, "x.pth")


def test_an_optimizer_alone_is_named():
    state = torch.optim.SGD([torch.nn.Parameter(torch.zeros(2))], lr=0.1).state_dict()
    with pytest.raises(ValueError, match=r"in state_dict\) but optimizer, param_schedulers: name"):
        check_weights(dict(optimizer=state, param_schedulers=[]), "x.pth")


def test_other_values_among_weights():
    content = dict(state_dict={**OWN, "extra": 3})
    check_weights(content, "x.pth")
    with pytest.raises(ValueError, match=r"holds 1 values .* no tensors \(extra\)"):
        weights_of(content, "x.pth")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_weights_that_are_not_finite(value, dtype):
    broken = torch.tensor([0, value], dtype=dtype)
    with pytest.raises(
        ValueError, match=r"x\.pth holds NaN or infinity in 1 of 2 tensors \(head\.b\)"
    ):
        check_weights({"head.a": torch.zeros(2), "head.b": broken}, "x.pth")


def test_masks_and_numbers_without_nan_are_fine():
    mask = torch.tensor([0, -float("inf")])
    check_weights({"mask": mask, "count": torch.tensor(3), "no": torch.ones(0)}, "x.pth")


def test_weights_of_a_wrapped_model():
    wrapped = {f"module.{name}": value for name, value in OWN.items()}
    assert weights_of(dict(state_dict=wrapped, meta={}), "x.pth").keys() == OWN.keys()
    assert weights_of(OWN, "x.pth") is OWN
