import numpy as np
import pytest
from mmpose.evaluation.functional import oks_nms, soft_oks_nms
from mmpose.registry import TASK_UTILS

from mmpose_temporal.models.similarities import box_areas
from mmpose_temporal.structures import People, posetrack_metainfo
from mmpose_temporal.testing import random_poses

ALL = ["BoxNMS", "PoseNMS", "OKSNMS", "SoftOKSNMS"]
GREEDY = ALL[:3]


def keep(poses: People, **cfg) -> list[int]:
    kept = TASK_UTILS.build(cfg)(poses)
    assert kept.dtype == np.int64
    return kept.tolist()


def with_scores(poses: People, *scores: float) -> People:
    """Every joint present with score 1, so that the box's score is the pose's."""
    return poses.replace(
        box_scores=np.array(scores, np.float32),
        keypoint_scores=np.ones_like(poses.keypoint_scores),
    )


def crowd(seed: int) -> People:
    """12 poses, of which 8 are shaken copies of the first 4."""
    rng = np.random.default_rng(seed)
    people = random_poses(4, seed=seed)
    parts = [people]
    for _ in range(2):
        shaken = people.keypoints + rng.normal(0, 6, people.keypoints.shape)
        parts.append(people.replace(keypoints=shaken.astype(np.float32)))
    poses = People.cat(parts)
    return with_scores(poses, *rng.permutation(np.linspace(0.2, 0.9, 12)))


def as_mmpose(poses: People) -> list[dict]:
    return [
        dict(keypoints=np.column_stack([k, s]), score=score, area=area)
        for k, s, score, area in zip(
            poses.keypoints,
            poses.keypoint_scores,
            poses.pose_scores,
            box_areas(poses.boxes),
            strict=True,
        )
    ]


def test_box_nms_by_hand():
    boxes = 10 * np.array([[0, 0, 10, 10], [0, 0, 10, 8], [0, 0, 10, 6.5], [20, 0, 30, 10]])
    poses = People.create(
        keypoints=np.zeros((4, 17, 2)), boxes=boxes, box_scores=[0.5, 0.9, 0.8, 0.1]
    )
    # IoU with the best, number 1: 0.8, -, 65 / 80 = 0.8125, 0
    assert keep(poses, type="BoxNMS", iou_thr=0.7) == [1, 3]
    assert keep(poses, type="BoxNMS", iou_thr=0.81) == [0, 1, 3]
    # Number 2 has 0.65 with number 0, which is exactly at the threshold: not above it, so stays.
    assert keep(poses[np.array([0, 2])], type="BoxNMS", iou_thr=0.65) == [0, 1]
    assert keep(poses[np.array([0, 2])], type="BoxNMS", iou_thr=0.64) == [1]


def test_a_pose_that_goes_takes_none_with_it():
    """A chain: 0 is like 1, 1 is like 2, 0 is not like 2; the best, 0, takes only 1."""
    boxes = np.array([[0, 0, 10, 10], [0, 3, 10, 13], [0, 6, 10, 16]])
    poses = People.create(keypoints=np.zeros((3, 17, 2)), boxes=boxes, box_scores=[0.9, 0.8, 0.7])
    # IoU of neighbours 70 / 130 = 0.54, of the ends 40 / 160 = 0.25
    assert keep(poses, type="BoxNMS", iou_thr=0.5) == [0, 2]


def test_pose_nms_by_hand():
    """Boxes of 30 x 40: diagonal 50, a tenth of it is 5 px; 4 joints."""
    base = np.array([[0, 0], [10, 10], [20, 20], [30, 40]], np.float32)
    two = base + np.float32([[3, 4], [5, 0], [6, 0], [9, 9]])  # two of four within 5 px: 50 %
    three = base + np.float32([[3, 4], [5, 0], [0, 5], [9, 9]])
    boxes = np.tile(np.array([0, 0, 30, 40], np.float32), (2, 1))

    def kept(other, **options):
        poses = People.create(
            keypoints=np.stack([base, other]), boxes=boxes, box_scores=[0.4, 0.6]
        )
        return keep(poses, type="PoseNMS", distance=0.1, **options)

    assert kept(two) == [0, 1]  # not more than 50 %
    assert kept(three) == [1]
    assert kept(two, min_share=0.49) == [1]


def test_pose_nms_counts_the_joints_that_both_have():
    keypoints = np.zeros((2, 4, 2), np.float32)
    keypoints[1, 0] = 100
    poses = People.create(
        keypoints=keypoints,
        keypoint_scores=[[1, 1, 0, 0], [1, 1, 1, 1]],
        boxes=np.array([[0, 0, 30, 40]] * 2),
    )
    assert keep(poses, type="PoseNMS") == [0, 1]  # of the two in common one is close: 50 %


@pytest.mark.parametrize("name", ["PoseNMS", "OKSNMS"])
def test_no_joint_in_common(name):
    poses = People.create(
        keypoints=np.zeros((2, 17, 2)),
        keypoint_scores=np.array([[1] * 8 + [0] * 9, [0] * 8 + [1] * 9]),
        boxes=np.array([[0, 0, 30, 40]] * 2),
    )
    assert keep(poses, type=name) == [0, 1]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("num_people", [0, 1])
def test_nobody_and_one_alone(name, num_people):
    assert keep(random_poses(num_people, seed=0), type=name) == list(range(num_people))


def whole_and_fragment(count: int, first: int = 0) -> People:
    """A pose with scores of 0.9, and ``count`` of its joints alone, in the same box, with 0.95."""
    whole = random_poses(1, seed=0).replace(
        keypoint_scores=np.full((1, 17), 0.9, np.float32), box_scores=np.ones(1, np.float32)
    )
    scores = np.zeros((1, 17), np.float32)
    scores[:, first : first + count] = 0.95
    return People.cat([whole.replace(keypoint_scores=scores), whole])


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("count", [1, 2, 4, 8, 16])
def test_of_a_whole_pose_and_a_part_of_it_the_whole_stays(name, count):
    options = dict(min_score=0.85) if name == "SoftOKSNMS" else {}
    assert keep(whole_and_fragment(count), type=name, **options) == [1]


@pytest.mark.parametrize("name", ["PoseNMS", "OKSNMS"])
def test_the_published_way_keeps_the_part_that_scores_higher(name):
    assert keep(whole_and_fragment(1), type=name, min_covered=0) == [0]


def test_soft_nms_as_published_lowers_the_whole_by_the_part():
    poses = whole_and_fragment(1)
    assert keep(poses, type="SoftOKSNMS", min_score=0.5, min_covered=0) == [0]
    assert keep(poses, type="SoftOKSNMS", min_score=0.5) == [1]


@pytest.mark.parametrize("name", ["PoseNMS", "OKSNMS", "SoftOKSNMS"])
def test_a_pose_stays_if_better_ones_have_few_of_its_joints(name):
    """A whole pose of low scores and eight of its joints, which are more evidence: 8 of 17."""
    poses = whole_and_fragment(8)
    scores = poses.keypoint_scores.copy()
    scores[1] = 0.3
    poses = poses.replace(keypoint_scores=scores)  # 7.6 of the part, 5.1 of the whole
    options = dict(min_score=0.25) if name == "SoftOKSNMS" else {}
    assert keep(poses, type=name, **options) == [0, 1]
    assert keep(poses, type=name, min_covered=0.4, **options) == [0]


@pytest.mark.parametrize("name", ["PoseNMS", "OKSNMS", "SoftOKSNMS"])
def test_shares_are_checked(name):
    with pytest.raises(ValueError, match=r"min_covered must be in \[0, 1\], got 1.5"):
        TASK_UTILS.build(dict(type=name, min_covered=1.5))


def test_boxes_around_one_joint_are_duplicates_of_themselves():
    one = People.create(keypoints=np.full((1, 17, 2), 50), keypoint_scores=np.eye(17)[:1])
    assert one.boxes.tolist() == [[50, 50, 50, 50]]
    assert keep(People.cat([one, one]), type="BoxNMS") == [0]


@pytest.mark.parametrize("name", GREEDY)
def test_duplicates(name):
    """Three of the same: the best stays; of equals the first."""
    one = random_poses(1, seed=0)
    poses = People.cat([one, one, one])
    assert keep(with_scores(poses, 0.3, 0.9, 0.6), type=name) == [1]
    assert keep(with_scores(poses, 0.5, 0.5, 0.5), type=name) == [0]


@pytest.mark.parametrize("name", GREEDY)
def test_strangers_all_stay(name):
    poses = random_poses(3, seed=0)
    shift = np.array([0, 1000, 2000], np.float32)
    poses = poses.replace(
        keypoints=poses.keypoints + shift[:, None, None], boxes=poses.boxes + shift[:, None]
    )
    assert keep(poses, type=name) == [0, 1, 2]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("threshold", [0.3, 0.7, 0.9])
def test_oks_nms_is_mmposes(seed, threshold):
    poses = crowd(seed)
    sigmas = posetrack_metainfo("posetrack18")["sigmas"]
    reference = sorted(oks_nms(as_mmpose(poses), threshold, sigmas).tolist())
    assert keep(poses, type="OKSNMS", oks_thr=threshold) == reference


def test_the_crowd_is_thinned_but_not_to_nothing():
    counts = [len(keep(crowd(seed), type="OKSNMS", oks_thr=0.3)) for seed in range(8)]
    assert 4 <= min(counts) <= max(counts) < 12


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("max_poses", [1, 3, 6])
def test_soft_oks_nms_is_mmposes(seed, max_poses):
    poses = crowd(seed)
    sigmas = posetrack_metainfo("posetrack18")["sigmas"]
    reference = sorted(soft_oks_nms(as_mmpose(poses), 0.9, max_poses, sigmas).tolist())
    assert keep(poses, type="SoftOKSNMS", oks_thr=0.9, max_poses=max_poses) == reference


def test_soft_oks_nms_by_hand():
    """Two of the same with 0.9 and 0.8, a stranger with 0.5: 0.8 exp(-1 / 0.9) = 0.263 < 0.5."""
    one = random_poses(1, seed=0)
    stranger = one.replace(keypoints=one.keypoints + 5000, boxes=one.boxes + 5000)
    poses = with_scores(People.cat([one, one, stranger]), 0.9, 0.8, 0.5)
    cfg = dict(type="SoftOKSNMS", oks_thr=0.9)
    assert keep(poses, **cfg, max_poses=2) == [0, 2]
    assert keep(poses, **cfg) == [0, 1, 2]
    assert keep(poses, **cfg, min_score=0.27) == [0, 2]
    assert keep(poses, **cfg, min_score=0.26) == [0, 1, 2]
    assert poses.box_scores.tolist() == np.float32([0.9, 0.8, 0.5]).tolist()  # as they were


def test_soft_oks_nms_keeps_a_score_at_the_threshold():
    poses = with_scores(random_poses(1, seed=0), 0.5)
    assert keep(poses, type="SoftOKSNMS", min_score=0.5) == [0]


@pytest.mark.parametrize(
    "cfg",
    [
        dict(type="BoxNMS", iou_thr=1.1),
        dict(type="PoseNMS", distance=0),
        dict(type="PoseNMS", min_share=-0.1),
        dict(type="OKSNMS", oks_thr=2),
        dict(type="SoftOKSNMS", oks_thr=0),
        dict(type="SoftOKSNMS", max_poses=0),
        dict(type="SoftOKSNMS", min_score=-1),
    ],
)
def test_options_out_of_range(cfg):
    with pytest.raises(ValueError, match="must be|needs"):
        TASK_UTILS.build(cfg)
