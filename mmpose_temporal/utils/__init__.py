"""Small helpers that every room uses: safe paths and files that are whole or absent."""

from .configs import base_files, config_files
from .files import atomic_write, safe_join, write_json
from .targets import refuse_inputs, refuse_twins, require_free
from .warn_once import log_once, warn_once

__all__ = [
    "atomic_write",
    "base_files",
    "config_files",
    "log_once",
    "refuse_inputs",
    "refuse_twins",
    "require_free",
    "safe_join",
    "warn_once",
    "write_json",
]
