import cv2
import numpy as np
import pytest
from mmengine.structures import InstanceData, PixelData
from mmpose.registry import VISUALIZERS
from mmpose.structures import PoseDataSample

from mmpose_temporal.visualization import PoseTrackVisualizer, track_colors

K = 17


def instances(ids, corners, scores=None, visible=None):
    """People whose 17 joints lie on a grid of 5 x 4 points, 10 pixels apart, from a corner."""
    grid = np.stack(np.meshgrid(np.arange(5) * 10, np.arange(4) * 10), -1).reshape(-1, 2)[:K]
    keypoints = np.float32(corners).reshape(-1, 1, 2) + grid.astype(np.float32)
    fields = dict(
        keypoints=keypoints,
        bboxes=np.concatenate([keypoints.min(1), keypoints.max(1)], 1),
        track_ids=np.array(ids, dtype=np.int64),
    )
    if visible is None:
        shape = keypoints.shape[:2]
        fields["keypoint_scores"] = np.ones(shape, np.float32) if scores is None else scores
    else:
        fields["keypoints_visible"] = visible
    return InstanceData(**fields)


def sample(pred=None, gt=None, **meta):
    data_sample = PoseDataSample(metainfo=meta)
    if pred is not None:
        data_sample.pred_instances = pred
    if gt is not None:
        data_sample.gt_instances = gt
    return data_sample


@pytest.fixture
def image():
    return np.full((120, 200, 3), 50, np.uint8)


@pytest.fixture
def visualizer():
    return PoseTrackVisualizer(name="test", draw_labels=False)


def changed(image):
    return (image != 50).any(-1)


def like(track_id):
    """The id's colour on a line one pixel wide, whose soft edge lets the background through."""
    return pytest.approx(track_colors(track_id)[0].astype(int), abs=45)


def test_builds_from_a_config(tmp_path):
    built = VISUALIZERS.build(
        dict(
            type="PoseTrackVisualizer",
            vis_backends=[dict(type="LocalVisBackend")],
            name="visualizer",
            save_dir=str(tmp_path),
        )
    )
    assert isinstance(built, PoseTrackVisualizer)
    assert built.get_backend("LocalVisBackend") is not None


def test_joints_have_the_color_of_the_id(visualizer, image):
    drawn = visualizer.draw_frame(image, sample(instances([3, 8], [(20, 20), (120, 20)])))
    assert (image == 50).all()  # the input is left alone
    assert (drawn[20, 20] == track_colors(3)[0]).all()
    assert (drawn[20, 120] == track_colors(8)[0]).all()
    assert (drawn[50, 30] == track_colors(3)[0]).all()  # joint 16: second column, fourth row
    mask = changed(drawn)
    assert not mask[:, 68:112].any()  # joints end at x = 60 and begin again at x = 120
    assert not mask[60:].any()
    again = visualizer.draw_frame(image, sample(instances([8, 3], [(120, 20), (20, 20)])))
    assert (again == drawn).all()


def test_recovered_people_have_a_dashed_box(image):
    """Who was found only by propagation; the box of the other one is drawn on request."""
    visualizer = PoseTrackVisualizer(draw_labels=False)
    pred = instances([3, 8], [(20, 20), (120, 20)])
    pred.bboxes = np.float32([[10, 10, 70, 60], [110, 10, 170, 60]])
    plain = visualizer.draw_frame(image, sample(pred))
    pred.unseen = np.array([0, 2])
    marked = visualizer.draw_frame(image, sample(pred))
    edge = (marked != plain).any(-1)
    assert not edge[:, :100].any()
    assert edge[10, 108:173].all() and not edge[20:50, 120:160].any()
    assert marked[10, 113] == like(8) and (marked[10, 118] < 60).all()  # a dash and a gap
    boxes = visualizer.draw_frame(image, sample(pred), draw_bbox=True)
    assert (boxes[10, 10:71] == track_colors(3)[0]).all()
    assert (boxes[:, 100:] == marked[:, 100:]).all()
    visualizer.mark_recovered = False
    assert (visualizer.draw_frame(image, sample(pred)) == plain).all()


def test_untracked_is_grey(visualizer, image):
    drawn = visualizer.draw_frame(image, sample(instances([-1], [(20, 20)])))
    assert drawn[20, 20].tolist() == [160, 160, 160]


def test_absent_low_and_nan_joints_are_skipped(visualizer, image):
    pred = instances([3], [(20, 20)])
    pred.keypoint_scores[0, 0] = 0  # at (20, 20)
    pred.keypoint_scores[0, 4] = 0.29  # at (60, 20)
    pred.keypoints[0, 15] = np.nan  # at (20, 50)
    drawn = visualizer.draw_frame(image, sample(pred))
    assert not changed(drawn)[16:23, 16:23].any()
    assert not changed(drawn)[46:56, 16:24].any()
    assert not changed(drawn)[16:24, 58:].any()
    shown = visualizer.draw_frame(image, sample(pred), kpt_thr=0.29)  # at the threshold: drawn
    assert (shown[20, 60] == track_colors(3)[0]).all()


def test_a_score_of_zero_is_absent_even_without_threshold(visualizer, image):
    pred = instances([3], [(20, 20)], scores=np.zeros((1, K), np.float32))
    assert (visualizer.draw_frame(image, sample(pred), kpt_thr=0.0) == image).all()


@pytest.mark.parametrize("data_sample", [sample(), sample(instances([], []))])
def test_empty_frame_is_unchanged(image, data_sample):
    visualizer = PoseTrackVisualizer()
    drawn = visualizer.draw_frame(image, data_sample)
    assert (drawn == image).all()
    assert drawn is not image


def test_labels_are_drawn_and_stay_inside(image):
    visualizer = PoseTrackVisualizer()
    at_the_border = sample(instances([3, 12], [(0, 0), (159, 89)]))
    drawn = visualizer.draw_frame(image, at_the_border)
    visualizer.draw_labels = False
    assert (drawn != visualizer.draw_frame(image, at_the_border)).any()
    assert drawn.shape == image.shape


def test_neck_is_linked_to_the_head_only_without_a_nose(visualizer, image):
    pred = instances([3], [(20, 20)], scores=np.zeros((1, K), np.float32))
    pred.keypoints[0, :3] = [[150, 60], [100, 100], [100, 20]]  # nose, neck, top of the head
    pred.keypoint_scores[0, 1:3] = 1
    without_nose = visualizer.draw_frame(image, sample(pred))
    assert without_nose[60, 100] == like(3)
    pred.keypoint_scores[0, 0] = 1
    with_nose = visualizer.draw_frame(image, sample(pred))
    assert with_nose[60, 100].tolist() == [50, 50, 50]
    assert with_nose[80, 125] == like(3)  # half way from nose to neck


def test_skeleton_comes_from_the_meta(visualizer, image):
    visualizer.set_dataset_meta(dict(skeleton_links=[(0, 4)], keypoint_name2id={}))
    scores = np.zeros((1, K), np.float32)
    scores[0, [0, 4]] = 1
    drawn = visualizer.draw_frame(image, sample(instances([3], [(20, 20)], scores)))
    assert drawn[20, 40] == like(3)


def layout(*names, **fields) -> dict:
    return dict(keypoint_id2name=dict(enumerate(names)), **fields)


def test_any_layout_in_the_colours_of_its_meta(image):
    meta = layout(
        "thumb",
        "index",
        "palm",
        skeleton_links=[(0, 1), (1, 2)],
        skeleton_link_colors=[(255, 0, 0), (0, 255, 0)],
        keypoint_colors=[(0, 0, 255), (0, 0, 254), (0, 0, 253)],
    )
    hand = InstanceData(
        keypoints=np.float32([[[20, 60], [100, 60], [180, 60]]]),
        keypoint_scores=np.ones((1, 3), np.float32),
        bboxes=np.float32([[20, 30, 180, 90]]),
        track_ids=np.array([3]),
    )
    by_track = PoseTrackVisualizer(draw_labels=False)
    by_keypoint = PoseTrackVisualizer(draw_labels=False, color_by="keypoint", line_width=3)
    for one in (by_track, by_keypoint):
        one.set_dataset_meta(meta)
    drawn = by_track.draw_frame(image, sample(hand))
    assert all(drawn[60, x] == like(3) for x in (20, 60, 100, 140, 180))
    drawn = by_keypoint.draw_frame(image, sample(hand))
    assert drawn[60, [20, 100, 180]].tolist() == [[0, 0, 255], [0, 0, 254], [0, 0, 253]]
    assert drawn[60, [60, 140]].tolist() == [[255, 0, 0], [0, 255, 0]]
    hand.keypoint_scores[0, 1] = 0  # no link is left
    drawn = by_keypoint.draw_frame(image, sample(hand))
    assert drawn[60, [20, 60, 100, 180]].tolist() == [
        [0, 0, 255],
        [50, 50, 50],
        [50, 50, 50],
        [0, 0, 253],
    ]


def test_neck_and_head_by_keypoint(image):
    visualizer = PoseTrackVisualizer(draw_labels=False, color_by="keypoint", line_width=3)
    pred = instances([3], [(20, 20)], scores=np.zeros((1, K), np.float32))
    pred.keypoints[0, 1:3] = [[100, 100], [100, 20]]
    pred.keypoint_scores[0, 1:3] = 1
    assert visualizer.draw_frame(image, sample(pred))[60, 100].tolist() == [51, 153, 255]


def test_colors_of_keypoints_need_a_layout():
    visualizer = PoseTrackVisualizer(color_by="keypoint")
    with pytest.raises(ValueError, match="names keypoints"):
        visualizer.set_dataset_meta(dict(skeleton_links=[(0, 1)]))
    with pytest.raises(ValueError, match="color_by"):
        PoseTrackVisualizer(color_by="joint")


def test_skeleton_that_does_not_fit(visualizer, image):
    visualizer.set_dataset_meta(dict(skeleton_links=[(0, 17)]))
    with pytest.raises(ValueError, match="joint 17 but a pose has 17 joints"):
        visualizer.draw_frame(image, sample(instances([3], [(20, 20)])))


def test_ground_truth_beside(visualizer, image):
    pred, gt = instances([3], [(20, 40)]), instances([5], [(120, 40)], visible=np.ones((1, K)))
    drawn = visualizer.draw_frame(image, sample(pred, gt), draw_gt=True)
    assert drawn.shape == (120, 400, 3)
    assert (drawn[40, 120] == track_colors(5)[0]).all()  # left half: ground truth
    assert (drawn[40, 220] == track_colors(3)[0]).all()  # right half, x = 20
    assert drawn[40, 20].tolist() == [50, 50, 50]


def test_ground_truth_thin_and_alone(visualizer, image):
    visualizer.gt_style = "thin"
    visible = np.ones((1, K))
    visible[0, 16] = 0
    pred, gt = instances([3], [(20, 40)]), instances([5], [(120, 40)], visible=visible)
    drawn = visualizer.draw_frame(image, sample(pred, gt), draw_gt=True)
    assert drawn.shape == image.shape
    assert (drawn[:, 110:] == 255).all(-1).any()
    alone = visualizer.draw_frame(image, sample(pred, gt), draw_gt=True, draw_pred=False)
    assert (alone[40, 120] == track_colors(5)[0]).all()
    assert not changed(alone)[:, :100].any()


def test_boxes_and_indices(visualizer, image):
    scores = np.zeros((1, K), np.float32)
    data_sample = sample(instances([3], [(20, 20)], scores))
    drawn = visualizer.draw_frame(image, data_sample, draw_bbox=True)
    assert (drawn[35, 20] == track_colors(3)[0]).all()
    data_sample.pred_instances.keypoint_scores[0, 16] = 1
    plain = visualizer.draw_frame(image, data_sample)
    assert (visualizer.draw_frame(image, data_sample, show_kpt_idx=True) != plain).any()


def walk(visualizer, image, video_id="a", frames=5):
    for frame in range(frames):
        pred = instances([3], [(20 + 20 * frame, 20)])
        drawn = visualizer.draw_frame(
            image, sample(pred, video_id=video_id, frame_index=frame, num_frames=frames)
        )
    return drawn


def test_trails_live_from_start_to_end(visualizer, image):
    without = walk(visualizer, image)
    assert visualizer.open_videos == ()
    visualizer.start_video("a")
    with_trail = walk(visualizer, image)
    # Feet went from (40, 50) to (120, 50); the person now begins at x = 100.
    assert not changed(without)[50, 45:90].any()
    assert changed(with_trail)[50, 45:90].all()
    visualizer.end_video("a")
    visualizer.start_video("a")  # nothing survives
    first = sample(instances([3], [(100, 20)]), video_id="a", frame_index=0)
    assert not changed(visualizer.draw_frame(image, first))[50, 45:90].any()


def test_trails_of_videos_are_apart_and_length_counts(visualizer, image):
    visualizer.start_video("a", trail_length=0)
    visualizer.start_video("b")
    assert visualizer.open_videos == ("a", "b")
    assert not changed(walk(visualizer, image, "a"))[50, 45:90].any()
    assert changed(walk(visualizer, image, "b"))[50, 45:90].all()


def test_videos_start_and_end_once(visualizer, image):
    visualizer.start_video("a")
    with pytest.raises(ValueError, match="open already"):
        visualizer.start_video("a")
    walk(visualizer, image)
    with pytest.raises(ValueError, match="in order"):
        walk(visualizer, image)
    visualizer.end_video("a")
    with pytest.raises(ValueError, match="not open"):
        visualizer.end_video("a")


def test_add_datasample_writes_a_file(visualizer, image, tmp_path):
    data_sample = sample(instances([3], [(20, 40)]), instances([5], [(120, 40)]))
    path = tmp_path / "new" / "drawn.png"
    drawn = visualizer.add_datasample("x", image, data_sample, out_file=str(path))
    assert drawn.shape == (120, 400, 3)
    assert (cv2.imread(str(path))[..., ::-1] == drawn).all()
    assert [p.name for p in path.parent.iterdir()] == ["drawn.png"]
    with pytest.raises(ValueError, match="no image format"):
        visualizer.add_datasample("x", image, data_sample, out_file=str(tmp_path / "drawn.xyz"))


def test_add_datasample_reaches_the_backends(image, tmp_path):
    visualizer = PoseTrackVisualizer(
        vis_backends=[dict(type="LocalVisBackend")], save_dir=str(tmp_path)
    )
    data_sample = sample(instances([3], [(20, 40)]))
    drawn = visualizer.add_datasample("val_img", image, data_sample, draw_gt=False, step=7)
    (path,) = tmp_path.rglob("*.png")
    assert path.name == "val_img_7.png"
    assert (cv2.imread(str(path))[..., ::-1] == drawn).all()


def test_heatmaps_are_put_to_the_right(visualizer, image):
    data_sample = sample(instances([3], [(20, 40)]))
    data_sample.pred_fields = PixelData(heatmaps=np.ones((K, 120, 200), np.float32))
    drawn = visualizer.add_datasample("x", image, data_sample, draw_gt=False, draw_heatmap=True)
    assert drawn.shape == (120, 400, 3)


def test_bad_input(visualizer, image):
    with pytest.raises(ValueError, match="uint8 RGB"):
        visualizer.draw_frame(image.astype(np.float32), sample())
    with pytest.raises(ValueError, match="skeleton_style"):
        visualizer.add_datasample("x", image, sample(), skeleton_style="openpose")
    with pytest.raises(ValueError, match="gt_style"):
        PoseTrackVisualizer(gt_style="over")
    with pytest.raises(ValueError, match="trail length"):
        PoseTrackVisualizer(trail_length=-1)
    with pytest.raises(ValueError, match="line_width"):
        PoseTrackVisualizer(line_width=0)


def test_alpha_lets_the_image_through(image):
    people = sample(instances([3], [(20, 20)]))
    solid = PoseTrackVisualizer(name="a", draw_labels=False).draw_frame(image, people)
    half = PoseTrackVisualizer(name="b", draw_labels=False, alpha=0.5).draw_frame(image, people)
    expected = (solid.astype(int) + 50) / 2
    assert np.abs(half - expected).max() <= 0.5  # rounded to whole numbers
    assert (image == 50).all()
    for alpha in (0, 1.1):
        with pytest.raises(ValueError, match="alpha must be over 0 and at most 1"):
            PoseTrackVisualizer(name="c", alpha=alpha)
