"""What PTM's memory costs.

On a CPU everything runs on one thread.

- coda_read_speedup, coda_read_memory_ratio: the read at maps of (12, 9, 256), of 10 people with 16
  entries each, 8 heads and 256 channels of keys, against the formulas as they are written (Eqs. 1
  to 3), which build all l x n x c' differences. That one works person by person, as 30 people at
  once would need 6 GB, and in place where it can. Both get keys and values ready. Memory: the most
  that is allocated beside inputs and outputs. Names with a size: other channels and people.
- vanilla_read_speedup: likewise with vanilla attention, for information.
- memory_frame_share: time in attach, read, describe and write of a frame with 10 people who have
  16 entries each, by the tracker of configs/ptm with CoDA, against a whole frame of the same
  tracker without a memory. The quick form has another backbone and crop size.
- memory_growth: most bytes in tensors in 1000 frames (quick: 300) against those in 100, with
  people who come and go; memory_growth_python: what Python and numpy hold, likewise.
- memory_bytes_30_people: a store of 30 people with 16 entries at (12, 9, 2048), in half precision,
  its free places included.
"""

import gc
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from common import arguments, emit, only_rows, paired, start
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from mmpose.utils import register_all_modules
from torch import Tensor, nn

from mmpose_temporal.models.necks import Entries, MemoryStore, PoseTemporalMemory
from mmpose_temporal.testing import make_frame, run_tracker, tiny_ptm_config

ROOT = Path(__file__).resolve().parents[1]
TRACKER = ROOT / "configs/ptm/posetrack17/ptm-16_res152_8xb4-3e_posetrack17-384x288.py"
ENTRIES, CELLS, KEYS, PEOPLE = 16, (12, 9), 256, 10
FEATURES = "generated: random features"
FRAMES = "generated: random frames and weights"


def synchronized(function: Callable[[], object], device: torch.device) -> Callable[[], object]:
    """The function, ended only when the device is done."""

    def run() -> object:
        result = function()
        if device.type == "cuda":
            torch.cuda.synchronize()
        return result

    return run


# ------------------------------------------------------------------------------- the read


def direct(neck: PoseTemporalMemory, x: Tensor, entries: Entries, coda: bool) -> Tensor:
    """Eqs. 1 to 3 as they are written, one person after the other."""
    heads, aligned = neck.num_heads, []
    queries = neck.to_query(x).flatten(2).transpose(1, 2).unflatten(-1, (heads, -1))
    for q, keys, values in zip(queries, entries.keys, entries.values, strict=True):
        k, v = (rows.flatten(0, 1).unflatten(-1, (heads, -1)) for rows in (keys, values))
        weights = torch.einsum("lhc,nhc->hnl", k, q)
        if coda:
            distance = (k[:, None] - q).abs_().sum(-1).neg_()  # (l, n, heads)
            weights = weights.tanh_().mul_(distance.sigmoid_().mul_(2).permute(2, 1, 0))
        else:
            weights = weights.softmax(-1)
        aligned.append(torch.einsum("hnl,lhc->hcn", weights, v).reshape(x.shape[1:]))
    return neck.alpha * x + (1 - neck.alpha) * torch.stack(aligned)


def peak(function: Callable[[], Tensor], device: torch.device) -> int:
    """Most bytes that a function has allocated at a time, beside its output."""
    if device.type == "cuda":
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        result = function()
        return torch.cuda.max_memory_allocated() - before - result.nbytes
    with torch.profiler.profile(
        activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True
    ) as profile:
        result = function()
        left = result.nbytes
    events = [e for e in profile.profiler.kineto_results.events() if e.name() == "[memory]"]
    events.sort(key=lambda event: event.start_ns())
    return max(np.cumsum([event.nbytes() for event in events])) - left


def bench_read(device: torch.device, channels: int, people: int, repeats: int) -> None:
    """Rows of the read of one size."""
    generator = torch.Generator().manual_seed(0)

    def random(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator).to(device)

    cells = CELLS[0] * CELLS[1]
    neck = PoseTemporalMemory(in_channels=channels, embed_channels=KEYS, attention="coda")
    neck = neck.to(device).eval()
    entries = Entries(
        keys=random(people, ENTRIES, cells, KEYS) / KEYS**0.5,
        values=random(people, ENTRIES, cells, channels),
        counts=torch.full((people,), ENTRIES),
        crowded=torch.ones(people, dtype=torch.bool),
    )
    x = random(people, channels, *CELLS)
    headline = (channels, people) == (256, PEOPLE)
    for kind in ("coda", "vanilla") if headline else ("coda",):
        neck.attention = kind
        written = synchronized(lambda k=kind: direct(neck, x, entries, k == "coda"), device)
        ours = synchronized(lambda: neck.read(x, entries), device)
        difference = (ours() - written()).abs().max().item()
        if difference > 1e-4:
            raise RuntimeError(f"the two ways differ by {difference}")
        slow, fast = paired(written, ours, repeats)
        most, little = peak(written, device), peak(ours, device)
        number = f"{people} {'person' if people == 1 else 'people'}"
        size = "" if headline else f"_{channels}_{number.replace(' ', '_')}"
        reference = (
            f"Eqs. 1 to 3 as written, person by person, {number} with {ENTRIES} entries at "
            f"(12, 9, {channels}), {neck.num_heads} heads, {KEYS} channels of keys, float32, "
            f"{device.type}; "
        )
        shared = dict(unit="x", data=FEATURES)
        emit(
            f"{kind}_read_speedup{size}",
            [a / b for a, b in zip(slow, fast, strict=True)],
            target=">= 5" if kind == "coda" else None,
            reference=f"{reference}{1000 * np.median(slow):.0f} against "
            f"{1000 * np.median(fast):.0f} ms, largest difference {difference:.0e}",
            **shared,
        )
        emit(
            f"{kind}_read_memory_ratio{size}",
            [most / little],
            target=">= 20" if kind == "coda" else None,
            reference=f"{reference}{most / 1e6:.1f} against {little / 1e6:.1f} MB",
            digits=1,
            **shared,
        )


# ------------------------------------------------------------------------------- the frame


def build(device: torch.device, small: bool) -> tuple[nn.Module, nn.Module, str]:
    """The shipped tracker, the same one without a memory, and what they are."""
    config = Config.fromfile(TRACKER).model.to_dict()
    estimator = config["estimator"]
    estimator["backbone"].pop("init_cfg", None)
    estimator["test_cfg"]["flip_test"] = False
    estimator["neck"].update(attention="coda", heatmap_thr=0)
    if small:
        estimator["backbone"]["depth"] = 50
        estimator["head"]["decoder"].update(input_size=(192, 256), heatmap_size=(48, 64))
    width, height = estimator["head"]["decoder"]["input_size"]
    config["box_source"] = None  # no detector
    whole = MODELS.build(config)
    for name in ("neck", "describers"):
        estimator.pop(name)
    plain = MODELS.build(dict(config, memory=None))
    plain.estimator.backbone, plain.estimator.head = whole.estimator.backbone, whole.estimator.head
    text = f"ResNet-{50 if small else 152} at {height}x{width}, without flip test, {device.type}"
    return whole.to(device).eval(), plain.to(device).eval(), text


class Clock:
    """Seconds inside of some methods of objects."""

    def __init__(self, device: torch.device):
        self.seconds = 0.0
        self._now = synchronized(time.perf_counter, device)

    def watch(self, owner: object, name: str) -> None:
        """Count what a method takes from now on."""
        method = getattr(owner, name)

        def timed(*args: object, **options: object) -> object:
            self._now()
            start = time.perf_counter()
            try:
                return method(*args, **options)
            finally:
                self._now()
                self.seconds += time.perf_counter() - start

        setattr(owner, name, timed)


def standing(people: int, length: int) -> list:
    """Frames of 1280x720 pixels with people who stand side by side."""
    boxes = [[20 + 120 * i, 200, 120 + 120 * i, 440] for i in range(people)]
    options = dict(video_id="v", num_frames=length, boxes=boxes, size=(1280, 720))
    return [make_frame(frame_index=index, **options) for index in range(length)]


def fill(tracker: nn.Module) -> MemoryStore:
    """Give everybody as many entries as there may be, instead of as many frames."""
    store = tracker.pipeline.state_of("v", "memory").store
    rows = np.arange(len(store))
    for _ in range(ENTRIES):
        keys, values = (
            torch.randn(len(rows), *pool.shape[1:], device=pool.device)
            for pool in (store.keys, store.values)
        )
        store.write(rows, keys, values, np.ones(len(rows), bool), store.saved(rows), 0)
    return store


@torch.no_grad()
def bench_share(device: torch.device, small: bool, repeats: int) -> None:
    """Rows of a frame's time."""
    torch.manual_seed(0)
    whole, plain, text = build(device, small)
    videos = [iter(standing(PEOPLE, repeats + 2)) for _ in range(2)]
    clock, parts = Clock(device), []
    for owner, name in (
        (whole.memory, "attach"),
        (whole.estimator.neck, "forward"),
        (whole.estimator.describers[0], "describe"),
        (whole.memory, "observe"),
    ):
        clock.watch(owner, name)

    def step(tracker: nn.Module, video: object) -> None:
        before = clock.seconds
        synchronized(lambda: run_tracker(tracker, [next(video)]), device)()
        if tracker is whole:
            parts.append(clock.seconds - before)

    step(whole, videos[1])
    store = fill(whole)
    without, with_memory = paired(
        lambda: step(plain, videos[0]), lambda: step(whole, videos[1]), repeats
    )
    if store.counts.tolist() != [ENTRIES] * PEOPLE:
        raise RuntimeError(f"entries of each person: {store.counts.tolist()}")
    emit(
        "memory_frame_share",
        [part / frame for part, frame in zip(parts[-repeats:], without, strict=True)],
        unit="of the frame without a memory",
        target="<= 0.10" if device.type == "cuda" else "<= 0.20",
        reference=f"the tracker without a memory, {text}; {PEOPLE} people with {ENTRIES} entries "
        f"of {tuple(store.size)} cells and {store.values.shape[-1]} channels in half precision, "
        f"CoDA; {1000 * np.median(parts[-repeats:]):.0f} ms in attach, read, describe and write; "
        f"frames of {1000 * np.median(with_memory):.0f} against {1000 * np.median(without):.0f} "
        "ms",
        data=FRAMES,
        digits=3,
    )


# ------------------------------------------------------------------------------ the memory


def held() -> int:
    """Bytes in all tensors that are alive."""
    storages = {}
    for thing in gc.get_objects():
        if type(thing) is Tensor or type(thing) is nn.Parameter:
            storage = thing.untyped_storage()
            storages[storage.data_ptr()] = storage.nbytes()
    return sum(storages.values())


def visitors(video: str, length: int) -> Iterator[tuple[Tensor, PoseDataSample]]:
    """A video of one person who stays, and one at a time who comes for 15 of 25 frames."""
    for index in range(length):
        visit, since = divmod(index, 25)
        left = 24 + 12 * (visit % 2)
        guest = [[left, 8, left + 12, 40]] if since < 15 else []
        boxes = [[4, 6, 16, 38], *guest]
        yield make_frame(video_id=video, frame_index=index, num_frames=length, boxes=boxes)


@torch.no_grad()
def bench_growth(length: int) -> None:
    """Rows of a long video: what is there at the end against what is there by frame 100."""
    torch.manual_seed(0)
    tracemalloc.start()
    tracker = MODELS.build(tiny_ptm_config(neck=dict(capacity=ENTRIES))).eval()
    for frame in visitors("before", 30):  # what is made once
        run_tracker(tracker, [frame])
    gc.collect()
    before, tensors, stored, python = held(), [], [], []
    for index, frame in enumerate(visitors("v", length)):
        run_tracker(tracker, [frame])
        if index % 25 == 12:  # two people are there
            stored.append(tracker.pipeline.state_of("v", "memory").store.num_bytes)
        if index in (37, 87, length - 63, length - 13):
            gc.collect()
            python.append(tracemalloc.get_traced_memory()[0])
            tensors.append(held() - before)
    tracemalloc.stop()
    reference = f"{{}} in 100 frames, {{}} in {length} of one video with people who come and go"
    for name, target, sizes, what in (
        ("memory_growth", "1.0", tensors, "in tensors beside the weights"),
        ("memory_growth_python", None, python, "of Python and numpy, the tracker included"),
    ):
        early, late = max(sizes[:2]), max(sizes)
        emit(
            name,
            [late / early],
            unit="x",
            target=target,
            reference=f"most bytes {what}: {reference.format(early, late)}; the store by itself "
            f"{max(stored[:4])} and {max(stored)}",
            data=FRAMES,
        )


def bench_bytes(people: int) -> None:
    """Rows of the store."""
    for sides, name in ((1, ""), (2, "_flip_test")):
        shape = people, sides, CELLS[0] * CELLS[1]
        keys, values = (torch.zeros(1).expand(*shape, width) for width in (KEYS, 2048))
        store = MemoryStore.create(
            size=CELLS, capacity=ENTRIES, keypoints=17, keys=keys, values=values, dtype=torch.half
        )
        rows = store.add(people)
        for frame in range(ENTRIES):
            store.write(rows, keys, values, np.ones(people, bool), store.saved(rows), frame)
        used = people * ENTRIES
        emit(
            f"memory_bytes_{people}_people{name}",
            [store.num_bytes / 1e9],
            unit="GB",
            target="<= 0.5" if sides == 1 else None,
            reference=f"nothing; {ENTRIES} entries each at (12, 9, 2048) with {KEYS} channels of "
            f"keys, float16, {'with' if sides == 2 else 'without'} flip test; {used} of "
            f"{len(store.frames)} places used, which is "
            f"{store.num_bytes * used / len(store.frames) / 1e9:.2f} GB (the paper: 2 GB)",
            data="generated: zeros",
            digits=3,
        )
        del store


# ------------------------------------------------------------------------------------ all


def main() -> None:
    """Run."""
    parser = arguments(__doc__.split("\n")[0])
    args = parser.parse_args()
    with only_rows():
        bench(args.quick)


def bench(quick: bool) -> None:
    """All rows."""
    register_all_modules()
    init_default_scope("mmpose")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.set_num_threads(1)
    sizes = [(256, PEOPLE), (256, 1), (2048, 1)]
    if not quick:
        sizes += [(2048, PEOPLE), (256, 30), (2048, 30)]
    with torch.no_grad():
        for channels, people in sizes:
            repeats = {1: (8, 25), PEOPLE: (3, 9), 30: (None, 5)}[people][not quick]
            bench_read(device, channels, people, repeats)
    bench_share(device, small=quick, repeats=3 if quick else 9)
    bench_growth(300 if quick else 1000)
    bench_bytes(people=30)


if __name__ == "__main__":
    start(main)
