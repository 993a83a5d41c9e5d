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
from torch.utils.data import DataLoader

from mmpose_temporal.datasets import LoadVideoFrame, PackFrameInputs, PoseTrackVideoDataset
from mmpose_temporal.engine import PoseTrackVisualizationHook

META = dict(skeleton_links=[(0, 1)], keypoint_name2id={})


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


def test_builds_from_a_config_with_the_keys_of_mmpose(visualizer):
    keys = dict(interval=2, kpt_thr=0.2, show=False, wait_time=1.0, out_dir="x", backend_args=None)
    hook = HOOKS.build(dict(type="PoseTrackVisualizationHook", enable=True, **keys))
    assert isinstance(hook, PoseTrackVisualizationHook)
    assert {key: getattr(hook, key) for key in keys} == keys


def test_interval_keeps_the_speed_and_videos_may_lie_in_folders(
    visualizer, runner, out_dir, walker, count, names
):
    frames = walker("val/a", 5)
    runner.test_evaluator.dataset_meta = dict(META, fps=30)
    hook = PoseTrackVisualizationHook(enable=True, out_dir="show", interval=2, timeline=False)
    run(hook, runner, [[frames[i]] for i in range(5)])
    assert names(out_dir) == ["val/a.mp4"]
    assert count(out_dir / "val" / "a.mp4") == (3, 15.0)  # frames 0, 2 and 4; 30 / 2 frames/s


def test_absolute_folder_and_two_epochs(visualizer, runner, tmp_path, walker, count, names):
    folder = tmp_path / "elsewhere"
    hook = PoseTrackVisualizationHook(enable=True, out_dir=str(folder), fps=10, draw_gt=True)
    for num_frames in (3, 2):
        frames = walker("a", num_frames)
        run(hook, runner, [[frames[i]] for i in range(num_frames)])
        assert count(folder / "a.mp4") == (num_frames, 10.0)
    assert names(folder) == ["a.mp4", "a_timeline.png"]


def test_window(visualizer, runner, tmp_path, monkeypatch, walker, names):
    shown = []
    monkeypatch.setattr(
        visualizer, "show", lambda image, win_name, wait_time: shown.append((win_name, wait_time))
    )
    frames = walker("a", 2)
    with pytest.warns(UserWarning, match="show is True"):
        hook = PoseTrackVisualizationHook(enable=True, show=True, wait_time=0.5)
    run(hook, runner, [[frames[0], frames[1]]])
    assert shown == [("a 0", 0.5), ("a 1", 0.5)]
    assert names(tmp_path / "log") == []


def test_trail_length(visualizer, runner, monkeypatch, walker):
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
        [[walker("a", 1)[0]]],
    )
    assert lengths == [4]


def test_disabled_does_nothing(visualizer, runner, tmp_path, walker, names):
    frames = walker("a", 1)
    hook = PoseTrackVisualizationHook(out_dir="show")
    run(hook, runner, [[frames[0]]])
    hook.after_val_iter(runner, 0, {}, [frames[0]])
    assert not (tmp_path / "work").exists()
    assert names(tmp_path / "log") == []


def test_validation_draws_every_interval(visualizer, runner, tmp_path, walker, names):
    frames = walker("a", 4)
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


def test_validations_write_videos_to_folders_of_their_own(
    visualizer, runner, tmp_path, out_dir, walker, count, names
):
    hook = PoseTrackVisualizationHook(enable=True, out_dir="show", timeline=False)
    frames = walker("a", 3)
    validate(hook, runner, [[], [frames[0]], [frames[1], frames[2]]])
    runner.epoch = 5
    validate(hook, runner, [[frames[0], frames[1]]])  # cut off
    runner.epoch = 0  # mmengine's loop over iterations stays there
    validate(hook, runner, [[walker("b", 1)[0]]])
    run(hook, runner, [[walker("c", 1)[0]]])
    found = ["c.mp4", "epoch_4/a.mp4", "epoch_5/a.partial.mp4", "iter_100/b.mp4"]
    assert names(out_dir) == found
    assert [count(out_dir / name)[0] for name in found] == [1, 3, 2, 1]
    assert visualizer.open_videos == ()
    assert names(tmp_path / "log") == []


def test_validation_in_a_window(visualizer, runner, tmp_path, monkeypatch, walker):
    shown = []
    monkeypatch.setattr(
        visualizer, "show", lambda image, win_name, wait_time: shown.append(win_name)
    )
    with pytest.warns(UserWarning, match="show is True"):
        hook = PoseTrackVisualizationHook(enable=True, show=True, interval=2)
    frames = walker("a", 3)
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


def test_runner_builds_and_calls_it(tmp_path, walker, count, names):
    """With the settings that tools/test.py --show-dir makes, in a real test run."""
    frames = walker("a", 4)
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


def test_real_clip(visualizer, runner, out_dir, real_data, count):
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
