"""One file of the project as the rules of `tools/tidy.py` see it."""

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Finding:
    """One offence; `subject` is the file or the thing in it, `size` what the ratchet compares."""

    rule: str
    path: str
    line: int
    message: str
    subject: str
    size: int = 1


class Source:
    """One text file of the project, read once and parsed at most once."""

    def __init__(self, root: Path, path: Path) -> None:
        """Read `path`; its name is taken relative to `root`."""
        self.name = path.relative_to(root).as_posix()
        self.text = path.read_text(encoding="utf-8")

    @property
    def parts(self) -> tuple[str, ...]:
        """The folders and the file's name without suffix, below `src/onhand` or the root."""
        parts = PurePosixPath(self.name).with_suffix("").parts
        return parts[2:] if parts[:2] == ("src", "onhand") else parts

    @property
    def is_python(self) -> bool:
        """Whether the syntax rules apply."""
        return self.name.endswith(".py")

    @property
    def is_product(self) -> bool:
        """Whether the file is part of the shipped package."""
        return self.name.startswith("src/")

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends."""
        return self.text.splitlines()

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, filename=self.name)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes of the tree."""
        return list(ast.walk(self.tree))

    @cached_property
    def comments(self) -> dict[int, str]:
        """The comment of each line that has one."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return {t.start[0]: t.string for t in tokens if t.type == tokenize.COMMENT}

    @cached_property
    def functions(self) -> list[tuple[str, Function, bool]]:
        """Every function with its dotted name and whether it gets a `self` or `cls`."""
        return list(_functions(self.tree, prefix="", in_class=False))

    @cached_property
    def attributes(self) -> list[tuple[int, str, str]]:
        """Line, dotted owner and name of every `owner.name`."""
        found = (n for n in self.nodes if isinstance(n, ast.Attribute))
        return [(n.lineno, dotted(n.value), n.attr) for n in found]

    @cached_property
    def imports(self) -> list[tuple[int, str]]:
        """Line and full name of everything imported."""
        return list(self._imports())

    def finding(self, rule: str, line: int, message: str) -> Finding:
        """An offence counted per file."""
        return Finding(rule, self.name, line, message, self.name)

    def sized(self, rule: str, where: tuple[int, str], message: str, *, size: int) -> Finding:
        """An offence measured by size; `where` is its line and its name in the file, if any."""
        line, name = where
        subject = f"{self.name}::{name}" if name else self.name
        return Finding(rule, self.name, line, message, subject, size)

    def _imports(self) -> Iterator[tuple[int, str]]:
        package = ["onhand", *self.parts[:-1]] if self.is_product else [*self.parts[:-1]]
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = package[: len(package) - node.level + 1] if node.level else []
                module = [*base, *([node.module] if node.module else [])]
                yield from ((node.lineno, ".".join([*module, a.name])) for a in node.names)


def _functions(
    node: ast.AST, *, prefix: str, in_class: bool
) -> Iterator[tuple[str, Function, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function):
            static = any(dotted(d) == "staticmethod" for d in child.decorator_list)
            yield f"{prefix}{child.name}", child, in_class and not static
            yield from _functions(child, prefix=f"{prefix}{child.name}.", in_class=False)
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, prefix=f"{prefix}{child.name}.", in_class=True)
        else:
            yield from _functions(child, prefix=prefix, in_class=in_class)


def dotted(node: ast.AST) -> str:
    """The text of a plain `a.b.c`; without the parts that are not names."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""
