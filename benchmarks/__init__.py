"""The figures of docs/reference/performance.md, measured by `python -m benchmarks`."""
