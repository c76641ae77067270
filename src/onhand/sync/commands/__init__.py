"""Writes of sync, each one transaction or part of the caller's."""
