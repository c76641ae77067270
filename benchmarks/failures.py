"""What ends one figure without ending the run."""


class FigureFailed(Exception):
    """A figure could not be measured; the others still can."""
