import multiprocessing
import os
import signal
import sys
import threading
import time

import pytest

from mmpose_temporal.utils import processes
from mmpose_temporal.utils.processes import run_program, start_worker


def test_a_program_and_its_log(tmp_path):
    log, calls = tmp_path / "log", []
    code = "import sys, time; print('out'); print('err', file=sys.stderr)\n"
    code += "time.sleep(1.2); sys.exit(3)"
    status = run_program([sys.executable, "-c", code], log, waiting=lambda: calls.append(1))
    assert status == 3 and sorted(log.read_text().split()) == ["err", "out"] and len(calls) >= 1


@pytest.mark.parametrize("ending", ["sys.exit(130)", "os.kill(os.getpid(), 2)"])
def test_an_interrupted_program(tmp_path, ending):
    code = f"import os, signal, sys; signal.signal(2, signal.SIG_DFL); {ending}"
    with pytest.raises(KeyboardInterrupt):
        run_program([sys.executable, "-c", code], tmp_path / "log")


@pytest.mark.parametrize("stubborn", [False, True])
def test_an_interrupt_ends_the_program(tmp_path, monkeypatch, stubborn):
    monkeypatch.setattr(processes, "PATIENCE", 0.2)
    code = "import os, signal, time\n"
    code += "signal.signal(2, signal.SIG_IGN)\n" * stubborn
    code += "print(os.getpid(), flush=True)\ntime.sleep(60)"
    log = tmp_path / "log"

    def interrupt():
        if log.read_text():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_program([sys.executable, "-c", code], log, waiting=interrupt)
    pid = int(log.read_text().split()[0])
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def work(pipe):
    start_worker()
    pipe.send(os.getpid())
    threading.Event().wait(60)


def lead(pipe):
    multiprocessing.get_context("fork").Process(target=work, args=(pipe,)).start()
    threading.Event().wait(60)


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().split()[2] not in "ZX"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="asks /proc whether a process runs")
def test_workers_ignore_interrupts_and_end_with_their_parent():
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    parent = context.Process(target=lead, args=(there,))
    parent.start()
    worker = here.recv()
    os.kill(worker, signal.SIGINT)
    time.sleep(0.1)
    assert is_running(worker)
    parent.kill()
    parent.join()
    deadline = time.monotonic() + 10
    while is_running(worker) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_running(worker)
