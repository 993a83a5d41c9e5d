"""Values of files that come from strangers, as an error text can show them."""

import reprlib
from typing import Any

LONGEST = 80
"""Characters that an error text shows of one value."""


class _Short(reprlib.Repr):
    """Bounded in length and depth, whatever the value is."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = LONGEST
        self.maxlong = 40
        self.maxlevel = 3
        self.maxlist = self.maxtuple = self.maxdict = self.maxarray = 6

    def repr_int(self, x: int, level: int) -> str:
        if x.bit_length() > 10_000:  # Python itself refuses to write out such a number
            return f"an integer of about {int(x.bit_length() * 0.30103)} digits"
        return super().repr_int(x, level)


_SHORT = _Short()


def shown(value: Any) -> str:
    """A value for an error text, as Python writes it: one line, and cut if it is long or deep."""
    return " ".join(_SHORT.repr(value).split())


def shown_name(name: Any) -> str:
    """The name of a file or person for an error text: as it is if it is short plain text."""
    if isinstance(name, str) and name.isprintable() and len(name) <= 4 * LONGEST:
        return name
    return shown(name)
