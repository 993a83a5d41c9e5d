"""What a conversion did, in numbers that a person can check."""

from collections import Counter
from dataclasses import dataclass, field

from mmpose_temporal.utils.failed_files import FailedFiles


@dataclass
class ConversionReport:
    """Counts of a conversion; every record of the source is in one of them.

    Attributes:
        converted: What was written: ``{'videos': 3, 'frames': 90, 'people': 200}``.
        left_out: What was not, by reason: ``{'people without joints': 2}``.
        notes: What changed or is lost by the nature of the target, each said once.
        failed: Files of a folder that were left out because they are broken or empty.
    """

    converted: Counter = field(default_factory=Counter)
    left_out: Counter = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    failed: FailedFiles = field(default_factory=FailedFiles)

    def note(self, text: str) -> None:
        """Add a note unless it stands already."""
        if text not in self.notes:
            self.notes.append(text)

    def add(self, other: "ConversionReport") -> None:
        """Count in what another report counted."""
        self.converted.update(other.converted)
        self.left_out.update(other.left_out)
        for text in other.notes:
            self.note(text)

    def __str__(self) -> str:
        done = ", ".join(f"{count} {what}" for what, count in self.converted.items() if count)
        lines = [f"converted: {done or 'nothing'}"]
        lines += [f"left out: {count} {why}" for why, count in self.left_out.items() if count]
        lines += [f"note: {text}" for text in self.notes]
        return "\n".join([*lines, *self.failed.lines("converted")])
