"""Contract suites that an outsider can run on parts of their own; import the one you need."""
