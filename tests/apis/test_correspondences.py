"""What is asked of a network that knows colours, and what it answers."""

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmpose_temporal.apis.asked_points import ask_files, ask_still, ask_video, choose_points
from mmpose_temporal.apis.correspondence_pck import (
    CHAINED,
    DIRECT,
    RAW,
    REFINED,
    STILL,
    as_record,
    measure_stills,
    measure_videos,
)
from mmpose_temporal.apis.correspondences import (
    build_encoder,
    embed,
    find_pair,
    still_pairs,
)
from mmpose_temporal.posetrack import load_videos
from mmpose_temporal.structures import KEYPOINT_NAMES
from mmpose_temporal.testing.colored_joints import (
    COLORED,
    colored_stills_config,
    joint_network_config,
    save_joint_network,
    write_colored_video,
)
from mmpose_temporal.utils.checkpoints import CheckpointMismatch

JOINTS = sorted(KEYPOINT_NAMES.index(name) for name in COLORED)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = write_colored_video(tmp_path_factory.mktemp("colors"))
    save_joint_network(folder / "weights.pth")
    return folder


def config(root=None, model=None):
    cfg = dict(model=model or joint_network_config())
    if root is not None:
        cfg["val_dataloader"] = dict(dataset=colored_stills_config(root))
    return Config(cfg)


@pytest.fixture
def encoder(root):
    return build_encoder(config(), root / "weights.pth", long_side=64, device="cpu")


def test_joints_of_two_frames(root, encoder):
    """Three frames later the person is 12 pixels to the right; all joints are found."""
    question = ask_video(root / "annotations/val", root, "v1", [0, 3])
    assert question.titles == ("frame 0", "frame 3") and question.headline == "v1"
    pair = question.pair
    assert pair.ids.tolist() == [7] and pair.names == ["person 7"]
    assert np.flatnonzero(pair.known[0]).tolist() == JOINTS
    np.testing.assert_allclose((pair.targets - pair.queries)[pair.known], [[12, 0]] * 4)
    assert pair.diagonals.tolist() == [50]
    found = find_pair(encoder, *embed(encoder, question.images), pair)
    assert found.cell == 4 and found.raw_maps.shape[2:] == found.maps.shape[2:] == (16, 16)
    for k in JOINTS:
        joint = found.places.tolist().index(k)
        column, row = ((pair.targets[0, k] - 1.5) / 4).round().astype(int)
        assert found.raw_maps[0, joint, row, column] > 0.9
        for points in (found.raw_points, found.points):
            assert np.abs(points[0, joint] - pair.targets[0, k]).max() <= 4  # a cell
    assert found.raw_maps[0, found.places.tolist().index(0)].max() == 0  # no nose was asked for
    points = found.of_question(found.points, pair.asked.shape)
    assert points.shape == (1, 17, 2) and np.isfinite(points).all()
    found.places[0] = -1  # as if the question had no nose
    assert np.isnan(found.of_question(found.points, pair.asked.shape)[0, 0]).all()


def test_two_image_files(root, encoder):
    """The head of frame 0, and what lies in a black corner."""
    paths = [root / f"images/val/v1/00000{i}.png" for i in (0, 2)]
    question = ask_files(paths, [(5.5, 13.5)], encoder)
    assert question.titles == ("000000.png", "000002.png")
    row, points = choose_points(question, encoder.network.chosen.places, limit=5)
    assert row == 0 and [question.names[k] for k in points] == ["(5.5, 13.5)"]
    found = find_pair(encoder, *embed(encoder, question.images), question.pair)
    assert np.abs(found.raw_points[0, 0] - (13.5, 13.5)).max() <= 4
    with pytest.raises(ValueError, match=r"\(64, 2\) lies outside of .*000000.png"):
        ask_files(paths, [(64, 2)], encoder)
    with pytest.raises(ValueError, match="1 to 17 points"):
        ask_files(paths, [(1, 1)] * 18, encoder)


def test_who_and_which(root, encoder):
    question, places = ask_video(root / "annotations/val", root, "v1", [0, 1]), np.arange(17)
    assert choose_points(question, places)[1] == JOINTS
    assert choose_points(question, places, limit=2)[1] == [JOINTS[0], JOINTS[-1]]
    chosen = choose_points(question, places, person=7, keypoints=["left_knee", "2"])
    assert chosen == (0, [KEYPOINT_NAMES.index("left_knee"), 2])
    for options, message in (
        (dict(person=3), "nobody in both images has the number 3; there are 7"),
        (dict(keypoints=["knee"]), "no keypoint is called knee"),
        (dict(keypoints=["17"]), "no keypoint is called 17"),
        (dict(keypoints=["nose"]), "person 7 has no nose in the first image"),
    ):
        with pytest.raises(ValueError, match=message):
            choose_points(question, places, **options)
    with pytest.raises(ValueError, match="frames 0 to 3"):
        ask_video(root / "annotations/val", root, "v1", [0, 4])


def test_stills(root, encoder):
    dataset = still_pairs(config(root))
    question = ask_still(dataset, 1)
    assert question.long_side == 64 and question.pair.names == ["person 0", "points 1"]
    row, points = choose_points(question, encoder.network.chosen.places)
    assert row == 0 and set(points) <= set(JOINTS)
    with pytest.raises(ValueError, match="0 to 3, got 4"):
        ask_still(dataset, 4)
    with pytest.raises(ValueError, match="must be a StillPairDataset"):
        still_pairs(config())
    report = measure_stills(encoder, dataset, progress=False)
    assert report.pairs == report.people == 4 and 8 < report.points <= 16
    assert report.figures[REFINED]["PCK@0.1"] == report.figures[RAW]["PCK@0.1"] == 100
    assert set(report.figures) == {REFINED, RAW, DIRECT, STILL}
    assert measure_stills(encoder, dataset, max_pairs=1, progress=False).pairs == 1
    with pytest.raises(ValueError, match="max_pairs"):
        measure_stills(encoder, dataset, max_pairs=0)


def test_joints_found_in_videos(root, encoder):
    """4 frames: 3 pairs one frame apart and one of three; who stays is 4 or 12 pixels off."""
    videos = load_videos(root / "annotations/val")
    found = measure_videos(encoder, videos, root, steps=[3, 1], progress=False)
    assert list(found) == [1, 3]
    assert [(r.pairs, r.people, r.points) for r in found.values()] == [(3, 3, 12), (1, 1, 4)]
    for report in found.values():
        assert report.figures[REFINED]["PCK@0.1"] == 100  # of a diagonal of 50: 5 pixels
        assert report.figures[RAW] == report.figures[REFINED]  # there is no refinement
    assert found[1].figures[STILL] == {"PCK@0.05": 0, "PCK@0.1": 100, "median": 4}
    assert found[3].figures[STILL] == {"PCK@0.05": 0, "PCK@0.1": 0, "median": 12}
    one = found[1].figures
    assert one[CHAINED] == one[DIRECT]  # of frames that follow each other they are one flow
    again = measure_videos(encoder, videos, root, steps=[1], starts=[0], progress=False)
    assert again[1].pairs == 1
    record = as_record(again[1])
    assert record["points"] == 4 and record["figures"][STILL]["median"] == 4


def test_nothing_to_measure(root, encoder):
    videos = load_videos(root / "annotations/val")
    with pytest.raises(ValueError, match=r"\[4\] frames apart"):
        measure_videos(encoder, videos, root, steps=[1, 4], progress=False)
    with pytest.raises(ValueError, match="steps must be 1 frame or more"):
        measure_videos(encoder, videos, root, steps=[0], progress=False)


def test_networks_that_do_not_fit(root, tmp_path):
    save_joint_network(tmp_path / "random.pth", trained=False)
    with pytest.raises(ValueError, match="random"):
        build_encoder(config(), tmp_path / "random.pth")
    torch.save({"other": torch.ones(2)}, tmp_path / "other.pth")
    with pytest.raises(CheckpointMismatch, match="does not fit"):
        build_encoder(config(), tmp_path / "other.pth")
    with pytest.raises(ValueError, match="a CorrespondenceNetwork, or a tracker"):
        build_encoder(config(model=dict(type="ColorEmbedding")), root / "weights.pth")
    with pytest.raises(ValueError, match="multiple of 32"):
        build_encoder(config(), root / "weights.pth", long_side=100)
    tracker = dict(
        type="PoseTracker",
        frame_encoder=dict(
            type="CorrespondenceEncoder", network=joint_network_config(), long_side=96
        ),
    )
    built = build_encoder(config(model=tracker), root / "weights.pth", device="cpu")
    assert built.long_side == 96 and built.ready and not built.training
