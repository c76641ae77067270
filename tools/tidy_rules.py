"""The rules of `tools/tidy.py`: each takes a file and yields what is wrong with it."""

import ast
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator

from tools.tidy_source import Finding, Function, Source, dotted

FUNCTION_LINES = 60
FILE_LINES = 400
PARAMETERS = 5
POSITIONALS_OF_ONE_TYPE = 2
LINE_CHARACTERS = 100
REASON_WORDS = 3

BANNED_NAMES = frozenset(
    {"util", "utils", "helper", "helpers", "common", "core", "manager", "managers"}
    | {"service", "services"}
)
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3)) + r")\b")
MACHINE_PATH = re.compile(r"(?<![\w.~-])(/(?:work|home|root|Users)/|[A-Z]:\\Users\\)[\w.]")
REGISTRY_HOST = re.compile(r"[\w.-]*(?:pypi|pythonhosted|npmjs)\.(?:org|com|io)\b")
REGISTRY_OPTION = re.compile(r"--(?:(?:extra-)?index-url|find-links|trusted-host)")
BARE_IGNORE = re.compile(r"type:\s*ignore(?!\[)")
# A waiver gives its reason on its own line and is not counted, as ruff counts too.
WAIVER = re.compile(r"\s*# (?:noqa|type|tidy): .*$")
REASON = re.compile(r"#\s*tidy: (boundary|override)\b\W*(.*)")
SKIPS = frozenset({"skip", "skipif", "skipTest", "skipUnless", "xfail", "importorskip"})
CATCH_ALLS = frozenset({"Exception", "BaseException"})
CLOCKS = frozenset(
    {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}
    | {"time.time_ns"}
)
ENVIRONMENT = frozenset({"os.environ", "os.environb", "os.getenv", "os.putenv"})


def check_sizes(source: Source) -> Iterator[Finding]:
    """Functions, files and lines stay within their budgets."""
    for name, node, _ in source.functions:
        size = (node.end_lineno or node.lineno) - node.lineno + 1
        if size > FUNCTION_LINES:
            message = f"{name} has {size} lines, at most {FUNCTION_LINES}"
            yield source.sized("function-lines", (node.lineno, name), message, size=size)
    size = len(source.lines)
    if size > FILE_LINES:
        message = f"the file has {size} lines, at most {FILE_LINES}"
        yield source.sized("file-lines", (1, ""), message, size=size)
    for number, line in enumerate(source.lines, 1):
        size = len(WAIVER.sub("", line))
        if size > LINE_CHARACTERS:
            message = f"{size} characters, at most {LINE_CHARACTERS}"
            yield source.finding("line-characters", number, message)


def check_parameters(source: Source) -> Iterator[Finding]:
    """Few parameters, and those that could be confused are named by the caller."""
    for name, node, bound in source.functions:
        if _has_reason(source, node.lineno, "override"):
            continue
        positional = [*node.args.posonlyargs, *node.args.args]
        positional = positional[1:] if bound else positional
        size = len(positional) + len(node.args.kwonlyargs)
        if size > PARAMETERS:
            message = f"{name} takes {size} parameters, at most {PARAMETERS}"
            yield source.sized("parameters", (node.lineno, name), message, size=size)
        types = Counter(ast.unparse(a.annotation) for a in positional if a.annotation)
        for kind, count in types.items():
            if count > POSITIONALS_OF_ONE_TYPE:
                message = f"{name} takes {count} positional parameters of type {kind}; use `*`"
                yield source.sized("keyword-only", (node.lineno, name), message, size=count)


def check_names(source: Source) -> Iterator[Finding]:
    """Names say what a thing is for; these say nothing."""
    for part in source.parts:
        for word in BANNED_NAMES.intersection(part.lower().split("_")):
            yield source.finding("name", 1, f"no module may be called '{word}'")
    for node in source.nodes:
        if isinstance(node, ast.ClassDef):
            last = re.findall(r"[A-Z][a-z]*|[a-z]+", node.name)[-1:]
            if last and last[0].lower() in BANNED_NAMES:
                message = f"no class may be called a '{last[0].lower()}'"
                yield source.finding("name", node.lineno, message)


def check_doubles(source: Source) -> Iterator[Finding]:
    """Doubles are small real things; nothing is patched."""
    message = "a small real double instead of a mock"
    for line, name in source.imports:
        if name.split(".")[0] in {"mock", "pytest_mock"} or name.startswith("unittest.mock"):
            yield source.finding("mock", line, message)
    for node in source.nodes:
        if isinstance(node, ast.arg) and node.arg == "mocker":
            yield source.finding("mock", node.lineno, message)
    for line, owner, name in source.attributes:
        if owner == "monkeypatch" and name in {"setattr", "delattr"}:
            yield source.finding("mock", line, message)


def check_commits(source: Source) -> Iterator[Finding]:
    """Transactions end in db/ and in a room's commands, nowhere else."""
    if not source.is_product or source.parts[0] == "db" or "commands" in source.parts[1:]:
        return
    for line, _, name in source.attributes:
        if name == "commit":
            yield source.finding("commit", line, "`.commit` only in db/ and commands")


def check_catch_alls(source: Source) -> Iterator[Finding]:
    """An error is caught by name, except where a thread, request or job ends."""
    for node in source.nodes:
        caught: list[ast.expr] = []
        if isinstance(node, ast.ExceptHandler):
            if node.type is None:
                yield source.finding("catch-all", node.lineno, "name the error that is caught")
                continue
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        elif isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] == "suppress":
            caught = node.args
        if not CATCH_ALLS.intersection(dotted(c).split(".")[-1] for c in caught):
            continue
        if not _has_reason(source, caught[0].lineno, "boundary"):
            message = "catches everything; allowed with `# tidy: boundary` and a reason"
            yield source.finding("catch-all", caught[0].lineno, message)


def check_skips(source: Source) -> Iterator[Finding]:
    """A test runs or does not exist."""
    for line, owner, name in [*source.attributes, *_imported_attributes(source)]:
        if name in SKIPS and owner in {"pytest", "pytest.mark", "mark", "unittest", "self"}:
            yield source.finding("skip", line, "no skipped tests")


def check_ignores(source: Source) -> Iterator[Finding]:
    """A type error is waived by its code only."""
    for line, comment in source.comments.items():
        if BARE_IGNORE.search(comment):
            yield source.finding("type-ignore", line, "name the code: `ignore[code]`")


def check_settings(source: Source) -> Iterator[Finding]:
    """Settings are read in bootstrap/ and passed as values."""
    if not source.is_product or source.parts[0] == "bootstrap":
        return
    message = "settings are read only in bootstrap/"
    for line, owner, name in [*source.attributes, *_imported_attributes(source)]:
        if f"{owner}.{name}" in ENVIRONMENT:
            yield source.finding("settings", line, message)
    for node in source.nodes:
        if isinstance(node, ast.keyword) and node.arg == "envvar":
            yield source.finding("settings", node.value.lineno, message)


def check_clock(source: Source) -> Iterator[Finding]:
    """The clock is passed in; only clock.py reads the machine's."""
    if not source.is_product or source.parts[-1] == "clock":
        return
    for line, owner, name in [*source.attributes, *_imported_attributes(source)]:
        if f"{owner.rpartition('.')[2]}.{name}" in CLOCKS:
            message = "take the time as a parameter; only clock.py reads the clock"
            yield source.finding("clock", line, message)


def check_docstrings(source: Source) -> Iterator[Finding]:
    """Every public function and class of the package says what it is for."""
    if not source.is_product or "migrations" in source.parts:
        return
    for node in source.tree.body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            overload = any(dotted(d).endswith("overload") for d in node.decorator_list)
            if not overload and not ast.get_docstring(node):
                message = f"{node.name} is public and has no docstring"
                yield source.sized("docstring", (node.lineno, node.name), message, size=1)


def check_model_imports(source: Source) -> Iterator[Finding]:
    """A room's model imports the standard library and other models."""
    if not source.is_product or "model" not in source.parts[1:]:
        return
    for line, name in source.imports:
        first, *rest = name.split(".")
        if first not in sys.stdlib_module_names and not (first == "onhand" and "model" in rest):
            message = f"a model imports the standard library and models only, not {name}"
            yield source.finding("model-imports", line, message)


def check_text(source: Source) -> Iterator[Finding]:
    """Nothing unfinished, and nothing of the machine it was written on."""
    for number, line in enumerate(source.lines, 1):
        if not source.name.endswith(".md") and UNFINISHED.search(line):
            yield source.finding("unfinished", number, "finish it or file an issue")
        if MACHINE_PATH.search(line):
            yield source.finding("machine-path", number, "a path of one machine")
        if REGISTRY_HOST.search(line) or REGISTRY_OPTION.search(line):
            yield source.finding("registry", number, "package registries are the reader's choice")


def _has_reason(source: Source, line: int, kind: str) -> bool:
    found = REASON.search(source.comments.get(line, ""))
    return found is not None and found[1] == kind and len(found[2].split()) >= REASON_WORDS


def _imported_attributes(source: Source) -> list[tuple[int, str, str]]:
    split = ((line, name.rpartition(".")) for line, name in source.imports)
    return [(line, owner, name) for line, (owner, _, name) in split]


SYNTAX_RULES: tuple[Callable[[Source], Iterator[Finding]], ...] = (
    check_sizes,
    check_parameters,
    check_names,
    check_doubles,
    check_commits,
    check_catch_alls,
    check_skips,
    check_ignores,
    check_settings,
    check_clock,
    check_docstrings,
    check_model_imports,
)
