import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def run(monkeypatch, capsys):
    """Calls the tool with arguments; status, what it printed and what it complained of."""
    spec = importlib.util.spec_from_file_location(
        "get_flops", ROOT / "tools" / "analysis_tools" / "get_flops.py"
    )
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["get_flops.py", *map(str, arguments)])
        status = tool.main()
        return (status, *capsys.readouterr())

    return call


CONFIGS = ROOT / "configs"


def test_a_matching_network(run):
    config = CONFIGS / "keytrack/posetrack18/keytrack_tx4-128_1xb32-25e_posetrack18-24x18.py"
    status, printed, _ = run(config)
    assert status == 0
    for text in ("473,218", "10,611,456", "Why it differs", "Counted: multiply-adds"):
        assert text in printed


def test_an_estimator_and_a_similarity_without_weights(run):
    config = CONFIGS / "baselines/synthetic/oks-tracker_td-hm_hrnet-tiny_synthetic-128x96.py"
    status, printed, _ = run(config)
    assert status == 0
    assert "TopdownPoseEstimator, a crop of 96x128" in printed
    assert "OKSSimilarity has no weights of its own" in printed
    assert "a crop of 32x64" in run(config, "--shape", 64, 32)[1]
    assert "does not take a crop of 33x64" in run(config, "--shape", 64, 33)[2]


def test_a_memory_reads_nothing(run):
    printed = run(CONFIGS / "ptm/synthetic/ptm-coda_hrnet-tiny_synthetic-128x96.py")[1]
    assert "The memory has nothing to read here" in printed
    plain = run(CONFIGS / "ptm/synthetic/ptm-none_hrnet-tiny_synthetic-128x96.py")[1]
    assert "memory" not in plain


def test_settings_may_be_changed(run):
    config = CONFIGS / "keytrack/posetrack18/keytrack_tx4-128_1xb32-25e_posetrack18-24x18.py"
    option = "model.association.similarity.network.num_layers=2"
    assert "all rows of all 2 layers" in run(config, "--cfg-options", option)[1]


def test_bad_input(run, tmp_path):
    assert run(tmp_path / "none.py")[0] == 2
    status, _, error = run(CONFIGS / "baselines/oks-tracker.py", "--shape", 64, 48)
    assert (status, error) == (
        2,
        "get_flops.py: error: --shape is for a pose estimator; the config has none\n",
    )
    other = tmp_path / "a.py"
    other.write_text("model = dict(type='Other')\n")
    assert "Other has neither an estimator nor an association" in run(other)[2]


def test_the_shipped_tracker(run):
    status, printed, error = run(CONFIGS / "keytrack/keytrack-tracker.py")
    assert (status, error) == (0, "")
    assert "TrackEntailment, a pose and track, judged once" in printed
    assert "Why it differs" not in printed  # that is of the paper's network
