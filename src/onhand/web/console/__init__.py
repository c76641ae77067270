"""The console: pages for people, made on the server; docs/explanation/console.md shows how."""
