"""The demo's bookkeeping: which data it takes, which videos it lists."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest
from mmengine.config import Config


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def demo(project_root: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The demo with tiny splits; ``demo.commands`` lists what it ran, in this process."""
    module = load(project_root / "demo" / "run_demo.py")
    tool = load(project_root / module.CONVERTER)
    module.commands = []

    def run(step: str, command: list[str], log: Path) -> None:
        module.commands.append(command)
        if tool.main(command[1:]) != 0:
            raise SystemExit("the converter failed")

    monkeypatch.setattr(module, "run", run)
    tiny = ["--frames", "2", "--people", "1"]
    splits = dict(train=["--videos", "2", *tiny], val=["--videos", "1", *tiny])
    monkeypatch.setattr(module, "SPLITS", splits)
    return module


def num_images(root: Path, split: str) -> int:
    return len(json.loads((root / f"annotations/posetrack18_{split}.json").read_text())["images"])


def test_data_are_made_once_and_again_for_other_options(demo: ModuleType, tmp_path: Path) -> None:
    root = tmp_path / "data"
    demo.make_data(root, tmp_path)
    assert [command[3] for command in demo.commands] == ["train", "val"]
    assert not any("--overwrite" in command for command in demo.commands)
    demo.make_data(root, tmp_path)
    assert len(demo.commands) == 2  # nothing new

    demo.SPLITS["val"] = ["--videos", "1", "--frames", "3", "--people", "1"]
    demo.make_data(root, tmp_path)
    assert len(demo.commands) == 3
    assert demo.commands[2][3] == "val" and "--overwrite" in demo.commands[2]
    assert (num_images(root, "train"), num_images(root, "val")) == (2 * 2, 1 * 3)


def test_data_that_a_cut_off_run_replaced_are_made_again(
    demo: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "data"
    demo.make_data(root, tmp_path)
    before = demo.SPLITS["val"]
    demo.SPLITS["val"] = ["--videos", "1", "--frames", "3", "--people", "1"]
    run = demo.run

    def cut_off(*arguments) -> None:
        run(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "run", cut_off)
    with pytest.raises(KeyboardInterrupt):
        demo.make_data(root, tmp_path)
    monkeypatch.setattr(demo, "run", run)
    demo.SPLITS["val"] = before
    demo.make_data(root, tmp_path)
    assert num_images(root, "val") == 2


def test_data_of_somebody_else_stay(demo: ModuleType, tmp_path: Path) -> None:
    theirs = tmp_path / "annotations" / "posetrack18_val.json"
    theirs.parent.mkdir()
    theirs.write_text("theirs")
    with pytest.raises(ValueError, match="the demo did not make it"):
        demo.make_data(tmp_path, tmp_path)
    assert theirs.read_text() == "theirs"


def test_old_videos_go(demo: ModuleType, tmp_path: Path) -> None:
    folder, log = tmp_path / "videos", tmp_path / "test.log"
    demo.remove_old_videos(folder, log)  # the first run: nothing there
    folder.mkdir()
    for name in ("old.mp4", "old_timeline.png", "note.txt"):
        (folder / name).write_text("")
    (tmp_path / "mine.mp4").write_text("")
    with pytest.raises(ValueError, match="that the demo did not write"):
        demo.remove_old_videos(folder, log)
    assert (folder / "old.mp4").is_file()
    log.write_text("")
    demo.remove_old_videos(folder, log)
    assert [path.name for path in folder.iterdir()] == ["note.txt"]
    assert (tmp_path / "mine.mp4").is_file()


def test_the_trackers_are_tested_with_one_checkpoint(
    demo: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    commands = []
    figures = {f"posetrack/{name}": 50.0 for name in ("AP", "MOTA", "IDF1", "IDSW_pct")}

    def run(step: str, command: list[str], log: Path) -> float:
        commands.append(command)
        out = Path(command[command.index("--out") + 1])
        out.write_text(json.dumps({**figures, "posetrack/HOTA": None, "posetrack/IDSW": 7.0}))
        return 3.0

    monkeypatch.setattr(demo, "run", run)
    metrics, seconds = demo.compare_trackers("a.pth", tmp_path, ["--work-dir", "w"])
    assert seconds == 6 and [command[1:3] for command in commands] == [
        [config, "a.pth"] for config in demo.TRACKERS.values()
    ]
    assert ["--show-dir" in command for command in commands] == [True, False]
    demo.report(metrics)
    printed = capsys.readouterr().out
    assert printed.count("7 (50.00 %)") == 2 and "keytrack-tracker" in printed


def test_the_trackers_differ_in_the_association_only(demo: ModuleType, project_root: Path) -> None:
    models = [Config.fromfile(project_root / name).model for name in demo.TRACKERS.values()]
    kinds = [model.pop("association").similarity.type for model in models]
    assert kinds == ["TrackEntailment", "MotionOKSSimilarity"]
    assert models[0] == models[1]
    for name in demo.TRACKERS.values():
        assert Config.fromfile(project_root / name).randomness.seed == 0
