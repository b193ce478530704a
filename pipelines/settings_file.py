"""A YAML file of settings, read so that every error names the file and the line, and none quotes the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import yaml
from yaml.error import Mark

from claimwire.pipelines.settings import SettingsError

# A setting is a value or a list of values. PyYAML builds a tree by recursion, so deeper nesting ends early.
_DEEPEST = 10

Found = TypeVar("Found")

_SOURCE, _WATCHES = "source", "watches"


class Table(NamedTuple):
    """An entry of ``source`` or ``watches`` that is names with values."""

    line: int
    """Counted from 1."""
    values: dict[str, Any]


class Entry(NamedTuple):
    """One setting as the file has it."""

    name: str
    """With underscores: a name may be written as the flag, with hyphens."""
    line: int
    """Counted from 1."""
    value: Any
    """A scalar, or a list of such; of ``source`` and ``watches`` also a Table, or Tables among others."""


def read_entries(path: Path) -> list[Entry]:
    """The settings in a file, in their order; each name is in it once.

    Raises SettingsError. Its message does not quote the file, where a password may be next to the mistake.
    """
    found = _read(path, _entries, "the settings file")
    lines: dict[str, int] = {}
    for entry in found:
        if entry.name in lines:
            raise SettingsError(
                f"{path}: {entry.name} is set twice, in line {lines[entry.name]} and in line {entry.line}; "
                "keep one of them (a list takes several values)"
            )
        lines[entry.name] = entry.line
    return found


def read_watch_tables(path: Path) -> list[Table]:
    """The mappings in a file of watches: it is a list of them, or has such a list under ``watches``.

    Raises SettingsError, as ``read_entries``.
    """
    return _read(path, _watches, "the watches in")


def _read(path: Path, take: Callable[[_Loader, Path], Iterator[Found]], what: str) -> list[Found]:
    """What ``take`` finds in a file, with errors that say where they are."""
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise SettingsError(f"cannot read {what} {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{path}, line {line}: this is not UTF-8 text") from None
    loader = None
    try:
        loader = _Loader(text)
        return list(take(loader, path))
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise SettingsError(f"{path}, line {line}: the control character U+{ord(text[error.position]):04X}") from None
    except yaml.MarkedYAMLError as error:
        at = f" (in or after {loader.setting!r})" if loader and loader.setting else ""
        where = f"{_where(path, error.problem_mark)}{at}"
        raise SettingsError(f"{where}: this cannot be read as YAML: {_problem(error)}") from None


def _watches(loader: _Loader, path: Path) -> Iterator[Table]:
    node = loader.get_single_node()
    if isinstance(node, yaml.MappingNode):
        node = next((value for key, value in node.value if key.value == _WATCHES), None)
    if not isinstance(node, yaml.SequenceNode):
        raise SettingsError(f"{path}: there is no list of watches in it; write '- name: Bridges' and conditions below")
    for item in node.value:
        if not isinstance(item, yaml.MappingNode):
            where = _where(path, item.start_mark)
            raise SettingsError(f"{where}: a watch is its name and conditions; this is {_kind(item)}")
        yield _watch(loader, item, path)


def _watch(loader: _Loader, node: yaml.MappingNode, path: Path) -> Table:
    return Table(node.start_mark.line + 1, _nested(loader, node, path, "a watch"))


def _nested(loader: _Loader, node: yaml.Node, path: Path, name: str) -> Any:
    """The value of a node, whatever it is, where no name stands twice."""
    if isinstance(node, yaml.SequenceNode):
        return [_nested(loader, item, path, name) for item in node.value]
    if isinstance(node, yaml.ScalarNode):
        return _scalar(loader, node, path, name)
    values: dict[str, Any] = {}
    for key, value in node.value:
        where = _where(path, key.start_mark)
        if not isinstance(key, yaml.ScalarNode):
            raise SettingsError(f"{where}: a name in {name} is text; this is {_kind(key)}")
        if key.value in values:
            raise SettingsError(f"{where}: {key.value} of {name} is set twice")
        values[key.value] = _nested(loader, value, path, key.value)
    return values


def _entries(loader: _Loader, path: Path) -> Iterator[Entry]:
    root = loader.get_single_node()
    if root is None or (isinstance(root, yaml.ScalarNode) and not root.value):
        return
    if not isinstance(root, yaml.MappingNode):
        raise SettingsError(f"{_where(path, root.start_mark)}: settings are 'name: value' lines; this is {_kind(root)}")
    for key, node in root.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise SettingsError(f"{path}, line {line}: the name of a setting is text; this is {_kind(key)}")
        name = key.value.replace("-", "_")
        items = node.value if isinstance(node, yaml.SequenceNode) else [node]
        for item in items:
            is_table = name in (_SOURCE, _WATCHES) and isinstance(item, yaml.MappingNode)
            if not isinstance(item, yaml.ScalarNode) and not is_table:
                where = _where(path, item.start_mark)
                raise SettingsError(f"{where}: {name} is a value or a list of values; there is {_kind(item)} in it")
        values = [_value(loader, item, path, name) for item in items]
        yield Entry(name, line, values if isinstance(node, yaml.SequenceNode) else values[0])


def _value(loader: _Loader, node: yaml.Node, path: Path, name: str) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _watch(loader, node, path) if name == _WATCHES else _table(loader, node, path)
    return _scalar(loader, node, path, name)


def _scalar(loader: _Loader, node: yaml.Node, path: Path, name: str) -> Any:
    try:
        return loader.construct_object(node)
    except (ValueError, KeyError):  # of a tag that does not fit (!!int x), or a number of thousands of digits
        raise SettingsError(f"{_where(path, node.start_mark)}: the value of {name} cannot be read") from None


def _table(loader: _Loader, node: yaml.MappingNode, path: Path, above: str = "a source") -> Table:
    """An entry of ``source`` with settings of its own, of which ``headers`` is names with values, too."""
    values: dict[str, Any] = {}
    for key, value in node.value:
        where = _where(path, key.start_mark)
        if not isinstance(key, yaml.ScalarNode):
            raise SettingsError(f"{where}: the name of a setting of {above} is text; this is {_kind(key)}")
        name = key.value
        if name in values:
            raise SettingsError(f"{where}: {name} of {above} is set twice")
        if isinstance(value, yaml.MappingNode) and name == "headers" and above == "a source":
            values[name] = _table(loader, value, path, "headers").values
        elif isinstance(value, yaml.ScalarNode):
            values[name] = _scalar(loader, value, path, name)
        else:
            raise SettingsError(f"{where}: {name} of {above} is a value; this is {_kind(value)}")
    return Table(node.start_mark.line + 1, values)


class _Loader(yaml.SafeLoader):
    """Gives the nodes of a document, and values of scalars; times are text, as on the command line."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setting = ""
        """The last name at the top level, for messages."""
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self._depth == 1 and isinstance(index, yaml.ScalarNode):
            self.setting = index.value
        if self._depth > _DEEPEST:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem=f"it is nested more than {_DEEPEST} levels deep", problem_mark=mark)
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


_Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: node.value)


def _problem(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "a value is missing"
    # These two quote the word, which may be a password that was written without quotation marks.
    if "undefined alias" in problem:
        return "put a value that begins with * into quotation marks"
    if "tag" in problem:
        return "put a value that begins with ! into quotation marks"
    return problem


def _kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    return "a list" if isinstance(node, yaml.SequenceNode) else "text"


def _where(path: Path, mark: Mark | None) -> str:
    return f"{path}, line {mark.line + 1}" if mark else str(path)
