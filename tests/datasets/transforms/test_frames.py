import logging
from contextlib import contextmanager

import cv2
import mmcv
import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger
from mmpose.structures import PoseDataSample

from mmpose_temporal.datasets import LoadVideoFrame, PackFrameInputs


def frame(path, **extra) -> dict:
    return dict(img_path=str(path), video_id="v1", frame_index=7, **extra)


@contextmanager
def warnings_of_mmengine():
    """The texts that the current logger gets."""
    texts = []

    class Handler(logging.Handler):
        def emit(self, record):
            texts.append((record.levelno, record.getMessage()))

    logger = MMLogger.get_instance("here")
    handler = Handler()
    logger.addHandler(handler)
    yield texts
    logger.removeHandler(handler)


def write_jpeg(path, size=(64, 48)) -> bytes:
    image = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    data = cv2.imencode(".jpg", cv2.GaussianBlur(image, (0, 0), 3))[1].tobytes()
    path.write_bytes(data)
    return data


def missing(path):
    pass


def empty(path):
    path.write_bytes(b"")


def truncated(path):
    data = write_jpeg(path, size=(320, 240))
    path.write_bytes(data[: len(data) // 2])


def no_image(path):
    path.write_text("<html>404</html>")


def of_another_size(path):
    write_jpeg(path, size=(48, 64))


BROKEN = [missing, empty, truncated, no_image, of_another_size]


@pytest.mark.parametrize("break_it", BROKEN)
def test_a_broken_frame_raises_and_is_named(tmp_path, break_it):
    path = tmp_path / "000007.jpg"
    break_it(path)
    with pytest.raises(ValueError, match=r"video v1, frame 7: cannot use .*000007\.jpg"):
        LoadVideoFrame()(frame(path, annotated_size=(64, 48)))


@pytest.mark.parametrize("break_it", BROKEN)
def test_a_broken_frame_is_skipped_and_reported(tmp_path, break_it):
    path = tmp_path / "000007.jpg"
    break_it(path)
    given = frame(path, annotated_size=(64, 48), other=3)
    with warnings_of_mmengine() as texts:
        result = LoadVideoFrame(on_error="skip")(given)
    assert result["frame_readable"] is False
    assert result["img"].shape == (0, 0, 3)
    assert result["img"].dtype == np.uint8
    assert result["ori_shape"] == result["img_shape"] == (48, 64)  # as annotated: (H, W)
    assert result["other"] == 3
    assert "img" not in given
    ((level, text),) = texts
    assert level == logging.WARNING
    assert "video v1, frame 7" in text
    assert "skipped" in text


@pytest.mark.parametrize("backend", ["cv2", "pillow"])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp"])
def test_damaged_bytes_are_skipped_by_either_decoder(tmp_path, backend, suffix):
    """200 files with some bytes changed or the end cut off; most are no images any more."""
    path, rng = tmp_path / f"x{suffix}", np.random.default_rng(0)
    data = cv2.imencode(suffix, rng.integers(0, 256, (12, 16, 3), dtype=np.uint8))[1]
    load = LoadVideoFrame(on_error="skip", imdecode_backend=backend)
    readable = 0
    for _ in range(200):
        damaged = data[: rng.integers(len(data))] if rng.random() < 0.5 else data.copy()
        damaged[rng.integers(max(len(damaged), 1), size=min(len(damaged), 4))] = 255
        path.write_bytes(damaged.tobytes())
        readable += load(frame(path, annotated_size=(16, 12)))["frame_readable"]
    assert readable < 200


@pytest.mark.parametrize("backend", ["cv2", "pillow"])
def test_an_impossible_size_is_skipped(tmp_path, backend):
    """OpenCV raises its own error, Pillow a DecompressionBombError."""
    data = bytearray(cv2.imencode(".bmp", np.zeros((12, 16, 3), np.uint8))[1].tobytes())
    data[18:26] = (60000).to_bytes(4, "little") * 2  # width and height in the header
    (tmp_path / "x.bmp").write_bytes(data)
    load = LoadVideoFrame(on_error="skip", imdecode_backend=backend)
    assert load(frame(tmp_path / "x.bmp"))["frame_readable"] is False


@pytest.mark.parametrize("on_error", ["raise", "skip"])
@pytest.mark.parametrize("error", [ImportError, KeyError, MemoryError, AttributeError])
def test_what_is_no_fault_of_the_frame_stops_the_test(tmp_path, monkeypatch, on_error, error):
    def decode(*args, **kwargs):
        raise error("not the frame")

    write_jpeg(tmp_path / "x.jpg")
    monkeypatch.setattr("mmcv.imfrombytes", decode)
    with pytest.raises(error, match="not the frame"):
        LoadVideoFrame(on_error=on_error)(frame(tmp_path / "x.jpg"))


def test_a_missing_path_is_no_unreadable_frame():
    with pytest.raises(KeyError, match="img_path"):
        LoadVideoFrame(on_error="skip")(dict(video_id="v1", frame_index=7))


def test_an_unknown_decoder_is_refused():
    with pytest.raises(ValueError, match="imdecode_backend must be one of .* got 'pil'"):
        LoadVideoFrame(on_error="skip", imdecode_backend="pil")


def test_a_decoder_that_is_not_installed_is_said_at_once(monkeypatch):
    monkeypatch.setattr("mmcv.image.io.TurboJPEG", None)
    monkeypatch.setattr("mmcv.image.io.jpeg", None)
    with pytest.raises(ImportError, match="PyTurboJPEG"):
        LoadVideoFrame(on_error="skip", imdecode_backend="turbojpeg")
    assert mmcv.image.io.imread_backend == "cv2"  # as before
    with pytest.raises(ValueError, match="OpenCV \\('cv2'\\) reads TIFF"):
        LoadVideoFrame(imdecode_backend="tifffile")


def test_the_wrong_size_is_said(tmp_path):
    of_another_size(tmp_path / "x.jpg")
    with pytest.raises(ValueError, match="it is 48x64, its annotation says 64x48"):
        LoadVideoFrame()(frame(tmp_path / "x.jpg", annotated_size=(64, 48)))


@pytest.mark.parametrize("size", [dict(), dict(annotated_size=None)])
def test_skipped_without_a_known_size(tmp_path, size):
    result = LoadVideoFrame(on_error="skip")(frame(tmp_path / "x.jpg", **size))
    assert result["ori_shape"] == (0, 0)


@pytest.mark.parametrize("size", [dict(), dict(annotated_size=None), dict(annotated_size=(4, 3))])
@pytest.mark.parametrize("on_error", ["raise", "skip"])
def test_a_good_frame_is_bgr_as_stored(tmp_path, size, on_error):
    image = np.zeros((3, 4, 3), np.uint8)
    image[1, 2] = (10, 20, 30)
    cv2.imwrite(str(tmp_path / "x.png"), image)
    result = LoadVideoFrame(on_error=on_error)(frame(tmp_path / "x.png", **size))
    np.testing.assert_array_equal(result["img"], image)
    assert result["ori_shape"] == result["img_shape"] == (3, 4)
    assert result["frame_readable"] is True


def test_grey_and_transparent_files_have_three_channels(tmp_path):
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((3, 4), 9, np.uint8))
    cv2.imwrite(str(tmp_path / "alpha.png"), np.full((3, 4, 4), 9, np.uint8))
    for name in ("grey.png", "alpha.png"):
        image = LoadVideoFrame()(frame(tmp_path / name))["img"]
        np.testing.assert_array_equal(image, np.full((3, 4, 3), 9, np.uint8))


@pytest.mark.parametrize("option", ["to_float32", "color_type", "ignore_empty"])
def test_options_that_are_not_taken(option):
    with pytest.raises(ValueError, match=f"takes no {option}"):
        LoadVideoFrame(**{option: True})


def test_unknown_on_error():
    with pytest.raises(ValueError, match="'raise' or 'skip', got 'ignore'"):
        LoadVideoFrame(on_error="ignore")


def results(num_people: int, **extra) -> dict:
    info = {key: key for key in PackFrameInputs.META_KEYS}
    return dict(
        info,
        img=np.arange(24, dtype=np.uint8).reshape(2, 4, 3),
        bboxes=np.ones((num_people, 4), np.float32),
        keypoints=np.ones((num_people, 17, 2), np.float32),
        keypoints_visible=np.ones((num_people, 17), np.float32),
        head_boxes=np.full((num_people, 4), np.nan, np.float32),
        track_ids=np.arange(num_people),
        clip_proposals=False,
        **extra,
    )


@pytest.mark.parametrize("num_people", [0, 1, 3])
def test_pack(num_people):
    given = results(
        num_people,
        proposals=np.zeros((2, 4), np.float32),
        proposal_scores=np.array([0.5, 0.25], np.float32),
    )
    packed = PackFrameInputs()(given)
    assert packed.keys() == {"inputs", "data_samples"}
    assert packed["inputs"].dtype == torch.uint8
    np.testing.assert_array_equal(packed["inputs"].numpy(), given["img"])
    sample = packed["data_samples"]
    assert isinstance(sample, PoseDataSample)
    assert {key: sample.get(key) for key in sample.metainfo_keys()} == {
        key: key for key in PackFrameInputs.META_KEYS
    }
    assert len(sample.gt_instances) == num_people
    assert sample.gt_instances.bbox_scores.tolist() == [1.0] * num_people
    assert sample.gt_instances.track_ids.tolist() == list(range(num_people))
    assert sample.proposals.bbox_scores.tolist() == [0.5, 0.25]


def test_what_is_known_of_some_videos_is_packed_too():
    """The frame's time, and whether the video is crowded (docs/ptm.md)."""
    known = dict(frame_number=7, frame_step=2, time=0.5, crowded=False)
    for given in (known, dict(crowded=True), {}):
        sample = PackFrameInputs()(results(1, **given))["data_samples"]
        assert {key: sample.get(key) for key in known if key in sample} == given


def test_annotated_boxes_are_cut_at_the_border_as_in_training():
    given = results(
        1,
        proposals=np.array([[-3, 1, 9, 5]], np.float32),
        proposal_scores=np.ones(1, np.float32),
    )
    given.update(clip_proposals=True, ori_shape=(2, 4))  # 4 wide, 2 high: x <= 3, y <= 1
    assert PackFrameInputs()(given)["data_samples"].proposals.bboxes.tolist() == [[0, 1, 3, 1]]


def test_pack_does_not_copy_the_image():
    given = results(1)
    packed = PackFrameInputs()(given)
    given["img"][0, 0, 0] = 99
    assert packed["inputs"][0, 0, 0] == 99


def test_without_proposals_there_is_no_such_field():
    assert "proposals" not in PackFrameInputs()(results(1))["data_samples"]


def test_a_missing_key_is_an_error():
    given = results(1)
    del given["video_id"]
    with pytest.raises(KeyError, match="video_id"):
        PackFrameInputs()(given)


# -------------------------------------------------------------------- images that are there


def test_an_image_that_is_there_is_not_read():
    image = np.full((3, 4, 3), 7, np.uint8)
    result = LoadVideoFrame()(dict(img=image, img_path="nowhere.png"))
    assert result["img"] is image
    assert result["ori_shape"] == (3, 4) and result["frame_readable"]


@pytest.mark.parametrize(
    "image", [np.zeros((3, 4), np.uint8), np.zeros((3, 4, 3)), np.zeros((3, 4, 4), np.uint8), "x"]
)
def test_what_is_no_image(image):
    with pytest.raises(ValueError, match=r"^cannot use the image \('img' must be an array \(H, W"):
        LoadVideoFrame(on_error="skip")(dict(img=image))


def test_an_image_of_another_size_than_stated():
    given = dict(img=np.zeros((3, 4, 3), np.uint8), annotated_size=(3, 4), video_id="a")
    with pytest.raises(ValueError, match="video a, frame None: .*it is 4x3, its annotation says"):
        LoadVideoFrame()(given)


def test_a_single_image_is_not_skipped(tmp_path):
    (tmp_path / "x.png").write_bytes(b"")
    with pytest.raises(ValueError, match=r"^cannot use .*x\.png"):
        LoadVideoFrame(on_error="skip")(dict(img_path=str(tmp_path / "x.png")))
