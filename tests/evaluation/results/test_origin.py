"""Where figures come from."""

import hashlib
import subprocess
from pathlib import Path

import pytest
import torch

from mmpose_temporal.evaluation.results import (
    checkpoint_origin,
    file_hash,
    git_commit,
    run_origin,
    software,
)
from mmpose_temporal.version import __version__


def test_hash_of_a_checkpoint(tmp_path):
    path = tmp_path / "a.pth"
    path.write_bytes(b"x" * (2**20 + 7))  # more than one block
    expected = hashlib.sha256(b"x" * (2**20 + 7)).hexdigest()
    assert file_hash(path) == expected
    assert checkpoint_origin(path) == dict(path=str(path), sha256=expected)
    assert checkpoint_origin(None) is None
    with pytest.raises(FileNotFoundError):
        checkpoint_origin(tmp_path / "absent.pth")


def test_an_address_is_hashed_where_torch_keeps_it(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    address = "https://example.com/a-12345678.pth"
    assert checkpoint_origin(address) == dict(path=address, sha256=None)
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "a-12345678.pth").write_bytes(b"abc")
    assert checkpoint_origin(address)["sha256"] == hashlib.sha256(b"abc").hexdigest()


def test_commit_of_the_repository_that_tracks_a_folder(tmp_path):
    def git(*arguments):
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=b@c", *arguments],
            cwd=tmp_path,
            check=True,
            capture_output=True,
        )

    package = tmp_path / "package"
    package.mkdir()
    assert git_commit(package) == (None, None)
    git("init", "-q")
    (package / "a.py").write_text("1")
    assert git_commit(package) == (None, None)  # in a repository that does not track it
    git("add", "package/a.py")
    git("commit", "-qm", "a")
    commit, changed = git_commit(package)
    assert len(commit) == 40 and changed is False
    (package / "a.py").write_text("2")
    assert git_commit(package) == (commit, True)


def test_a_run():
    run = run_origin(command=["tool", "two words"], boxes=dict(source="gt"))
    assert run["command"] == "tool 'two words'"
    assert run["date"].endswith("+00:00")
    assert run["checkpoint"] is None and run["config"] is None
    assert run["boxes"] == dict(source="gt") and run_origin()["boxes"] == dict(source=None)
    assert run["software"] == software()
    assert run["software"]["mmpose_temporal"] == __version__
    assert run["software"]["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert not Path(run["software"]["commit"] or "").is_absolute()
