"""``python -m fewrec.cli``."""

from fewrec.cli.entry import main

raise SystemExit(main())
