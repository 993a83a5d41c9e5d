import pytest

from mmpose_temporal.mmpose_files.keypoints import documents_skeleton
from mmpose_temporal.mmpose_files.layouts import read_document
from mmpose_temporal.structures import POSETRACK18, Skeleton
from mmpose_temporal.testing import PAIR
from mmpose_temporal.testing import PAIR_META as META
from mmpose_temporal.testing import mmpose_frame as frame
from mmpose_temporal.testing import mmpose_instance as instance

ROWS = [frame(0), frame(1, instance())]


def of(write, meta_info=META, name="a.json"):
    return read_document(write(name, dict(meta_info=meta_info, instance_info=ROWS)), name)


def test_names_and_sigmas_of_the_file(write):
    arrays = dict(META, sigmas={"__ndarray__": [0.1, 0.2], "dtype": "float32", "shape": [2]})
    found = documents_skeleton([of(write, arrays)], None)
    assert found.keypoint_names == ("left", "right")
    assert found.sigmas.tolist() == pytest.approx([0.1, 0.2])
    assert documents_skeleton([of(write, arrays)], PAIR) is PAIR  # what is stated, if it agrees


def test_posetrack_keypoints_of_a_file_are_scored_as_usual(write):
    names = {str(i): name for i, name in enumerate(POSETRACK18.keypoint_names)}
    found = documents_skeleton([of(write, dict(keypoint_id2name=names))], None)
    assert len(found) == 17 and len(found.scored) == 15  # without the ears


@pytest.mark.parametrize("names", [("right", "left"), ("left", "middle"), ("left",)])
def test_files_of_other_keypoints_than_stated(write, names):
    with pytest.raises(ValueError, match=r"a\.json has other keypoints than what is stated"):
        documents_skeleton([of(write)], Skeleton(keypoint_names=names))


def test_files_of_different_keypoints(write):
    other = of(write, dict(keypoint_id2name={"0": "a", "1": "b"}), "b.json")
    with pytest.raises(ValueError, match=r"b\.json has other keypoints than .*a\.json"):
        documents_skeleton([of(write), other], None)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([frame(0), frame(1, instance())], r"\(2 per person\)"),
        ([instance(keypoints=[[0, 0]] * 17)], r"\(COCO and PoseTrack18 both have 17\)"),
        ([frame(0)], "does not name its keypoints, and"),
        ([], "does not name its keypoints, and"),
        (dict(meta_info={}, instance_info=[instance()]), r"\(2 per person\)"),
        (dict(instance_info=[instance()]), r"\(2 per person\)"),
    ],
)
def test_keypoints_are_not_guessed(write, content, said):
    document = read_document(write("a.json", content), "a.json")
    with pytest.raises(ValueError, match=said) as error:
        documents_skeleton([document], None)
    assert "state them with --metainfo" in str(error.value)
    assert documents_skeleton([document], PAIR) is PAIR


@pytest.mark.parametrize(
    "meta_info",
    [
        [],
        "coco",
        dict(keypoint_id2name=["left", "right"]),
        dict(keypoint_id2name={"a": "left"}),
        dict(keypoint_id2name={"0": 3}),
        dict(keypoint_id2name={"1": "left"}),
        dict(keypoint_name2id={"left": "x"}),
        dict(keypoint_name2id={"left": None}),
        dict(META, sigmas=[0.1]),
        dict(META, sigmas="ab"),
        dict(META, sigmas={"__ndarray__": "b64.gz:xyz"}),
        dict(META, flip_indices=[0, 9]),
        dict(META, flip_indices=[[0, 1]]),
        dict(META, skeleton_links=[[0]]),
        dict(META, skeleton_links=[[0, 5]]),
        dict(META, skeleton_links=5),
    ],
)
def test_descriptions_that_are_broken(write, meta_info):
    with pytest.raises(ValueError, match=r"^.*a\.json: 'meta_info'") as error:
        documents_skeleton([of(write, meta_info)], None)
    assert "\n" not in str(error.value) and len(str(error.value)) < 700
