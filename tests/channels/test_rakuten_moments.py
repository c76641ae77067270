"""How moments are written, and windows of search."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onhand.channels.rakuten.moments import (
    LONGEST_WINDOW,
    from_rakuten,
    halves,
    to_order_api,
    windows,
)

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=ZONES)  # noqa: DTZ001


@given(MOMENTS)
def test_a_moment_has_the_one_form_and_comes_back(moment: datetime) -> None:
    text = to_order_api(moment)

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0900", text)
    assert from_rakuten(text) == moment.replace(microsecond=0)


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=700)))
def test_windows_cover_everything_and_are_short_enough(since: datetime, span: timedelta) -> None:
    until = since + span
    found = list(windows(since, until))

    if since.replace(microsecond=0) == until:
        assert found == []
        return
    starts, ends = zip(*found, strict=True)
    assert starts[0] <= since
    assert ends[-1] >= until
    assert starts[1:] == ends[:-1]
    for start, end in found:
        assert timedelta(0) < end - start <= LONGEST_WINDOW < timedelta(days=63)
        assert (start.microsecond, end.microsecond) == (0, 0)
    assert ends[-1] - until < timedelta(seconds=1)
    assert since - starts[0] < timedelta(seconds=1)


@given(MOMENTS.map(lambda m: m.replace(microsecond=0)), st.integers(1, 63 * 86_400))
def test_halves_cover_the_window_and_end(start: datetime, seconds: int) -> None:
    end = start + timedelta(seconds=seconds)
    parts = halves(start, end)

    if seconds == 1:
        assert parts is None
        return
    assert parts is not None
    (first, middle), (again, last) = parts
    assert (first, last, middle) == (start, end, again)
    assert start < middle < end
    assert middle.microsecond == 0


def test_backwards_is_no_window() -> None:
    now = datetime(2026, 11, 1, tzinfo=UTC)

    assert list(windows(now, now - timedelta(days=1))) == []


@pytest.mark.parametrize(
    "text",
    [
        "2027-02-19T23:59:59",
        "2027-02-19T23:59:59+0900",
        "2027-02-19T23:59:59+09:00",
        "2027-02-19T14:59:59Z",
    ],
)
def test_without_zone_it_is_japanese_time(text: str) -> None:
    assert from_rakuten(text) == datetime(2027, 2, 19, 14, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "soon", "2027-02-30", "0001-01-01T00:00:00", "9" * 400])
def test_what_is_no_moment_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        from_rakuten(text)


def test_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        to_order_api(datetime(2026, 11, 1))  # noqa: DTZ001
