"""Reading sources and writing folders that are whole or absent."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rich.progress import track

from mmpose_temporal.posetrack.fields import load_json
from mmpose_temporal.posetrack.other_files import list_videos
from mmpose_temporal.utils import require_free, write_json
from mmpose_temporal.utils.file_kinds import note_on_folder
from mmpose_temporal.utils.staging import staged_folder

from .report import ConversionReport


def read_json(path: str | Path) -> Any:
    """The content of a JSON file.

    Raises:
        FileNotFoundError: No such file.
        IsADirectoryError: It is a folder.
        ValueError: It is not JSON; the text names the file.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: give one of its JSON files")
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist")
    return load_json(path)


def source_files(path: str | Path, suffixes: Sequence[str] = (".json",)) -> list[Path]:
    """A file as it is, or a folder's files with these endings, in natural order of their names.

    Hidden files and leftovers of a killed run are left out
    (:mod:`mmpose_temporal.utils.listing`), and so are JSON files that are no videos
    (:mod:`mmpose_temporal.posetrack.other_files`).

    Raises:
        FileNotFoundError: ``path`` does not exist or holds no such file.
        ValueError: Two files of the folder differ in their ending only.
    """
    path = Path(path)
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise FileNotFoundError(f"{path} does not exist")
    listing = list_videos(path, suffixes)
    files = listing.files
    if not files:
        left = "".join(f"; left out: {reason}" for reason in listing.reasons[:1])
        raise FileNotFoundError(
            f"no file {' or '.join('*' + s for s in suffixes)} in {path}{left}"
            f"{note_on_folder(path)}"
        )
    stems = [file.stem for file in files]
    if len(set(stems)) < len(stems):
        twice = next(stem for stem in stems if stems.count(stem) > 1)
        raise ValueError(f"{path} has {twice} with two endings; which one counts? Move one away")
    return files


def convert_files(
    sources: Sequence[Path],
    out: str | Path,
    convert: Callable[[Path, ConversionReport], Any],
    *,
    overwrite: bool = False,
    progress: bool = False,
    title: str = "Converting",
) -> ConversionReport:
    """Convert files one by one into ``<out>/<stem>.json``.

    The files are made in a hidden folder and moved when the last one is done. A source that cannot
    be used is left out, and the report names it.

    Args:
        sources: Files, each with its own stem.
        out: Target folder; other files in it stay.
        convert: Gives the content of the JSON file and counts in the report.
        overwrite: Replace existing files.
        progress: Show a progress bar.
        title: Of the progress bar.

    Returns:
        The counts.

    Raises:
        FileExistsError: A target exists and ``overwrite`` is not set.
        ValueError: No source can be used (the error of the only one), or one would be replaced.
    """
    report = ConversionReport()

    def contents() -> Iterator[tuple[str, Any]]:
        for source in track(sources, title, disable=not progress):
            part = ConversionReport()
            content = report.failed.attempt(source, partial(convert, source, part))
            if content is not None:
                report.add(part)
                yield source.stem, content
        report.failed.require_others(len(sources))

    names = [source.stem for source in sources]
    write_folder(contents(), out, names, inputs=sources, overwrite=overwrite)
    return report


def write_folder(
    contents: Iterable[tuple[str, Any]],
    out: str | Path,
    names: Sequence[str],
    *,
    inputs: Iterable[str | Path] = (),
    overwrite: bool = False,
) -> None:
    """Write ``<out>/<name>.json`` for each name and content; all of them or none.

    Raises:
        FileExistsError: See :func:`convert_files`.
        NotADirectoryError: ``out`` is a file.
        ValueError: A file would replace one of the inputs, or two files have one name.
    """
    out = Path(out)
    if out.exists() and not out.is_dir():
        raise NotADirectoryError(f"{out} is a file; name a folder")
    files = [f"{name}.json" for name in names]
    require_free([out / file for file in files], overwrite=overwrite, inputs=inputs)
    with staged_folder(out, files) as stage:
        for name, content in contents:
            write_json(stage / f"{name}.json", content)
