import importlib.util
import sys
from pathlib import Path

import pytest
from mmengine.config import Config

ROOT = Path(__file__).resolve().parents[3]
CONFIG = (
    ROOT / "configs/keytrack/synthetic/oks-tracker_toks35_td-hm_hrnet-tiny_synthetic-128x96.py"
)


@pytest.fixture
def run(monkeypatch, capsys):
    """Calls the tool with arguments; status, what it printed and its error message."""
    spec = importlib.util.spec_from_file_location(
        "print_config", ROOT / "tools" / "analysis_tools" / "print_config.py"
    )
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["print_config.py", *map(str, arguments)])
        status = tool.main()
        return (status, *capsys.readouterr())

    return call


def test_chain_and_content(run, tmp_path):
    status, printed, _ = run(CONFIG, "--cfg-options", "model.propagation.alpha=1.4")
    assert status == 0
    first, *_ = lines = printed.splitlines()
    assert first == f"# {CONFIG}"
    # each level is indented; the shipped runtime of mmpose is level 4
    chain = [line for line in lines if line.startswith("#")]
    assert [line.index("/") for line in chain[:4]] == [2, 6, 10, 14]
    assert "/mmpose/" in chain[3]
    # what is printed is a config, the file list a comment in it
    (tmp_path / "flat.py").write_text(printed)
    flat = Config.fromfile(tmp_path / "flat.py").to_dict()
    expected = Config.fromfile(CONFIG)
    expected.model.propagation.alpha = 1.4
    assert flat == expected.to_dict()


def test_written_to_a_file(run, tmp_path):
    status, printed, _ = run(CONFIG, "--out", tmp_path / "new" / "flat.py")
    assert status == 0
    assert "BoxPropagation" not in printed and "model = " not in printed
    assert Config.fromfile(tmp_path / "new/flat.py").model == Config.fromfile(CONFIG).model


def test_bad_input(run, tmp_path):
    status, _, error = run(tmp_path / "none.py")
    assert status == 2 and "none.py" in error
    status, _, error = run(CONFIG, "--out", tmp_path / "flat.txt")
    assert status == 2 and ".py" in error
    (tmp_path / "broken.py").write_text("model = dict(\n")
    assert run(tmp_path / "broken.py")[0] == 2
