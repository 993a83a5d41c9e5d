import re
import signal
import threading
import time

import pytest

from mmpose_temporal.engine.ablation import Step, StepRunner
from mmpose_temporal.utils import processes
from mmpose_temporal_cli import StepFailed


def test_one_at_a_time_in_the_order_of_the_list(tmp_path):
    done = []
    names = {"b1": (), "b2": ("a1",), "a1": (), "b3": ("b1", "b2")}
    steps = [Step(name, lambda name=name: done.append(name), names[name]) for name in names]
    StepRunner(tmp_path).run(steps)
    assert done == ["b1", "a1", "b2", "b3"]  # b2 waits for a1
    StepRunner(tmp_path).run([])


def test_two_at_a_time(tmp_path):
    """Both of the first pair must be at work for either to end; the third begins after them."""
    meeting, done = threading.Barrier(2, timeout=10), []

    def meet(name):
        meeting.wait()
        done.append(name)

    steps = [Step(name, lambda name=name: meet(name)) for name in ("a", "b")]
    steps.insert(0, Step("c", lambda: done.append("c"), ("a", "b")))
    StepRunner(tmp_path, jobs=2).run(steps)
    assert sorted(done[:2]) == ["a", "b"] and done[2:] == ["c"]


def test_after_a_failure_no_step_begins(tmp_path):
    done, at_work = [], threading.Event()

    def fail():
        at_work.wait(10)
        raise StepFailed("a failed")

    def work():
        at_work.set()
        time.sleep(0.2)
        done.append("b")

    steps = [Step("a", fail), Step("b", work), Step("c", lambda: done.append("c"))]
    with pytest.raises(StepFailed, match="a failed"):
        StepRunner(tmp_path, jobs=2).run(steps)
    assert done == ["b"]  # it had begun


def test_steps_that_can_never_begin(tmp_path):
    steps = [Step("a", lambda: None, ("b",)), Step("b", lambda: None, ("a",))]
    with pytest.raises(ValueError, match="can never begin: 'a', 'b'"):
        StepRunner(tmp_path).run(steps)
    with pytest.raises(ValueError, match="jobs must be 1 or more, got 0"):
        StepRunner(tmp_path, jobs=0)


@pytest.mark.parametrize(("jobs", "threads"), [(1, "7"), (2, "1")])
def test_a_program(tmp_path, capsys, monkeypatch, jobs, threads):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    log = tmp_path / "logs" / "log"
    code = "import os; print(os.environ['OMP_NUM_THREADS'], os.getcwd())"
    StepRunner(tmp_path, jobs=jobs).program("a step", ["-c", code], log)
    assert log.read_text().split() == [threads, str(tmp_path)]
    assert re.search(r"a step: done in \d+ s", capsys.readouterr().out)


def test_a_program_that_fails(tmp_path, capsys):
    with pytest.raises(StepFailed, match=r"'a step' failed \(exit 2\)"):
        StepRunner(tmp_path).program(
            "a step", ["-c", "import sys; print('reason'); sys.exit(2)"], tmp_path / "log"
        )
    assert "reason" in capsys.readouterr().out


def test_an_interrupt_ends_the_programs(tmp_path, monkeypatch):
    """It reaches the main thread only, as of kill, while programs run for threads."""
    monkeypatch.setattr(processes, "PATIENCE", 0.2)
    runner, main = StepRunner(tmp_path, jobs=2), threading.main_thread().ident
    code = "print('begun', flush=True); import time; time.sleep(60)"

    def work(name):
        runner.program(name, ["-c", code], tmp_path / name)

    def interrupt():
        for name in "ab":
            log = tmp_path / name
            while not log.is_file() or "begun" not in log.read_text():
                time.sleep(0.02)
        signal.pthread_kill(main, signal.SIGINT)

    helper = threading.Thread(target=interrupt)
    helper.start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        runner.run([Step(name, lambda name=name: work(name)) for name in "abc"])
    helper.join()
    assert time.monotonic() - start < 30 and not (tmp_path / "c").exists()
