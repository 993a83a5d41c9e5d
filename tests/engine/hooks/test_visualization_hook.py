import logging
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.model import BaseModel
from mmengine.runner import Runner
from mmengine.structures import BaseDataElement, InstanceData
from mmengine.visualization import Visualizer
from mmpose.registry import HOOKS
from mmpose.structures import PoseDataSample
from torch.utils.data import DataLoader

from mmpose_temporal.datasets import LoadVideoFrame, PackFrameInputs, PoseTrackVideoDataset
from mmpose_temporal.engine import PoseTrackVisualizationHook
from mmpose_temporal.visualization import PoseTrackVisualizer

META = dict(skeleton_links=[(0, 1)], keypoint_name2id={})


class Frames:
    """Writes a video's images and makes its finished frames: one person who walks right."""

    def __init__(self, folder, video_id, num_frames, size=(48, 64)):
        self.folder, self.video_id, self.num_frames, self.size = folder, video_id, num_frames, size

    def __getitem__(self, index):
        path = self.folder / f"{self.video_id.replace('/', '-')}_{index}.png"
        cv2.imwrite(str(path), np.full((*self.size, 3), 120, np.uint8))
        data_sample = PoseDataSample(
            metainfo=dict(
                img_path=str(path),
                video_id=self.video_id,
                frame_index=index,
                num_frames=self.num_frames,
                frame_name=path.name,
                ori_shape=self.size,
                is_labeled=True,
                frame_readable=True,
            )
        )
        keypoints = np.float32([[[10 + 4 * index, 10], [10 + 4 * index, 40]]])
        boxes = np.float32([[5 + 4 * index, 8, 15 + 4 * index, 44]])
        ids = np.array([2])
        data_sample.gt_instances = InstanceData(
            keypoints=keypoints, keypoints_visible=np.ones((1, 2)), bboxes=boxes, track_ids=ids
        )
        data_sample.pred_instances = InstanceData(
            keypoints=keypoints, keypoint_scores=np.ones((1, 2)), bboxes=boxes, track_ids=ids
        )
        return data_sample


@pytest.fixture
def visualizer(tmp_path):
    return PoseTrackVisualizer.get_instance(
        "visualizer", vis_backends=[dict(type="LocalVisBackend")], save_dir=str(tmp_path / "log")
    )


@pytest.fixture
def runner(tmp_path):
    return SimpleNamespace(
        logger=logging.getLogger("test"),
        work_dir=str(tmp_path / "work"),
        timestamp="20260101_000000",
        iter=100,
        epoch=4,
        test_evaluator=SimpleNamespace(dataset_meta=META),
        val_evaluator=SimpleNamespace(dataset_meta=META),
    )


@pytest.fixture
def out_dir(runner, tmp_path):
    return tmp_path / "work" / runner.timestamp / "show"


def run(hook, runner, batches):
    hook.before_test_epoch(runner)
    for batch_idx, outputs in enumerate(batches):
        hook.after_test_iter(runner, batch_idx, {}, outputs)
    hook.after_test_epoch(runner)


def count(path):
    """Number of frames, and frames/s."""
    capture = cv2.VideoCapture(str(path))
    number = 0
    while capture.read()[0]:
        number += 1
    return number, capture.get(cv2.CAP_PROP_FPS)


def names(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_builds_from_a_config_with_the_keys_of_mmpose(visualizer):
    keys = dict(interval=2, kpt_thr=0.2, show=False, wait_time=1.0, out_dir="x", backend_args=None)
    hook = HOOKS.build(dict(type="PoseTrackVisualizationHook", enable=True, **keys))
    assert isinstance(hook, PoseTrackVisualizationHook)
    assert {key: getattr(hook, key) for key in keys} == keys


def test_interleaved_and_late_frames(visualizer, runner, tmp_path, out_dir):
    a, b = Frames(tmp_path, "a", 3), Frames(tmp_path, "b", 2, size=(32, 96))
    hook = PoseTrackVisualizationHook(enable=True, out_dir="show")
    hook.before_test_epoch(runner)
    for outputs in [[], [a[0]], [b[0], a[1]], [b[1]]]:
        hook.after_test_iter(runner, 0, {}, outputs)
    # b is complete while a is not.
    assert names(out_dir) == ["a.partial.mp4", "b.mp4", "b_timeline.png"]
    assert visualizer.open_videos == ("a",)
    hook.after_test_iter(runner, 4, {}, [a[2]])
    hook.after_test_epoch(runner)
    assert names(out_dir) == ["a.mp4", "a_timeline.png", "b.mp4", "b_timeline.png"]
    assert count(out_dir / "a.mp4") == (3, 25.0)
    assert count(out_dir / "b.mp4") == (2, 25.0)
    assert cv2.VideoCapture(str(out_dir / "b.mp4")).read()[1].shape == (32, 96, 3)
    assert visualizer.open_videos == ()
    assert names(tmp_path / "log") == []  # the backends got nothing


def test_the_person_is_in_the_video(visualizer, runner, tmp_path, out_dir):
    frames = Frames(tmp_path, "a", 1, size=(480, 640))
    sample = frames[0]
    for instances in (sample.pred_instances, sample.gt_instances):
        instances.keypoints = instances.keypoints * 10
        instances.bboxes = instances.bboxes * 10
    run(PoseTrackVisualizationHook(enable=True, out_dir="show"), runner, [[sample]])
    frame = cv2.VideoCapture(str(out_dir / "a.mp4")).read()[1].astype(int)
    changed = np.abs(frame - 120).max(-1) > 60
    assert changed[100:400, 96:105].any(1).all()  # the link from (100, 100) to (100, 400)
    assert not changed[:, 200:].any()


def test_interval_keeps_the_speed_and_videos_may_lie_in_folders(
    visualizer, runner, tmp_path, out_dir
):
    frames = Frames(tmp_path, "val/a", 5)
    runner.test_evaluator.dataset_meta = dict(META, fps=30)
    hook = PoseTrackVisualizationHook(enable=True, out_dir="show", interval=2, timeline=False)
    run(hook, runner, [[frames[i]] for i in range(5)])
    assert names(out_dir) == ["val/a.mp4"]
    assert count(out_dir / "val" / "a.mp4") == (3, 15.0)  # frames 0, 2 and 4; 30 / 2 frames/s


def test_absolute_folder_and_two_epochs(visualizer, runner, tmp_path):
    folder = tmp_path / "elsewhere"
    hook = PoseTrackVisualizationHook(enable=True, out_dir=str(folder), fps=10, draw_gt=True)
    for num_frames in (3, 2):
        frames = Frames(tmp_path, "a", num_frames)
        run(hook, runner, [[frames[i]] for i in range(num_frames)])
        assert count(folder / "a.mp4") == (num_frames, 10.0)
    assert names(folder) == ["a.mp4", "a_timeline.png"]


def test_unreadable_frames_are_grey_and_counted(visualizer, runner, tmp_path, out_dir, caplog):
    frames = Frames(tmp_path, "a", 4)
    samples = [frames[i] for i in range(4)]
    samples[0].set_metainfo(dict(frame_readable=False))  # the data set says so
    (tmp_path / "a_1.png").unlink()
    (tmp_path / "a_2.png").write_bytes(b"no image")
    for sample in samples[:3]:
        sample.pred_instances = sample.pred_instances[:0]
    run(PoseTrackVisualizationHook(enable=True, out_dir="show"), runner, [samples])
    assert count(out_dir / "a.mp4")[0] == 4
    first = cv2.VideoCapture(str(out_dir / "a.mp4")).read()[1]
    assert first[0, 0] == pytest.approx(64, abs=6)
    assert "3 of 4 drawn frames could not be read" in caplog.text


def test_unreadable_frames_of_unknown_size(visualizer, runner, tmp_path, out_dir):
    frames = Frames(tmp_path, "a", 2)
    samples = [frames[0], frames[1]]
    samples[1].set_metainfo(dict(frame_readable=False, ori_shape=(0, 0)))
    run(PoseTrackVisualizationHook(enable=True, out_dir="show"), runner, [samples])
    assert count(out_dir / "a.mp4")[0] == 2  # in the size of the frame before
    alone = Frames(tmp_path, "b", 1)[0]
    alone.set_metainfo(dict(frame_readable=False, ori_shape=(0, 0)))
    run(PoseTrackVisualizationHook(enable=True, out_dir="show"), runner, [[alone]])
    assert cv2.VideoCapture(str(out_dir / "b.mp4")).read()[1].shape == (360, 640, 3)


def test_an_unfinished_video_is_marked_and_named(visualizer, runner, tmp_path, out_dir, caplog):
    frames = Frames(tmp_path, "a", 3)
    run(PoseTrackVisualizationHook(enable=True, out_dir="show"), runner, [[frames[0], frames[1]]])
    assert names(out_dir) == ["a.partial.mp4"]
    assert count(out_dir / "a.partial.mp4")[0] == 2
    assert ".partial.mp4: a" in caplog.text
    assert visualizer.open_videos == ()


def test_an_error_closes_everything(visualizer, runner, tmp_path, out_dir):
    frames = Frames(tmp_path, "a", 3)
    hook = PoseTrackVisualizationHook(enable=True, out_dir="show")
    broken = frames[1]
    broken.pred_instances.keypoints = np.zeros((1, 2, 3))
    with pytest.raises(ValueError, match="shape"):
        run(hook, runner, [[frames[0]], [broken]])
    assert visualizer.open_videos == ()
    assert count(out_dir / "a.partial.mp4")[0] == 1


def test_metainfo_that_says_too_little_or_leaves_the_folder(visualizer, runner, tmp_path):
    hook = PoseTrackVisualizationHook(enable=True, out_dir="show")
    with pytest.raises(ValueError, match="lacks video_id, frame_index, num_frames"):
        run(hook, runner, [[PoseDataSample(metainfo=dict(img_path="a.png"))]])
    with pytest.raises(ValueError, match="leaves"):
        run(hook, runner, [[Frames(tmp_path, "../../a", 3)[0]]])


def test_backends_get_the_frames_without_folder_and_window(visualizer, runner, tmp_path):
    frames = Frames(tmp_path, "a", 3)
    run(
        PoseTrackVisualizationHook(enable=True, interval=2),
        runner,
        [[frames[i]] for i in range(3)],
    )
    assert [p.rpartition("/")[2] for p in names(tmp_path / "log")] == ["a_0.png", "a_2.png"]


def test_window(visualizer, runner, tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(
        visualizer, "show", lambda image, win_name, wait_time: shown.append((win_name, wait_time))
    )
    frames = Frames(tmp_path, "a", 2)
    with pytest.warns(UserWarning, match="show is True"):
        hook = PoseTrackVisualizationHook(enable=True, show=True, wait_time=0.5)
    run(hook, runner, [[frames[0], frames[1]]])
    assert shown == [("a 0", 0.5), ("a 1", 0.5)]
    assert names(tmp_path / "log") == []


def test_trail_length(visualizer, runner, tmp_path, monkeypatch):
    lengths = []
    start = visualizer.start_video
    monkeypatch.setattr(
        visualizer,
        "start_video",
        lambda video_id, trail_length: (
            lengths.append(trail_length),
            start(video_id, trail_length=trail_length),
        ),
    )
    run(
        PoseTrackVisualizationHook(enable=True, trail_length=4),
        runner,
        [[Frames(tmp_path, "a", 1)[0]]],
    )
    assert lengths == [4]


def test_disabled_does_nothing(visualizer, runner, tmp_path):
    frames = Frames(tmp_path, "a", 1)
    hook = PoseTrackVisualizationHook(out_dir="show")
    run(hook, runner, [[frames[0]]])
    hook.after_val_iter(runner, 0, {}, [frames[0]])
    assert not (tmp_path / "work").exists()
    assert names(tmp_path / "log") == []


def test_validation_draws_every_interval(visualizer, runner, tmp_path):
    frames = Frames(tmp_path, "a", 4)
    hook = PoseTrackVisualizationHook(enable=True, interval=2)
    for batch_idx, outputs in enumerate([[frames[0], frames[1]], [frames[2]], [], [frames[3]]]):
        hook.after_val_iter(runner, batch_idx, {}, outputs)
    # Iterations 100 and 102 count; 102 finished nothing.
    assert [p.rpartition("/")[2] for p in names(tmp_path / "log")] == ["val_img_100.png"]


def validate(hook, runner, batches):
    hook.before_val_epoch(runner)
    for batch_idx, outputs in enumerate(batches):
        hook.after_val_iter(runner, batch_idx, {}, outputs)
    hook.after_val_epoch(runner)


def test_validations_write_videos_to_folders_of_their_own(visualizer, runner, tmp_path, out_dir):
    hook = PoseTrackVisualizationHook(enable=True, out_dir="show", timeline=False)
    frames = Frames(tmp_path, "a", 3)
    validate(hook, runner, [[], [frames[0]], [frames[1], frames[2]]])
    runner.epoch = 5
    validate(hook, runner, [[frames[0], frames[1]]])  # cut off
    runner.epoch = 0  # mmengine's loop over iterations stays there
    validate(hook, runner, [[Frames(tmp_path, "b", 1)[0]]])
    run(hook, runner, [[Frames(tmp_path, "c", 1)[0]]])
    found = ["c.mp4", "epoch_4/a.mp4", "epoch_5/a.partial.mp4", "iter_100/b.mp4"]
    assert names(out_dir) == found
    assert [count(out_dir / name)[0] for name in found] == [1, 3, 2, 1]
    assert visualizer.open_videos == ()
    assert names(tmp_path / "log") == []


def test_validation_in_a_window(visualizer, runner, tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(
        visualizer, "show", lambda image, win_name, wait_time: shown.append(win_name)
    )
    with pytest.warns(UserWarning, match="show is True"):
        hook = PoseTrackVisualizationHook(enable=True, show=True, interval=2)
    frames = Frames(tmp_path, "a", 3)
    validate(hook, runner, [[frames[0], frames[1]], [frames[2]]])
    assert shown == ["a 0", "a 2"]
    assert not (tmp_path / "work").exists()


def test_wrong_visualizer(runner):
    Visualizer.get_instance("plain")
    hook = PoseTrackVisualizationHook(enable=True, out_dir="show")
    for before in (hook.before_test_epoch, hook.before_val_epoch):
        with pytest.raises(TypeError, match=r"type='PoseTrackVisualizer'.*got Visualizer"):
            before(runner)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(interval=0), "interval"),
        (dict(fps=0), "fps"),
        (dict(trail_length=-1), "trail_length"),
    ],
)
def test_bad_options(visualizer, options, message):
    with pytest.raises(ValueError, match=message):
        PoseTrackVisualizationHook(**options)


class FinishesLate(BaseModel):
    """Returns each frame one batch late, and the rest with the last one."""

    def __init__(self, num_frames):
        super().__init__()
        self.num_frames, self.waiting = num_frames, []

    def forward(self, inputs, data_samples, mode):
        assert mode == "predict"
        self.waiting += data_samples
        last = data_samples[-1].frame_index == self.num_frames - 1
        number = len(self.waiting) - (not last)
        finished, self.waiting = self.waiting[:number], self.waiting[number:]
        return finished

    def test_step(self, data):
        # mmengine 0.10.7's loops look at the last output and fail on an empty list; they take
        # an element that holds only (here: no) losses away again.
        return [*super().test_step(data), BaseDataElement(loss={})]


class CountsFrames(BaseMetric):
    def process(self, data_batch, data_samples):
        self.results += data_samples

    def compute_metrics(self, results):
        return dict(frames=len(results))


def test_runner_builds_and_calls_it(tmp_path):
    """With the settings that tools/test.py --show-dir makes, in a real test run."""
    frames = Frames(tmp_path, "a", 4)
    dataset = [dict(inputs=torch.zeros(1), data_samples=frames[i]) for i in range(4)]
    evaluator = Evaluator(CountsFrames())
    evaluator.dataset_meta = META
    runner = Runner(
        model=FinishesLate(4),
        work_dir=str(tmp_path / "work"),
        test_dataloader=DataLoader(dataset, batch_size=1, collate_fn=pseudo_collate),
        test_cfg=dict(),
        test_evaluator=evaluator,
        default_scope="mmpose",
        default_hooks=dict(
            visualization=dict(
                type="PoseTrackVisualizationHook", enable=True, interval=1, show=False, out_dir="s"
            )
        ),
        visualizer=dict(
            type="PoseTrackVisualizer",
            vis_backends=[dict(type="LocalVisBackend")],
            name="visualizer",
        ),
        experiment_name="hook",
        log_level="ERROR",
    )
    assert runner.test() == dict(frames=4)
    folder = tmp_path / "work" / runner.timestamp / "s"
    assert names(folder) == ["a.mp4", "a_timeline.png"]
    assert count(folder / "a.mp4")[0] == 4


def test_real_clip(visualizer, runner, tmp_path, out_dir, real_data):
    """The frames of the dataset, with the ground truth as prediction."""
    dataset = PoseTrackVideoDataset(
        ann_file="annotations/val",
        data_root=str(real_data / "multiperson_posetrack"),
        videos=["060470979"],
        frames=(0, 6),
        pipeline=[LoadVideoFrame(), PackFrameInputs()],
    )
    runner.test_evaluator.dataset_meta = dataset.metainfo
    samples = [dataset[i]["data_samples"] for i in range(len(dataset))]
    for sample in samples:
        gt = sample.gt_instances
        sample.pred_instances = InstanceData(
            keypoints=gt.keypoints,
            keypoint_scores=gt.keypoints_visible,
            bboxes=gt.bboxes,
            track_ids=gt.track_ids,
        )
    run(PoseTrackVisualizationHook(enable=True, out_dir="show"), runner, [samples])
    assert count(out_dir / "060470979.mp4")[0] == 6
    first = cv2.VideoCapture(str(out_dir / "060470979.mp4")).read()[1]
    assert first.shape == (540, 960, 3)
    # The codec changes a picture by little; the people are drawn over more than one pixel in 200.
    changed = np.abs(first.astype(int) - cv2.imread(samples[0].img_path)).max(-1) > 60
    assert 0.005 < changed.mean() < 0.1
