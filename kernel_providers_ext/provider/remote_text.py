"""Text of a remote server as part of our own sentences, log lines and tables."""

from __future__ import annotations


def one_line(text: object, longest: int) -> str:
    """
    Return a text as one line of at most so many characters, a cut marked by ``…``.

    Characters that cannot be printed are escaped, as in ``\\u202e``: control characters can forge
    lines of a log, and characters that change the direction of writing can forge words.
    """
    words = " ".join(str(text)[: 4 * longest].split())
    line = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in words)
    return line if len(line) <= longest else line[: longest - 1] + "…"
