"""Reading configs and building what they describe: errors in one line that names the file."""

import difflib
import inspect
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import Registry

from .configs import inheritance_hint
from .foreign_files import describe_foreign, read_head

SUFFIXES = (".py", ".json", ".yaml", ".yml")

UNKNOWN = re.compile(r"(\S+) is not in the (\S+)::(.+?) registry")
NO_OPTION = re.compile(
    r"(\w+)(?:\.__init__\(\) got an unexpected keyword argument| has no option) '?(\w+)'?"
)
WRONG_CALL = re.compile(r"unexpected keyword argument|missing \d+ required|multiple values for")


def read_config(path: str | Path, options: dict | None = None) -> Config:
    """Read a config file and change some of its settings.

    A config is code: a Python file is executed, and a ``type`` in any file may name whatever can
    be imported. Read only configs of people you trust.

    Args:
        path: The file.
        options: Key -> value, as ``--cfg-options`` gives them.

    Raises:
        FileNotFoundError: No such file, or none of a file that it is based on.
        ValueError: The file is no config (whatever goes wrong while it is executed), or an option
            does not fit it.
    """
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder, no config: name a .py file in it")
    if not path.exists():
        raise FileNotFoundError(f"config {path} does not exist")
    if path.suffix not in SUFFIXES:
        raise ValueError(f"{path} is no config: name a file that ends in {', '.join(SUFFIXES)}")
    foreign = describe_foreign(read_head(path), text=False)
    if foreign is not None:
        raise ValueError(f"{path} is no config: it {foreign}")
    try:
        config = Config.fromfile(path)
    except FileNotFoundError as error:
        what = f"is based on or reads {error.filename}, which does not exist"
        if not error.filename:  # mmengine and config_files say it in words
            what = f"cannot be read as a config: {error}"
        raise FileNotFoundError(f"{path} {what}") from error
    except OSError:
        raise
    except (Exception, SystemExit) as error:  # a config file is code, which may fail in any way
        what = inheritance_hint(path) or _in_one_line(error, path)
        raise ValueError(f"{path} cannot be read as a config: {what}") from error
    merge_options(config, options)
    return config


def _in_one_line(error: BaseException, path: Path) -> str:
    """What failed, and in which line of which file if that is known."""
    if isinstance(error, AttributeError) and path.suffix != ".py":
        return "it holds no settings by name: write an object, {...}, at the top"
    if isinstance(error, RecursionError):
        return "it is based on itself, or calls itself without an end: look at its _base_"
    text = " ".join(str(error).split()) or "it has no more to say"
    if isinstance(error, SyntaxError):
        text = f"{error.msg} in line {error.lineno}"
    frames = list(traceback.walk_tb(error.__traceback__))
    # mmengine's function that reads a file calls itself for those that it is based on
    files = [f.f_locals.get("filename") for f, _ in frames if f.f_code.co_name == "_file2dict"]
    read = str(files[-1]) if files else str(path)
    lines = [line for frame, line in frames if frame.f_code.co_filename == read]
    if lines:
        text = f"{text} in line {lines[-1]}"
    if Path(read).resolve() != path.resolve():
        text = f"{text} of {read}, which it is based on"
    return f"{type(error).__name__}: {text}"


def merge_options(config: Config, options: dict | None) -> None:
    """Change settings of a config.

    Raises:
        ValueError: An option does not fit the config.
    """
    try:
        config.merge_from_dict(
            {_of_single_item(config, key): value for key, value in (options or {}).items()}
        )
    except (AttributeError, AssertionError, KeyError, IndexError, TypeError) as error:
        raise ValueError(f"--cfg-options does not fit the config: {error}") from error


def _of_single_item(config: Config, key: str) -> str:
    """``test_evaluator.metrics`` is that of the one evaluator in the list.

    Evaluators are lists in this project's configs, since mmengine takes a bare dict that has
    ``metrics`` for an evaluator of its own.

    Raises:
        KeyError: The list has several evaluators.
    """
    name, _, rest = key.partition(".")
    held = config.get(name) if name in ("val_evaluator", "test_evaluator") else None
    if not rest or rest.split(".")[0].isdigit() or not isinstance(held, list | tuple):
        return key
    if len(held) != 1:
        items = ", ".join(f"{name}.{i}: {item.get('type')}" for i, item in enumerate(held))
        raise KeyError(f"{key}: write which evaluator it is for ({items})")
    return f"{name}.0.{rest}"


def name_of(config: Config) -> str:
    """The file of a config, for errors."""
    return str(config.filename or "the config")


def model_settings(config: Config) -> dict[str, Any]:
    """The model that a config describes.

    Raises:
        ValueError: There is none, or it names no type.
    """
    model = config.get("model")
    if model is None:
        there = ", ".join(map(str, config)) or "nothing"
        raise ValueError(
            f"{name_of(config)} has no model, but {there}: name the config of a tracker or "
            "estimator, model=dict(type=...)"
        )
    if not isinstance(model, dict) or "type" not in model:
        raise ValueError(f"{name_of(config)}: model must be a dict with a type, got {model!r}")
    return model


def other_model(config: Config, wanted: str) -> str:
    """What to say of a config whose model is another one than a tool takes.

    Args:
        config: With the model.
        wanted: What the tool takes, as a sentence.
    """
    kind = (config.get("model") or {}).get("type")
    text = f"{name_of(config)}: {wanted}; the config's model is {kind}"
    if not isinstance(kind, str):
        return text
    known = [name for registry in _registries("model") for name in registry.module_dict]
    if kind in known:
        return text
    close = difflib.get_close_matches(kind, known, n=1)
    return f"{text}, which is not registered" + (f": did you mean {close[0]!r}?" if close else "")


def check_dataloaders(config: Config, *names: str) -> None:
    """Refuse options of workers where there are none; torch's own error names no config.

    Args:
        config: With the loaders.
        names: Of the loaders that are used, such as ``'train_dataloader'``.

    Raises:
        ValueError: A loader has ``num_workers=0`` and options of workers.
    """
    for name in names:
        loader = config.get(name)
        if not isinstance(loader, dict) or loader.get("num_workers") != 0:
            continue
        for option, off in (("persistent_workers", False), ("prefetch_factor", None)):
            if loader.get(option):
                raise ValueError(
                    f"{name_of(config)}: {name} has num_workers=0 and {option}={loader[option]}, "
                    f"which goes with workers only: set {name}.{option}={off} too"
                )


def check_optimizer(config: Config) -> None:
    """Refuse a misspelt type of an optimizer, which mmengine looks up without a check.

    Raises:
        ValueError: It is not registered.
    """
    from mmpose.registry import OPTIMIZERS

    wrapper = config.get("optim_wrapper") or {}
    settings = wrapper.get("optimizer") if isinstance(wrapper, dict) else None
    kind = settings.get("type") if isinstance(settings, dict) else None
    if isinstance(kind, str) and OPTIMIZERS.get(kind) is None:
        raise ValueError(f"{name_of(config)}: {_not_registered(kind, 'optimizer')}")


@contextmanager
def building(source: str | Path | Config) -> Iterator[None]:
    """Name the config in errors of misspelt types and options, and suggest what was meant.

    Args:
        source: The config, or its file.

    Raises:
        ValueError: The config names a type that is not registered, or an option that a part does
            not take or needs. Other errors pass.
    """
    try:
        yield
    except (KeyError, TypeError, ImportError) as error:
        name = name_of(source) if isinstance(source, Config) else str(source)
        text = _what_is_misspelt(error)
        if text is None:
            raise
        raise ValueError(f"{name}: {text}") from error


def _what_is_misspelt(error: Exception) -> str | None:
    """None: the error is another one."""
    text = " ".join(str(error.args[0]).split()) if error.args else ""
    modules = [
        frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__)
    ]
    if not any(module.startswith("mmengine.registry") for module in modules):
        return None
    if found := UNKNOWN.match(text):
        return _not_registered(found[1], found[3])
    if found := NO_OPTION.search(text):
        owner, wrong = found.groups()
        options = _options(owner)
        if takers := _takers(owner, wrong):
            return (
                f"{owner} has no option {wrong!r}, which {' and '.join(takers)} "
                f"{'has' if len(takers) == 1 else 'have'}: leave it out, or change the type"
            )
        close = difflib.get_close_matches(wrong, options, n=1)
        meant = (
            f"did you mean {close[0]!r}?" if close else f"it has {', '.join(options) or 'none'}"
        )
        return f"{owner} has no option {wrong!r}: {meant}"
    if isinstance(error, TypeError) and WRONG_CALL.search(text):
        return f"{text}: look up which options it takes"
    return text if modules[-1].startswith("mmengine.registry") else None


def _not_registered(wrong: str, kind: str) -> str:
    known = [name for registry in _registries(kind) for name in registry.module_dict]
    return (
        f"type {wrong!r} is not registered as a {kind}: {_suggest(wrong, known)}"
        "look for a misspelt name, or import the module that registers it (custom_imports)"
    )


def _suggest(wrong: str, known: list[str]) -> str:
    close = difflib.get_close_matches(wrong, known, n=1)
    return f"did you mean {close[0]!r}? Else " if close else ""


def _registries(kind: str | None = None) -> list[Registry]:
    """Those of mmpose and their parents, of a kind ('model'); None: all."""
    from mmpose import registry as mmposes

    found = [value for value in vars(mmposes).values() if isinstance(value, Registry)]
    found += [registry.parent for registry in found if registry.parent is not None]
    return [registry for registry in found if kind in (None, registry.name)]


def _classes_of(owner: str) -> list[type]:
    """Registered classes of a name, and those that extend it."""
    classes = [part for registry in _registries() for part in registry.module_dict.values()]
    return [part for part in classes if inspect.isclass(part) and _is_or_extends(part, owner)]


def _takers(owner: str, option: str) -> list[str]:
    """Names of the classes that extend another one and take an option that this one has not."""
    extending = [part for part in _classes_of(owner) if part.__name__ != owner]
    takers = [
        part.__name__
        for part in extending
        if callable(vars(part).get("__init__"))
        and option in inspect.signature(part.__init__).parameters
    ]
    return sorted(set(takers))


def _options(owner: str) -> list[str]:
    """Options of a registered class and of its parents, by the name of one of them."""
    named = _classes_of(owner)
    exact = [part for part in named if part.__name__ == owner]
    found = [
        name
        for part in exact or named
        for parent in part.__mro__[:-1]
        if callable(vars(parent).get("__init__"))
        for name in inspect.signature(parent.__init__).parameters
    ]
    return [name for name in dict.fromkeys(found) if name not in ("self", "args", "kwargs")]


def _is_or_extends(part: type, owner: str) -> bool:
    return any(parent.__name__ == owner for parent in part.__mro__)
