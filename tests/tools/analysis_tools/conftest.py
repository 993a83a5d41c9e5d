"""A small video of joints in colours for the tools that look at correspondences."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from mmengine.logging import MMLogger

from mmpose_temporal.testing.colored_joints import (
    colored_stills_config,
    joint_network_config,
    save_joint_network,
    write_colored_video,
)

TOOLS = Path(__file__).resolve().parents[3] / "tools" / "analysis_tools"


@pytest.fixture
def correspondence_tool(tmp_path) -> Callable[[str], ModuleType]:
    """Loads a tool by name; the video, ``weights.pth`` and ``config.py`` are in ``tmp_path``."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, TOOLS / f"{name}.py")
        tool = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(tool)
        write_colored_video(tmp_path)
        save_joint_network(tmp_path / "weights.pth")
        MMLogger._instance_dict.clear()  # the log of this building is not the tool's
        dataset = colored_stills_config(tmp_path)
        config = dict(model=joint_network_config(), val_dataloader=dict(dataset=dataset))
        text = "\n".join(f"{name} = {value!r}" for name, value in config.items())
        (tmp_path / "config.py").write_text(text)
        return tool

    return load
