"""The HTTP interface: a REST API for people's programs, and the pages that describe it."""
