"""The HTTP service: parses requests, calls the public API, renders answers. No statistics here."""
