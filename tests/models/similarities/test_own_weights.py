import pytest
import torch
from mmengine.runner.checkpoint import load_state_dict
from mmpose.registry import MODELS
from torch import nn

from mmpose_temporal.models import PoseEntailment
from mmpose_temporal.models.similarities import own_weights
from mmpose_temporal.structures import KEYPOINT_NAMES
from mmpose_temporal.utils.checkpoints import CheckpointMismatch

SMALL = dict(hidden=8, intermediate=8, num_layers=1, num_heads=1)


def similarity(seed: int, **options) -> PoseEntailment:
    """Stands for a trained one."""
    torch.manual_seed(seed)
    made = PoseEntailment(**{"network": SMALL, **options})
    made.ready = True
    return made


def tracker(checkpoint=None) -> nn.Module:
    torch.manual_seed(7)
    part = dict(type="PoseEntailment", network=SMALL, checkpoint=checkpoint)
    association = dict(type="Association", similarity=part)
    return MODELS.build(dict(type="PoseOnlyTracker", association=association))


def batch() -> dict[str, torch.Tensor]:
    """Two pairs of poses."""
    return dict(
        keypoints=100 * torch.rand(2, 2, 17, 2),
        keypoint_scores=torch.ones(2, 2, 17),
        frame_size=torch.full((2, 2), 200.0),
        distance=torch.ones(2, dtype=torch.int64),
        labels=torch.tensor([0, 1]),
    )


def same(first: nn.Module, second: nn.Module) -> bool:
    mine, other = first.state_dict(), second.state_dict()
    return all(torch.equal(mine[name], other[name]) for name in mine)


def test_a_checkpoint_of_the_similarity(tmp_path):
    torch.save(similarity(1).state_dict(), tmp_path / "a.pth")
    loaded = similarity(2, checkpoint=str(tmp_path / "a.pth"))
    assert loaded.ready and not PoseEntailment(network=SMALL).ready
    assert same(loaded, similarity(1))
    assert not same(loaded, similarity(2))


def test_random_weights_say_so_in_their_checkpoint(tmp_path):
    whole = tracker()
    torch.save(dict(state_dict=whole.state_dict(), meta={}), tmp_path / "random.pth")
    assert "association.similarity.untrained" in whole.state_dict()
    assert whole.random_parts() == ["association.similarity (PoseEntailment)"]
    with pytest.raises(ValueError, match=r"random\.pth: its weights of PoseEntailment are random"):
        similarity(2, checkpoint=str(tmp_path / "random.pth"))

    other = tracker()
    load_state_dict(other, whole.state_dict())  # as to resume a training
    assert same(whole, other) and other.random_parts()

    torch.save(similarity(1).state_dict(), tmp_path / "a.pth")
    given = tracker(str(tmp_path / "a.pth"))
    load_state_dict(given, whole.state_dict())  # the trained ones are kept
    assert not given.random_parts() and same(given.association.similarity, similarity(1))


def test_training_makes_it_ready():
    whole = tracker()
    part = whole.association.similarity
    with torch.no_grad():
        part.loss(batch())
    assert not part.ready
    whole(batch(), mode="loss")
    assert part.ready and not whole.random_parts()
    assert not [name for name in whole.state_dict() if "untrained" in name]


def test_a_checkpoint_of_a_tracker(tmp_path):
    whole = tracker()
    whole.association.similarity.ready = True
    torch.save(dict(state_dict=whole.state_dict(), meta={}), tmp_path / "a.pth")
    loaded = similarity(2, checkpoint=str(tmp_path / "a.pth"))
    assert same(loaded, whole.association.similarity)


def test_a_checkpoint_without_the_similarity(tmp_path):
    other = dict(weight=torch.zeros(3))
    with pytest.raises(CheckpointMismatch, match=r"\(association\.similarity\.chosen\.index, "):
        load_state_dict(tracker(), dict(other))
    torch.save(similarity(1).state_dict(), tmp_path / "a.pth")
    given = tracker(str(tmp_path / "a.pth"))
    load_state_dict(given, dict(other))  # an estimator's: the similarity has its own weights
    assert same(given.association.similarity, similarity(1))


def test_weights_of_another_shape():
    state = similarity(1, network=dict(SMALL, intermediate=16)).state_dict()
    with pytest.raises(CheckpointMismatch, match=r"widen\.weight \(16, 8\) for \(8, 8\)"):
        load_state_dict(similarity(2), state)


def test_weights_that_are_missing():
    state = similarity(1).state_dict()
    del state["network.pooler.bias"]
    with pytest.raises(CheckpointMismatch, match=r"lacks 1 of .* \(network\.pooler\.bias\)"):
        load_state_dict(similarity(2), state)


def test_weights_of_other_joints():
    with pytest.raises(ValueError, match="trained with the joints"):
        load_state_dict(similarity(2), similarity(1, joints=range(15)).state_dict())


def test_later_weights_take_the_place_of_earlier_ones(tmp_path):
    torch.save(similarity(1).state_dict(), tmp_path / "a.pth")
    loaded = similarity(2, checkpoint=str(tmp_path / "a.pth"))
    load_state_dict(loaded, similarity(3).state_dict())
    assert loaded.ready
    assert same(loaded, similarity(3))


def test_a_file_without_weights(tmp_path):
    torch.save([1, 2], tmp_path / "a.pth")
    with pytest.raises(ValueError, match="holds no weights"):
        similarity(1, checkpoint=str(tmp_path / "a.pth"))
    (tmp_path / "b.pth").write_text("{}")
    with pytest.raises(ValueError, match="is no checkpoint: it is JSON"):
        similarity(1, checkpoint=str(tmp_path / "b.pth"))


# ----------------------------------------------------------------------- shipped weights


def test_weights_that_come_with_the_package():
    """Tensors and the names of the keypoints; those of the matcher are read by their name."""
    files = sorted(own_weights.SHIPPED_FOLDER.glob("*.pth"))
    assert "track_entailment" in [file.stem for file in files]
    assert (own_weights.SHIPPED_FOLDER / "README.md").is_file()
    for file in files:
        content = torch.load(file, weights_only=True)
        weights = content["state_dict"]
        assert content["meta"] == dict(keypoint_names=list(KEYPOINT_NAMES))
        assert all(isinstance(value, torch.Tensor) for value in weights.values())
        assert all(torch.isfinite(value).all() for value in weights.values())
        assert file.stat().st_size < 5e6
    settings = dict(
        type="TrackEntailment",
        network=dict(hidden=96, intermediate=192, num_layers=3, num_heads=4),
        checkpoint="shipped:track_entailment",
    )
    loaded = MODELS.build(settings).state_dict()
    path = own_weights.SHIPPED_FOLDER / "track_entailment.pth"
    stored = torch.load(path, weights_only=True)["state_dict"]
    assert loaded.keys() == stored.keys()
    assert all(torch.equal(loaded[name], value) for name, value in stored.items())


@pytest.mark.parametrize("name", ["nothing", "../weights/track_entailment", "", "a.pth"])
def test_weights_that_are_not_shipped(name):
    with pytest.raises(
        ValueError, match=rf"no weights '{name}' are shipped, but track_entailment"
    ):
        similarity(1, checkpoint=f"shipped:{name}")


def test_shipped_weights_of_something_else():
    text = "shipped:track_entailment: the checkpoint does not fit PoseEntailment"
    with pytest.raises(CheckpointMismatch, match=text):
        similarity(1, checkpoint="shipped:track_entailment")


def test_a_file_that_is_not_there():
    text = r"PoseEntailment: checkpoint no\.pth does not exist: train it first, or .* checkpoint$"
    with pytest.raises(FileNotFoundError, match=text):
        similarity(1, checkpoint="no.pth")


def test_a_file_that_names_other_joints(tmp_path):
    names = ("nose", "left_eye", "right_eye", *KEYPOINT_NAMES[3:])
    meta = dict(dataset_meta=dict(keypoint_id2name=dict(enumerate(names))))
    torch.save(dict(state_dict=similarity(1).state_dict(), meta=meta), tmp_path / "a.pth")
    with pytest.raises(ValueError, match=r"(?s)head_top.*left_eye.*keypoint_names"):
        similarity(1, checkpoint=str(tmp_path / "a.pth"))
    joints = [index for index, name in enumerate(KEYPOINT_NAMES) if index not in (3, 4)]
    stated = similarity(1, checkpoint=str(tmp_path / "a.pth"), keypoint_names=names, joints=joints)
    assert stated.chosen.names[1] == "left_eye"
