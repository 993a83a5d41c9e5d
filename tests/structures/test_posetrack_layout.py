from mmpose_temporal.structures import (
    JOINT_GROUPS,
    KEYPOINT_NAMES,
    NUM_KEYPOINTS,
    SCORED_KEYPOINTS,
)


def test_seventeen_names_in_the_order_of_the_files():
    assert NUM_KEYPOINTS == len(KEYPOINT_NAMES) == len(set(KEYPOINT_NAMES)) == 17
    assert KEYPOINT_NAMES[:3] == ("nose", "head_bottom", "head_top")
    assert KEYPOINT_NAMES[-1] == "right_ankle"


def test_all_but_the_ears_are_scored():
    assert SCORED_KEYPOINTS.tolist() == [0, 1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]
    assert {KEYPOINT_NAMES[i] for i in range(17) if i not in SCORED_KEYPOINTS} == {
        "left_ear",
        "right_ear",
    }


def test_groups_hold_each_scored_keypoint_once():
    assert sorted(i for group in JOINT_GROUPS.values() for i in group) == SCORED_KEYPOINTS.tolist()
    ends = dict(Shou="shoulder", Elb="elbow", Wri="wrist", Hip="hip", Knee="knee", Ankl="ankle")
    for group, end in ends.items():
        names = [KEYPOINT_NAMES[i] for i in JOINT_GROUPS[group]]
        assert names == [f"left_{end}", f"right_{end}"]
