"""A file system whose power can be lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.store import disk
from reliability.calls import Call

Tree = Mapping[str, bytes | None]
"""What a folder holds, by path: the bytes of files, None for folders."""


@dataclass
class Change:
    """A change of names in folders: all or nothing. names: (folder, name, what it leads to). kept: whether synced."""

    names: tuple[tuple[int, str, int | None], ...]
    kept: bool = False


@dataclass
class Machine:
    """A file system: folders are changes of names, files are bytes. What was synced is kept; of the rest, anything."""

    root: str
    changes: list[Change] = field(default_factory=list)
    now: dict[int, dict[str, int]] = field(default_factory=lambda: {0: {}})
    data: dict[int, bytes] = field(default_factory=dict)
    synced: dict[int, bytes] = field(default_factory=dict)

    def hold(self, start: Tree) -> None:
        """Hold these files and folders, all of them synced."""
        for path, data in start.items():
            self._make(f"{self.root}/{path}", folder=data is None)
            if data is not None:
                self.data[self._find(f"{self.root}/{path}")] = data
        self.synced = dict(self.data)
        for change in self.changes:
            change.kept = True

    def do(self, call: Call) -> None:
        """Do what a system call does to this file system."""
        if call.name == "mkdir" or (call.name == "open" and call.new):
            self._make(call.path, folder=call.name == "mkdir")
        elif call.name == "write":
            self.data[self._find(call.path)] += call.data
        elif call.name == "fsync":
            self._sync(self._find(call.path))
        elif call.name == "rename":
            self._change((*self._place(call.path), None), (*self._place(call.to), self._find(call.path)))
        elif call.name == "link":
            self._change((*self._place(call.to), self._find(call.path)))
        elif call.name in ("unlink", "rmdir"):
            self._change((*self._place(call.path), None))

    def left(self) -> Iterator[Tree]:
        """What the power may leave. Of the changes of names that were not synced: none, all, one alone, all but one.

        Of the bytes: none, or half.
        """
        writing = {folders[disk.WRITING] for folders in self.now.values() if disk.WRITING in folders}
        open_changes = [number for number, change in enumerate(self.changes) if not change.kept]
        every = set(open_changes)
        told = [n for n in open_changes if any(folder not in writing for folder, _, _ in self.changes[n].names)]
        for chosen in [set(), every, *({n} for n in told), *(every - {n} for n in told)]:
            names: dict[int, dict[str, int]] = {folder: {} for folder in self.now}
            for number, change in enumerate(self.changes):
                if change.kept or number in chosen:
                    _apply(names, change)
            for share in (0, 2):
                yield dict(self._walk(names, 0, "", share))

    def _make(self, path: str, folder: bool) -> None:
        made = len(self.now) + len(self.data)
        if folder:
            self.now[made] = {}
        else:
            self.data[made] = self.synced[made] = b""
        self._change((*self._place(path), made))

    def _change(self, *names: tuple[int, str, int | None]) -> None:
        self.changes.append(Change(names))
        _apply(self.now, self.changes[-1])

    def _sync(self, node: int) -> None:
        if node in self.data:
            self.synced[node] = self.data[node]
        for change in self.changes:
            change.kept |= any(folder == node for folder, _, _ in change.names)

    def _find(self, path: str) -> int:
        node = 0
        for name in path.removeprefix(self.root).strip("/").split("/"):
            node = self.now[node][name] if name else node
        return node

    def _place(self, path: str) -> tuple[int, str]:
        folder, _, name = path.rpartition("/")
        return self._find(folder), name

    def _walk(self, names: Mapping[int, Mapping[str, int]], node: int, path: str, share: int) -> Iterator[Any]:
        for name, inner in names[node].items():
            if inner in names:
                yield path + name, None
                yield from self._walk(names, inner, f"{path}{name}/", share)
            else:
                synced, data = self.synced[inner], self.data[inner]
                yield path + name, data[: max(len(synced), len(data) // share)] if share else synced


def _apply(names: dict[int, dict[str, int]], change: Change) -> None:
    for folder, name, node in change.names:
        if node is None:
            names[folder].pop(name, None)
        else:
            names[folder][name] = node
