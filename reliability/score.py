"""How often something held that must always hold."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Score:
    """right of `of` trials went as promised; wrong: a line for each that did not."""

    name: str
    right: int = 0
    of: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, held: bool, what: str) -> None:
        """One more trial. what: how to find it again."""
        self.of += 1
        if held:
            self.right += 1
        else:
            self.wrong.append(what)

    def __str__(self) -> str:
        return f"{self.name}: {self.right:,}/{self.of:,}"
