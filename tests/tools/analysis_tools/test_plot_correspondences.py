"""The command's pictures and its complaints, with a network that knows colours."""

import json
import sys

import cv2
import pytest


@pytest.fixture
def run(monkeypatch, capsys, tmp_path, correspondence_tool):
    """Calls the tool on a small video; status, what it printed and what it complained of."""
    tool = correspondence_tool("plot_correspondences")

    def call(*arguments, out="a.png", checkpoint="weights.pth"):
        arguments = [tmp_path / "config.py", tmp_path / checkpoint, *arguments]
        arguments = [*arguments, "--out", tmp_path / out, "--device", "cpu"]
        if "--still" not in arguments:
            arguments += ["--long-side", 64]
        monkeypatch.setattr(sys, "argv", ["plot_correspondences.py", *map(str, arguments)])
        status = tool.main()
        return (status, *capsys.readouterr())

    return call


def of_video(root, *frames, video="v1"):
    where = ["--ann-file", root / "annotations/val", "--images", root]
    return [*where, "--video", video, "--frames", *frames]


def test_two_frames(run, tmp_path) -> None:
    status, printed, error = run(*of_video(tmp_path, 0, 2), "--width", 100)
    assert (status, error) == (0, "")
    height, width, _ = cv2.imread(str(tmp_path / "a.png")).shape
    assert (width, height) == (3 * 100 + 12, 24 + 4 * (24 + 100 + 6) + 24)
    assert f"a.png: {width} x {height} pixels" in printed
    assert printed.count(" pixels off") == 4 and "left_knee: affinity " in printed
    arguments = [*of_video(tmp_path, 0, 2), "--keypoints", "head_top", "--person", 7]
    assert "exists; pass --overwrite" in run(*arguments)[2]
    status, printed, _ = run(*arguments, "--overwrite")
    assert status == 0 and printed.count("affinity") == 1


def test_a_video_of_another_layout(run, tmp_path) -> None:
    """Backwards, with a tail in place of the ears: joints are found by their names."""
    path = tmp_path / "annotations/val/v1.json"
    content = json.loads(path.read_text())
    names = content["categories"][0]["keypoints"]
    names[names.index("left_ear")] = "tail"
    order = [i for i, name in enumerate(names) if not name.endswith("_ear")][::-1]
    content["categories"][0]["keypoints"] = [names[i] for i in order]
    for person in content["annotations"]:
        rows = [person["keypoints"][3 * i : 3 * i + 3] for i in order]
        person["keypoints"] = [value for row in rows for value in row]
    path.write_text(json.dumps(content))
    status, printed, error = run(*of_video(tmp_path, 0, 2), "--keypoints", "left_knee")
    assert (status, error) == (0, "") and "left_knee: affinity 1.00" in printed
    error = run(*of_video(tmp_path, 0, 2), "--keypoints", "tail", out="b.png")[2]
    assert "no tail in the first image, or the network does not know it" in error


def test_two_files_and_a_still(run, tmp_path) -> None:
    files = [tmp_path / f"images/val/v1/00000{i}.png" for i in (0, 2)]
    status, printed, error = run("--pair", *files, "--point", 5.5, 13.5, "--point", 17.5, 37.5)
    assert (status, error) == (0, "") and printed.count("affinity") == 2
    assert "(17.5, 37.5): affinity " in printed and "pixels off" not in printed
    status, printed, error = run("--still", 1, out="b.png")
    assert (status, error) == (0, "") and "pixels off" in printed
    status, printed, error = run("--still", 1, "--person", 1, out="c.png")
    assert (status, error) == (0, "") and "point 0: affinity" in printed


def test_bad_input(run, tmp_path) -> None:
    files = [tmp_path / f"images/val/v1/00000{i}.png" for i in (0, 2)]
    for arguments, options, message in (
        ([], {}, "give one of --frames (a video), --pair (two files) and --still"),
        (["--still", 0, "--frames", 0, 1], {}, "give one of"),
        (["--frames", 0, 1], {}, "--frames needs --ann-file, --images, --video"),
        (["--still", 0, "--video", "v1"], {}, "--video go with --frames"),
        (["--still", 0, "--long-side", 64], {}, "--long-side is not for --still"),
        (["--still", 0, "--frame-order", "names"], {}, "--frame-order goes with --frames"),
        (["--pair", *files], {}, "--pair and --point go together"),
        (["--pair", *files, "--point", 1, 1, "--person", 0], {}, "are not for --pair"),
        (["--pair", *files, "--point", 99, 1], {}, "lies outside of"),
        (["--pair", "none.png", files[0], "--point", 1, 1], {}, "none.png"),
        (["--still", 4], {}, "the pairs are 0 to 3, got 4"),
        (["--still", 0, "--width", 10], {}, "--width must be 64 pixels or more"),
        (of_video(tmp_path, 0, 9), {}, "frames 0 to 3, got [0, 9]"),
        (of_video(tmp_path, 0, 1, video="v9"), {}, "v9"),
        ([*of_video(tmp_path, 0, 1), "--keypoints", "knee"], {}, "no keypoint is called knee"),
        (["--still", 0], dict(out="a.txt"), "written as .png or .jpg"),
        (["--still", 0], dict(checkpoint="none.pth"), "none.pth"),
    ):
        status, _, error = run(*arguments, **options)
        assert status == 2 and message in error, error
        assert error.startswith("plot_correspondences.py: error: ") and error.count("\n") == 1
    assert not list(tmp_path.glob("*.png"))
