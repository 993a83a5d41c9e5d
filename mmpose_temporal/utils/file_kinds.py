"""What a file is that was given in place of a JSON file, and what to do with it instead."""

from pathlib import Path

VIDEO_SUFFIXES = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".flv")
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".gif")

FRAMES_OF_VIDEO = (
    "write its frames to a folder first: ffmpeg -i VIDEO -start_number 0 FRAMES/%06d.jpg"
)
"""What tools that want frames say to a video."""

POSES_OF_VIDEO = (
    "it holds no poses: estimate them first, for example by mmpose's demo/inferencer_demo.py "
    "VIDEO --pose2d human --pred-out-dir POSES"
)

_KINDS = {
    "a video": (VIDEO_SUFFIXES, POSES_OF_VIDEO),
    "an image": (IMAGE_SUFFIXES, "poses and annotations are JSON files that name their images"),
    "a checkpoint": (
        (".pth", ".pt", ".ckpt", ".safetensors"),
        "weights are given by --checkpoint or in the config, poses and annotations are JSON files",
    ),
    "a config or a program": ((".py",), "poses and annotations are JSON files; look at the order"),
    "a table": (
        (".csv", ".tsv", ".txt"),
        "poses are read from JSON files; csv and MOT text are only written (export_tracks.py)",
    ),
    "a pickle": ((".pkl", ".pickle"), "pickles are not read, since they can run code: write JSON"),
    "arrays": ((".npz", ".npy"), "it is written for other programs (export_tracks.py), not read"),
    "a MATLAB file": (
        (".mat",),
        "convert PoseTrack17 and Multi-Person PoseTrack first (tools/dataset_converters)",
    ),
    "compressed (gzip)": ((".gz", ".tgz"), "unpack it first"),
    "an archive": ((".zip", ".tar", ".7z", ".rar", ".xz"), "unpack it first"),
}
"""Kind -> endings of names, and what to do."""

_HEADS = (
    (b"\xff\xd8\xff", "an image"),
    (b"\x89PNG", "an image"),
    (b"GIF8", "an image"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"\x00\x00\x01\xba", "a video"),
    (b"MATLAB 5", "a MATLAB file"),
    (b"\x89HDF", "a MATLAB file"),
    (b"\x93NUMPY", "arrays"),
    (b"PK\x03\x04", "a checkpoint"),  # or any other zip archive; the name decides before
    (b"\x80\x02", "a checkpoint"),
    (b"\x1f\x8b", "compressed (gzip)"),
)


def other_than_json(path: str | Path, head: bytes) -> str | None:
    """What a file is, and what to do, if it is of a kind that is no JSON whatever it holds.

    Args:
        path: The file; the ending of its name decides, unless it is ``.json`` or unknown.
        head: Its first bytes.

    Returns:
        ``'is a video: ...'``; None for what may be JSON.
    """
    suffix = Path(path).suffix.lower()
    kind = next((kind for kind, (endings, _) in _KINDS.items() if suffix in endings), None)
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")
    if text:
        return None  # JSON under another name
    if kind is None:
        kind = next((kind for start, kind in _HEADS if head.startswith(start)), None)
    if kind is None and (head[4:8] == b"ftyp" or (head[:4] == b"RIFF" and head[8:11] == b"AVI")):
        kind = "a video"
    return None if kind is None else f"is {kind}: {_KINDS[kind][1]}"


def note_on_folder(folder: str | Path) -> str:
    """``'; it holds a video (a.mp4): ...'`` for a folder without JSON files; may be empty."""
    names = sorted(path.name for path in Path(folder).iterdir() if not path.name.startswith("."))
    for name in names:
        if Path(name).suffix.lower() in (".py", ".txt"):
            continue  # they lie in folders of any kind
        found = other_than_json(name, b"")
        if found is not None:
            return f"; it holds {name}, which {found}"
    below = next((name for name in names if any(Path(folder, name).glob("*.json"))), None)
    return "" if below is None else f"; there are some in {Path(folder, below)}"
