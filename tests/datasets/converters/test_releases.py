import pytest

from mmpose_temporal.datasets.converters import guess_release
from mmpose_temporal.datasets.converters.releases import describe_count


@pytest.mark.parametrize(
    ("videos", "fields", "annolist", "name"),
    [
        (["000342_mpii_test", "000001_bonn_train"], ["id", "track_id"], False, "posetrack18"),
        (["000342_mpii_test"], ["id", "person_id"], False, "posetrack21"),
        (["000342_mpii"], ["id"], False, "posetrack17"),
        ([], [], True, "posetrack17"),
        (["060470979", "v1"], ["id"], False, "other"),
    ],
)
def test_release(videos, fields, annolist, name):
    release = guess_release(videos=videos, fields=fields, annolist=annolist)
    assert release.name == name
    assert release.why


@pytest.mark.parametrize(
    ("release", "split", "count", "text"),
    [
        ("posetrack18", "val", 74, "74 sequences: papers report on 74 or on 170"),
        ("posetrack18", "val", 170, "compare with those of 170"),
        ("posetrack18", "train", 592, "592 sequences: all of posetrack18"),
        ("posetrack18", "train", 593, "593 sequences: all of posetrack18"),
        ("posetrack18", "train", 30, "30 sequences, not 592 or 593: a part of posetrack18"),
        ("posetrack21", "val", 170, "170 sequences: all of posetrack21"),
        ("posetrack17", "val", 50, "50 sequences: all of posetrack17"),
        ("other", "val", 3, "3 sequences"),
    ],
)
def test_counts(release, split, count, text):
    assert text in describe_count(release, split, count)
