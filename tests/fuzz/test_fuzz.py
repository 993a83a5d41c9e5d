"""Changed files through every reader and converter: read, or one line that names the file."""

import contextlib
import io
import shutil
import sys
import tempfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from fuzz_cases import CASES, run_case

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("name", CASES)
def test_the_valid_file_is_read(name, tmp_path):
    outcome = run_case(name, tmp_path, Random(0), mutate=False)
    assert outcome.kind == "success", outcome.text


@settings(
    max_examples=200,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(name=st.sampled_from(list(CASES)), random=st.randoms(use_true_random=False))
def test_a_changed_file_is_read_or_named_in_one_line(name, random):
    folder = Path(tempfile.mkdtemp(prefix="fuzz"))  # tmp_path is one for all examples
    quiet = io.StringIO()
    try:
        with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
            outcome = run_case(name, folder, random)
    finally:
        shutil.rmtree(folder)
    assert outcome.good, f"{name}: {outcome.kind}: {outcome.text}"
