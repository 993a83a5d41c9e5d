"""The command's table and its complaints, with a network that knows colours."""

import json
import sys

import pytest


@pytest.fixture
def run(monkeypatch, capsys, tmp_path, correspondence_tool):
    """Calls the tool on a small video; status, what it printed and what it complained of."""
    tool = correspondence_tool("correspondence_pck")

    def call(*arguments, checkpoint="weights.pth"):
        arguments = [tmp_path / "config.py", tmp_path / checkpoint, *arguments]
        arguments = [*arguments, "--device", "cpu", "--quiet"]
        if "--ann-file" in arguments:
            arguments += ["--long-side", 64]
        monkeypatch.setattr(sys, "argv", ["correspondence_pck.py", *map(str, arguments)])
        status = tool.main()
        return (status, *capsys.readouterr())

    return call


def rows(printed: str) -> list[list[str]]:
    lines = [line for line in printed.splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines]


def test_the_table_and_the_file(run, tmp_path) -> None:
    """The person goes 4 pixels a frame; the diagonal of the box is 50."""
    out = tmp_path / "a.json"
    where = ["--ann-file", tmp_path / "annotations/val", "--images", tmp_path]
    arguments = [*where, "--steps", 1, 3, "--stills", "--max-stills", 2, "--out", out]
    status, printed, error = run(*arguments)
    assert (status, error) == (0, "")
    assert "t, t + 1: 3 pairs of images, 3 people, 12 joints" in printed
    assert "t, t + 3: 1 pairs of images, 1 people, 4 joints" in printed
    assert "stills: 2 pairs of images, 2 people, " in printed
    table = rows(printed)
    ways = ["correspondences", "raw affinity", "flow, chained", "flow, direct", "no motion"]
    assert [row[1] for row in table] == [*ways, *ways, *(w for w in ways if "chained" not in w)]
    assert table[0][0] == "t, t + 1" and table[0][3] == "100.0"
    assert table[4][2:] == ["0.0", "100.0", "4.0"] and table[9][2:] == ["0.0", "0.0", "12.0"]
    record = json.loads(out.read_text())
    assert list(record["found"]) == ["t, t + 1", "t, t + 3", "stills"]
    assert record["found"]["t, t + 1"]["figures"]["no motion"]["median"] == 4
    assert record["long_side"] == 64 and record["starts"] is None
    assert record["flow_long_side"] == 512
    assert "exists; pass --overwrite" in run(*arguments)[2]
    status, printed, _ = run(*where, "--steps", 1, "--starts", 0, "--videos", "v1")
    assert status == 0 and "t, t + 1: 1 pairs of images" in printed
    shorter = run(*where, "--steps", 3, "--flow-long-side", 16)[1]
    flows = [row[2:] for row in rows(shorter) if row[1].startswith("flow")]
    assert flows != [row[2:] for row in table[7:9]]  # the option acts


def test_bad_input(run, tmp_path) -> None:
    where = ["--ann-file", tmp_path / "annotations/val", "--images", tmp_path]
    for arguments, options, message in (
        ([], {}, "give --ann-file and --images (videos), --stills, or all of them"),
        (where[:2], {}, "--ann-file and --images go together"),
        (["--stills", "--starts", 0], {}, "--starts: for --ann-file only"),
        (["--stills", "--steps", 1, "--long-side", 64], {}, "--steps, --long-side: for"),
        (["--stills", "--frame-order", "names"], {}, "--frame-order: for --ann-file only"),
        ([*where, "--max-stills", 1], {}, "--max-stills is for --stills"),
        (["--stills", "--flow-long-side", 8], {}, "--flow-long-side must be 16 or more"),
        (["--stills", "--max-stills", 0], {}, "max_pairs must be 1 or more"),
        ([*where, "--steps", 0], {}, "steps must be 1 frame or more"),
        ([*where, "--steps", 9], {}, "[9] frames apart"),
        ([*where, "--videos", "v9"], {}, "v9"),
        (["--stills"], dict(checkpoint="none.pth"), "none.pth"),
    ):
        status, _, error = run(*arguments, **options)
        assert status == 2 and message in error, error
        assert error.startswith("correspondence_pck.py: error: ") and error.count("\n") == 1


def test_an_unreadable_frame(run, tmp_path) -> None:
    (tmp_path / "images/val/v1/000002.png").write_bytes(b"broken")
    status, _, error = run("--ann-file", tmp_path / "annotations/val", "--images", tmp_path)
    assert status == 2 and "000002.png" in error and error.count("\n") == 1
