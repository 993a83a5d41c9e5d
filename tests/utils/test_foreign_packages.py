"""Packages that a config names and that are not there, or do not import."""

import sys

import pytest
from mmpose.registry import MODELS

from mmpose_temporal.testing import tiny_tracker_config
from mmpose_temporal.utils.foreign_packages import require_packages


def test_a_package_that_is_not_there():
    config = tiny_tracker_config()
    config["estimator"]["backbone"] = dict(type="no_such_package.ViT")
    with pytest.raises(
        ImportError, match=r"no_such_package\.ViT needs the package no_such_pack"
    ) as e:
        MODELS.build(config)
    assert "ModuleNotFoundError: No module named" in str(e.value)
    assert str(e.value).endswith("To fix it: install no_such_package")


@pytest.mark.parametrize(
    "settings", [{"type": "mmpretrain.ViT"}, {"type": "V", "_scope_": "mmpretrain"}]
)
def test_a_package_that_does_not_import(tmp_path, monkeypatch, settings):
    """As mmpretrain 1.2.0 without importlib_metadata."""
    (tmp_path / "mmpretrain").mkdir()
    (tmp_path / "mmpretrain/__init__.py").write_text("")
    (tmp_path / "mmpretrain/models.py").write_text("import no_such_library")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "mmpretrain", raising=False)
    text = (
        r"needs the package mmpretrain, .*No module named 'no_such_library'.*mmpretrain==1\.2\.0"
    )
    with pytest.raises(ImportError, match=text) as error:
        require_packages(dict(model=[dict(backbone=settings)]))
    assert "\n" not in str(error.value)
    monkeypatch.delitem(sys.modules, "mmpretrain")


def test_packages_that_are_there():
    require_packages(tiny_tracker_config())
    require_packages(dict(type="mmpose.HRNet", other=dict(type="torch.nn.ReLU"), more=[1, "a.b"]))
