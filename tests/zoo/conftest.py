"""Parallel workers for the zoo."""

from collections.abc import Iterator

import pytest

from tests.crew import Crew, ProcessCrew, ThreadCrew, process_crew


@pytest.fixture(scope="session")
def processes() -> Iterator[ProcessCrew]:
    """Worker processes, started once."""
    with process_crew() as crew:
        yield crew


@pytest.fixture(params=["threads", "processes"])
def crew(request: pytest.FixtureRequest) -> Crew:
    """The test runs once with threads and once with processes."""
    if request.param == "threads":
        return ThreadCrew()
    chosen: Crew = request.getfixturevalue("processes")
    return chosen
