import cv2
import numpy as np
import pytest

from mmpose_temporal.visualization import TrackVideoWriter


def read(path):
    """Frames (RGB) and frames/s of a video."""
    capture = cv2.VideoCapture(str(path))
    assert capture.isOpened()
    fps = capture.get(cv2.CAP_PROP_FPS)
    frames = []
    while (frame := capture.read()[1]) is not None:
        frames.append(frame[..., ::-1])
    capture.release()
    return frames, fps


def write(path, frames):
    with TrackVideoWriter(path) as writer:
        for frame in frames:
            writer.append(frame)


def plain(color, height=48, width=64):
    return np.full((height, width, 3), color, np.uint8)


def test_frames_size_rate_and_colors(tmp_path):
    path = tmp_path / "new" / "video.mp4"
    colors = [(220, 30, 30), (30, 220, 30), (30, 30, 220)]
    with TrackVideoWriter(path, fps=12.5) as writer:
        for color in colors:
            writer.append(plain(color))
        assert not path.exists()
        assert writer.partial_path.name == "video.partial.mp4"
    frames, fps = read(path)
    assert len(frames) == writer.num_frames == 3
    assert fps == pytest.approx(12.5)
    for frame, color in zip(frames, colors, strict=True):
        assert frame.shape == (48, 64, 3)
        assert frame[24, 32] == pytest.approx(np.array(color), abs=12)  # the codec loses a little
    assert [p.name for p in path.parent.iterdir()] == ["video.mp4"]


def test_odd_size_keeps_all_pixels(tmp_path):
    with TrackVideoWriter(tmp_path / "odd.mp4") as writer:
        writer.append(plain((200, 200, 200), 47, 63))
        writer.append(plain((200, 200, 200), 47, 63))
    frames, _ = read(tmp_path / "odd.mp4")
    assert [frame.shape for frame in frames] == [(48, 64, 3)] * 2
    assert frames[0].min() > 180


def test_another_size_is_letterboxed(tmp_path):
    with TrackVideoWriter(tmp_path / "video.mp4") as writer:
        writer.append(plain((200, 200, 200), 48, 64))
        writer.append(plain((200, 200, 200), 48, 24))  # fits with 20 black columns on either side
    frames, _ = read(tmp_path / "video.mp4")
    assert frames[1].shape == (48, 64, 3)
    assert frames[1][:, :16].max() < 40
    assert frames[1][:, 24:40].min() > 180
    assert frames[1][:, 48:].max() < 40


def test_another_size_can_be_an_error(tmp_path):
    writer = TrackVideoWriter(tmp_path / "video.mp4", size_change="error")
    writer.append(plain(100))
    with pytest.raises(
        ValueError, match=r"frame 1 of video.mp4 is 24 x 48 but the video is 64 x 48"
    ):
        writer.append(plain(100, 48, 24))
    writer.stop()


def test_an_unfinished_video_stays_partial_and_readable(tmp_path):
    path = tmp_path / "video.mp4"
    path.write_bytes(b"the old one")
    with pytest.raises(ValueError, match="uint8"):
        write(path, [plain(100), np.zeros(3)])
    assert path.read_bytes() == b"the old one"
    assert len(read(tmp_path / "video.partial.mp4")[0]) == 1


def test_a_folder_that_cannot_be_opened(tmp_path):
    (tmp_path / "video.partial.mp4").mkdir()  # nothing can be written to this name
    writer = TrackVideoWriter(tmp_path / "video.mp4")
    with pytest.raises(
        OSError, match=r"cannot open .*64 x 48 video at 25 frames/s with codec 'mp4v'"
    ):
        writer.append(plain(100))


def test_unknown_codec(tmp_path):
    writer = TrackVideoWriter(tmp_path / "video.mp4", codec="ZZZZ")
    with pytest.raises(OSError, match="cannot open"):
        writer.append(plain(100))


def test_closed_and_empty(tmp_path):
    writer = TrackVideoWriter(tmp_path / "video.mp4")
    writer.append(plain(100))
    assert writer.finish() == tmp_path / "video.mp4"
    with pytest.raises(RuntimeError, match="closed already"):
        writer.append(plain(100))
    with pytest.raises(RuntimeError, match="closed already"):
        writer.finish()
    with pytest.raises(RuntimeError, match="no frame was added"):
        TrackVideoWriter(tmp_path / "empty.mp4").finish()
    assert [p.name for p in tmp_path.iterdir()] == ["video.mp4"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(fps=0), "fps"),
        (dict(fps=float("nan")), "fps"),
        (dict(codec="mp4"), "four letters"),
        (dict(size_change="crop"), "size_change"),
    ],
)
def test_bad_options(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        TrackVideoWriter(tmp_path / "video.mp4", **options)


def test_bad_frames(tmp_path):
    writer = TrackVideoWriter(tmp_path / "video.mp4")
    for frame in (np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3))):
        with pytest.raises(ValueError, match="uint8 RGB"):
            writer.append(frame)
