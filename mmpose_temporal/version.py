"""The version, in a file of its own so that setup.py reads it without importing anything."""

__version__ = "0.1.0"
short_version = __version__
