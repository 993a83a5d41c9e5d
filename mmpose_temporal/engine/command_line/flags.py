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
        config.merge_from_dict(options or {})
    except (AttributeError, AssertionError, KeyError, IndexError, TypeError) as error:
        raise ValueError(f"--cfg-options does not fit the config: {error}") from error
