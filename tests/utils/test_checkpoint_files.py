"""What is no checkpoint is one line that names the file, for whoever reads it."""

import http.server
import io
import json
import os
import pickle
import threading
import zipfile

import pytest
import torch
from mmengine.model import PretrainedInit
from mmengine.runner.checkpoint import CheckpointLoader, load_checkpoint

import mmpose_temporal  # noqa: F401 - registers the loaders
from mmpose_temporal.utils.checkpoint_files import read_plain, reading_checkpoint
from mmpose_temporal.utils.checkpoints import CheckpointMismatch

OWN = {"layer.weight": torch.ones(20, 20), "layer.bias": torch.zeros(20)}


def saved(content, **options) -> bytes:
    file = io.BytesIO()
    torch.save(content, file, **options)
    return file.getvalue()


def zipped(**files) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def script() -> bytes:
    file = io.BytesIO()
    torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), file)
    return file.getvalue()


class RunsCode:
    def __reduce__(self):
        return os.system, ("exit 1",)


WHOLE = saved(OWN)
LEGACY = saved(OWN, _use_new_zipfile_serialization=False)

BROKEN = {
    "empty": (b"", "is no checkpoint: it is empty: get it again"),
    "pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4cac\nsize 1002\n",
        "is no checkpoint: it is a Git LFS pointer, not the file itself: run `git lfs pull`",
    ),
    "page": (b"<!DOCTYPE html>\n<html>404</html>", "is no checkpoint: it is a web page"),
    "old page": (b"\n<HTML><HEAD>", "is no checkpoint: it is a web page"),
    "xml": (b"<?xml version='1.0'?><Error>", "is no checkpoint: it is a web page"),
    "answer": (b'{"message": "Not Found"}', "is no checkpoint: it is JSON text"),
    "text": (b"not a checkpoint", "is no checkpoint: it is plain text"),
    "cut": (WHOLE[: len(WHOLE) // 2], "is no whole checkpoint: it is cut off"),
    "cut early": (WHOLE[:300], "is no whole checkpoint: it is cut off"),
    "old and cut": (LEGACY[:-900], "is no checkpoint of tensors: "),
    "old and cut early": (LEGACY[:40], "is no checkpoint of tensors: "),
    "other zip": (zipped(readme="x"), "is no checkpoint: it is a zip archive of 1 files without"),
    "zip without data": (zipped(), "is no checkpoint: it is a zip archive of 0 files without"),
    "script": (script(), "is no checkpoint of tensors: it is a TorchScript archive"),
    "code": (saved(dict(a=RunsCode())), "is no checkpoint of tensors: it names \\w+.system; what"),
    "pickle": (pickle.dumps(RunsCode()), "is no checkpoint of tensors: "),
    "noise": (bytes(range(256)), "is no checkpoint of tensors: "),
    "optimizer": (saved(dict(optimizer={}, meta={})), "holds no weights .* but optimizer, meta"),
    "nothing": (saved({}), "holds no weights .* but nothing"),
    "list": (saved([torch.ones(1)]), "holds no weights but a list"),
    "tensor": (saved(torch.ones(1)), "holds no weights but a Tensor"),
    "NaN": (saved({"a": torch.tensor(float("nan"))}), "holds NaN or infinity in 1 of 1 tensors"),
}

READERS = {
    "plain": read_plain,
    "mmengine": lambda path: load_checkpoint(torch.nn.Linear(20, 20), path),
    "init_cfg": lambda path: PretrainedInit(path)(torch.nn.Linear(20, 20)),
    "part": lambda path: PretrainedInit(path, prefix="layer.")(torch.nn.Linear(20, 20)),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", BROKEN)
def test_every_reader_says_what_is_wrong_in_one_line(tmp_path, kind, reader):
    data, answer = BROKEN[kind]
    path = str(tmp_path / "x.pth")
    (tmp_path / "x.pth").write_bytes(data)
    with pytest.raises(ValueError, match=f"^{path} {answer}") as caught:
        READERS[reader](path)
    text = str(caught.value)
    assert "weights_only" not in text
    assert "\n" not in text
    assert caught.value.__cause__ is None or "weights_only" not in str(caught.value.__cause__)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("reader", READERS)
def test_missing_files_and_folders(tmp_path, reader):
    with pytest.raises(FileNotFoundError, match=r"^checkpoint .*none\.pth does not exist$"):
        READERS[reader](str(tmp_path / "none.pth"))
    with pytest.raises(ValueError, match="is a folder, no checkpoint: name the .pth file in it"):
        READERS[reader](str(tmp_path))


@pytest.mark.parametrize("data", [WHOLE, LEGACY], ids=["new", "old"])
def test_whole_files_are_read(tmp_path, data):
    (tmp_path / "x.pth").write_bytes(data)
    for content in (
        read_plain(tmp_path / "x.pth"),
        CheckpointLoader.load_checkpoint(str(tmp_path / "x.pth"), "cpu"),
    ):
        assert content.keys() == OWN.keys()
        assert torch.equal(content["layer.weight"], OWN["layer.weight"])


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_damaged_files_are_one_line_or_read(tmp_path):
    """150 files with four bytes changed or cut off somewhere."""
    generator, path = torch.Generator().manual_seed(0), tmp_path / "x.pth"
    texts = []
    for number in range(150):
        data = bytearray((WHOLE, LEGACY)[number % 2])
        for place in torch.randint(len(data), (4,), generator=generator).tolist():
            data[place] = (data[place] + 77) % 256
        if number % 3 == 0:
            del data[int(torch.randint(len(data), (1,), generator=generator)) :]
        path.write_bytes(data)
        try:
            read_plain(path)
        except ValueError as error:
            texts.append(str(error))
    assert len(texts) > 75
    assert all(text.startswith(str(path)) for text in texts)
    assert not any("\n" in text or "weights_only" in text for text in texts)


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server that answers with a web page to everything; torch keeps files in tmp_path."""

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = b"<!doctype html>Sign in" if "page" in self.path else WHOLE
            self.send_response(404 if "gone" in self.path else 200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))
    with http.server.HTTPServer(("127.0.0.1", 0), Answers) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.mark.parametrize("reader", ["plain", "mmengine"])
def test_addresses(server, reader, tmp_path):
    read = READERS[reader]
    read(f"{server}/whole.pth")
    with pytest.raises(ConnectionError, match=r"gone\.pth cannot be fetched \(.*404"):
        read(f"{server}/gone.pth")
    with pytest.raises(ValueError, match=r"/page\.pth: what was fetched, .*is a web page.*Remove"):
        read(f"{server}/page.pth")
    with pytest.raises(ConnectionError, match="cannot be fetched .*: look at the address and the"):
        read("http://127.0.0.1:9/x.pth")


def test_a_mismatch_names_the_file():
    with pytest.raises(CheckpointMismatch, match="^x.pth: other"), reading_checkpoint("x.pth"):
        raise CheckpointMismatch("other")
    with pytest.raises(CheckpointMismatch, match="^x.pth: other"), reading_checkpoint("x.pth"):
        raise CheckpointMismatch("x.pth: other")
    with pytest.raises(RuntimeError, match="of its own"), reading_checkpoint("x.pth"):
        raise RuntimeError("of its own")


def test_json_of_any_kind(tmp_path):
    path = tmp_path / "x.pth"
    for content in ([1, 2], {"a": "ü" * 600}):
        path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        with pytest.raises(ValueError, match="it is JSON text"):
            read_plain(path)
