"""What pages load: kept for good, compressed, nothing else; and how pages fail."""

import gzip
import json
import re

from onhand.web.console.assets import FOLDER
from tests.web.console.client import Console

MANIFEST = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))


def test_every_asset_a_page_names_is_there_and_kept_for_good(visitor: Console) -> None:
    page = visitor.get("/console/sign-in")
    named = set(re.findall(r'(?:href|src)="(/console/static/[^"#]+)', page))
    assert len(named) == 3
    for address in [*named, *(f"/console/static/{file}" for file in MANIFEST.values())]:
        plain = visitor.send("GET", address, headers={"accept-encoding": "identity"})
        assert plain.status_code == 200
        assert "immutable" in plain.headers["cache-control"]
        packed = visitor.send("GET", address, headers={"accept-encoding": "gzip"})
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.content == plain.content
        tag = {"if-none-match": plain.headers["etag"]}
        again = visitor.send("GET", address, headers=tag)
        assert (again.status_code, again.content) == (304, b"")


def test_nothing_but_assets_is_served(visitor: Console) -> None:
    for name in ("manifest.json", ".built", "nothing.js", "%2e%2e%2fapp.py", "..%2Fapp.py"):
        assert visitor.send("GET", f"/console/static/{name}").status_code == 404


def test_a_page_is_light_to_load() -> None:
    def weight(*names: str) -> int:
        return sum(len((FOLDER / f"{MANIFEST[name]}.gz").read_bytes()) for name in names)

    assert weight("console.css", "console.js", "icons.svg", "favicon.svg") < 100_000
    assert weight("chart.js") < 220_000
    assert gzip.decompress((FOLDER / f"{MANIFEST['chart.js']}.gz").read_bytes())


def test_a_form_that_is_too_long_is_refused(console: Console) -> None:
    page = console.post("/account", {"language": "ja" * 600_000}, expect=413).text

    assert "Too large" in page


def test_a_part_that_fails_is_shown_among_the_messages(console: Console) -> None:
    answer = console.send("GET", "/nowhere", headers={"HX-Request": "true"})

    assert answer.status_code == 404
    assert answer.headers["hx-retarget"] == "#flashes"
    assert "<html" not in answer.text
