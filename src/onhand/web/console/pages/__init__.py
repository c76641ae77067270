"""The parts of the console, a module each; `PARTS` in web/console/app.py lists them."""
