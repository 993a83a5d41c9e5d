import pytest
from mmengine.logging import MMLogger

from mmpose_temporal.utils.listing import is_input, list_inputs, natural_key
from mmpose_temporal.utils.warn_once import log_once


def test_natural_key():
    names = ["v10", "v9", "v1a", "v1", "v01", "a", "v", "v2b10", "v2b9", "7", "²"]
    expected = ["7", "a", "v", "v01", "v1", "v1a", "v2b9", "v2b10", "v9", "v10", "²"]
    assert sorted(names, key=natural_key) == expected
    huge = ["1" * 5000, "9" * 4999]  # int() refuses so many digits
    assert sorted(huge, key=natural_key) == huge[::-1]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("v.json", True),
        ("partial.json", True),
        ("my.partialview.json", True),
        ("tmp", True),
        (".v.json", False),
        (".v.json.a1b2.json", False),
        ("._000001.jpg", False),
        ("v.json~", False),
        ("v.json.tmp", False),
        ("v.json.partial", False),
        ("v.partial.mp4", False),
        ("V.PARTIAL.JSON", False),
    ],
)
def test_is_input(name, expected):
    assert is_input(name) is expected


@pytest.fixture
def log(tmp_path):
    """The lines that are logged."""
    log_once.cache_clear()
    name, file = f"listing_{tmp_path.name}", tmp_path / "log.txt"
    logger = MMLogger.get_instance(name, log_file=str(file))
    yield lambda: file.read_text().splitlines()
    for handler in logger.handlers:
        handler.close()
    MMLogger._instance_dict.pop(name)


def test_folder(tmp_path, log):
    folder = tmp_path / "notes"
    (folder / "more").mkdir(parents=True)
    (folder / "folder.json").mkdir()
    names = ["v10.json", "v9.JSON", "v.txt", ".v.json", "v.json~", "v.json.tmp", "more/x.json"]
    for name in names:
        (folder / name).write_text("{}")
    listing = list_inputs(folder, (".json",))
    assert [path.name for path in listing.files] == ["v9.JSON", "v10.json"]
    assert [path.name for path in listing.left_out] == [".v.json", "v.json.tmp", "v.json~"]
    assert len(log()) == 1 and "3 hidden or unfinished files are left out (.v.json, " in log()[0]
    list_inputs(folder, (".json",))
    assert len(log()) == 1
    found = list_inputs(folder, (".json",), recursive=True).files
    assert [path.relative_to(folder).as_posix() for path in found] == [
        "more/x.json",
        "v9.JSON",
        "v10.json",
    ]


def test_a_link_that_leads_nowhere_is_listed(tmp_path):
    """Its file is missing, as where an annexed file was not fetched; so reading it must fail."""
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "b.json").symlink_to(tmp_path / "a.json")
    (tmp_path / "c.json").symlink_to(tmp_path / "nowhere")
    (tmp_path / "d.json").symlink_to(tmp_path / "d.json")
    (tmp_path / "e.json").symlink_to(tmp_path)  # a folder
    found = [path.name for path in list_inputs(tmp_path, (".json",)).files]
    assert found == ["a.json", "b.json", "c.json", "d.json"]


def test_hidden_folders(tmp_path):
    for name in (".trash/1.jpg", "v/1.jpg", "v/.thumbs/1.jpg", ".v.partial/1.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    listing = list_inputs(tmp_path, (".jpg",), recursive=True)
    assert listing.files == [tmp_path / "v" / "1.jpg"]
    assert len(listing.left_out) == 3
    # a hidden folder that the user names is input
    assert len(list_inputs(tmp_path / ".trash", (".jpg",), recursive=True).files) == 1


def test_no_folder(tmp_path):
    with pytest.raises(FileNotFoundError):
        list_inputs(tmp_path / "nowhere", (".json",))
