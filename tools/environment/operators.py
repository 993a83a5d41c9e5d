"""mmcv's operators compiled as three files instead of 77, which takes a minute instead of ten.

Nearly all of the time goes into torch's headers, which the compiler reads once for each file. A
"unity build" includes many of mmcv's files in one, so that it reads them once for all. The
operators are the same, and so are the names that Python sees. Written for mmcv 2.0 and 2.1.

mmcv's setup.py names the C++ standard that it compiles with, and the headers of later versions of
torch refuse it. `needed_standard` says what they ask for, `raise_standard` writes it there.
"""

from __future__ import annotations

import re
from pathlib import Path

from .steps import SetupError

SOURCES = Path("mmcv/ops/csrc/pytorch")
STANDARD = 17  # of C++, in setup.py of mmcv 2.1 for torch 1.13 and later
BINDINGS = "pybind.cpp"  # stays as it is: alone it takes as long as all the others together
#: Helpers that several files of cpu/ define, each in its own way.
SHARED_NAMES = (
    "PreCalc",
    "add",
    "bilinear_interpolate",
    "bilinear_interpolate_gradient",
    "pre_calc_for_bilinear_interpolate",
)
#: The files whose helpers get names of their own; bezier_align keeps the names above.
RENAMED = ("roi_align", "roi_align_rotated", "rotated_feature_align")
LAST = ("psamask",)  # defines the macros min and max, which no other file may see

#: Run beside the unpacked wheel or in the environment. Arguments: the names of the extension's
#: functions, or none to leave them unchecked. Each operator is called where the answer is known.
CHECK = """
import sys
import torch
from mmcv import _ext
from mmcv.ops import DeformConv2d, ModulatedDeformConv2d, RoIAlign, RoIAlignRotated, nms

missing = sorted(set(sys.argv[1:]) - set(dir(_ext)))
assert not missing, f"mmcv's extension lacks {len(missing)} functions: {' '.join(missing)}"

boxes = torch.tensor([[0.0, 0, 10, 10], [1, 1, 10, 10], [20, 20, 30, 30]])
_, kept = nms(boxes, torch.tensor([0.9, 0.8, 0.7]), iou_threshold=0.5)
assert kept.tolist() == [0, 2], f"mmcv's nms kept {kept.tolist()} instead of [0, 2]"

ramp = torch.arange(8.0).repeat(1, 1, 8, 1)  # the value at a point is its x
middle = torch.full((1, 1, 1, 1), 3.0)
upright = RoIAlign(1, aligned=False)(ramp, torch.tensor([[0.0, 2, 2, 4, 4]]))
torch.testing.assert_close(upright, middle)
rotated = RoIAlignRotated(1, 1.0, aligned=False)(ramp, torch.tensor([[0.0, 3, 3, 2, 2, 0.5]]))
torch.testing.assert_close(rotated, middle)

x = torch.linspace(-1, 1, 50).reshape(1, 2, 5, 5)
still = torch.zeros(1, 18, 3, 3)  # nothing deformed: a plain convolution
for layer, rest in (
    (DeformConv2d(2, 2, 3), ()),
    (ModulatedDeformConv2d(2, 2, 3, bias=False), (torch.ones(1, 9, 3, 3),)),
):
    expected = torch.nn.functional.conv2d(x, layer.weight)
    torch.testing.assert_close(layer(x, still, *rest), expected)
"""


class UnexpectedSources(SetupError):
    """The files are not laid out as this module knows them."""


def unite(root: Path) -> int:
    """Rewrite the unpacked sources of mmcv in place, so that setup.py finds three files.

    setup.py compiles each `.cpp` of `mmcv/ops/csrc/pytorch` and its `cpu`. Those but pybind.cpp
    become `.inc` files, which two new `.cpp` files include. Only without GPU operators: their
    files are not touched and may define the same helpers.

    Args:
        root: The folder of mmcv's setup.py.

    Returns:
        The number of files that were there to compile.

    Raises:
        UnexpectedSources: If pybind.cpp or the operators' files are missing.
    """
    folder = root / SOURCES
    dispatch = sorted(path for path in folder.glob("*.cpp") if path.name != BINDINGS)
    cpu = sorted((folder / "cpu").glob("*.cpp"), key=lambda path: (path.stem in LAST, path.stem))
    if not ((folder / BINDINGS).is_file() and dispatch and cpu):
        raise UnexpectedSources(f"{folder} has no {BINDINGS} or no operators")
    # One after the other in the order of their names, the longest first: two processors end alike.
    for name, paths in (("united_cpu.cpp", cpu), ("united_dispatch.cpp", dispatch)):
        lines: list[str] = []
        for path in paths:
            path.rename(path.with_suffix(".inc"))
            included = path.with_suffix(".inc").relative_to(folder).as_posix()
            own = SHARED_NAMES if path.parent.name == "cpu" and path.stem in RENAMED else ()
            lines += [f"#define {shared} {path.stem}_{shared}" for shared in own]
            lines += [f'#include "{included}"']
            lines += [f"#undef {shared}" for shared in own]
        (folder / name).write_text("\n".join(lines) + "\n")
    return 1 + len(dispatch) + len(cpu)


def needed_standard(header: Path) -> int:
    """The C++ standard without which torch cannot be compiled against.

    Args:
        header: torch's ATen/ATen.h, which compares `__cplusplus` with the year and month of the
            standard.

    Returns:
        17 for C++17, 20 for C++20, and so on; 0 if the header asks for none.
    """
    years = re.findall(r"__cplusplus\s*<\s*20(\d\d)\d\dL", header.read_text())
    return max(map(int, years), default=0)


def raise_standard(root: Path, standard: int) -> int:
    """Let setup.py compile with at least this C++ standard, GPU operators included.

    Args:
        root: The folder of mmcv's setup.py, which is rewritten in place.
        standard: 17 for C++17, 20 for C++20, and so on.

    Returns:
        The number of flags that named an older standard.

    Raises:
        UnexpectedSources: If setup.py names no standard.
    """
    path = root / "setup.py"
    flag = re.compile(r"([-/]std[=:]c\+\+)(\d\d)\b")
    text = path.read_text()
    found = [int(number) for _, number in flag.findall(text)]
    if not found:
        raise UnexpectedSources(
            f"{path} names no C++ standard such as -std=c++{STANDARD}, and this torch asks for "
            f"C++{standard}. Choose another pair with TORCH=... TORCHVISION=..."
        )
    raised = flag.sub(lambda match: f"{match[1]}{max(int(match[2]), standard)}", text)
    path.write_text(raised)
    return sum(number < standard for number in found)


def function_names(root: Path) -> list[str]:
    """The functions that the extension has for Python, as pybind.cpp lists them."""
    text = (root / SOURCES / BINDINGS).read_text()
    return sorted(set(re.findall(r'\bm\.def\(\s*"(\w+)"', text)))
