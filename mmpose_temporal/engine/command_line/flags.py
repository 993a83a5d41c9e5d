"""Reading the config that a command line names."""

from mmengine.config import Config

from mmpose_temporal.utils.configs import inheritance_hint


def read_config(path: str, options: dict | None = None) -> Config:
    """Read a config file and change some of its settings.

    Args:
        path: The file.
        options: Key -> value, as ``--cfg-options`` gives them.

    Raises:
        FileNotFoundError: No such file.
        ValueError: The file is no config (whatever goes wrong while it is executed), or an option
            does not fit it.
    """
    try:
        config = Config.fromfile(path)
    except OSError:
        raise
    except Exception as error:  # a config file is code, which may fail in any way
        what = inheritance_hint(path) or f"{type(error).__name__}: {error}"
        raise ValueError(f"{path} cannot be read as a config: {what}") from error
    merge_options(config, options)
    return config


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
