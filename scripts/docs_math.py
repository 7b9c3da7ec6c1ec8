"""A step of the documentation build: formulas in LaTeX become MathML, which browsers show without any script.

`$$ ... $$` stands in a line of its own or spans several lines; `\\( ... \\)` stands inside a sentence.
Code is left as it is.
"""

import re
from typing import Any

from latex2mathml.converter import convert

# Fenced code and code in a line come first, so that they are matched as code and passed on unchanged.
PARTS = re.compile(
    r"(?P<code>^(?P<fence>```+|~~~+).*?^(?P=fence)[ \t]*$|`[^`\n]+`)"
    r"|^[ \t]*\$\$(?P<block>.+?)\$\$[ \t]*$"
    r"|\\\((?P<inline>.+?)\\\)",
    re.DOTALL | re.MULTILINE,
)


def with_mathml(markdown: str) -> str:
    """Returns the page with every formula as MathML."""

    def replaced(match: re.Match[str]) -> str:
        if match["block"]:
            return convert(match["block"].strip(), display="block")
        if match["inline"]:
            return convert(match["inline"].strip())
        return match.group()

    return PARTS.sub(replaced, markdown)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Called by the site builder for each page."""
    return with_mathml(markdown)
