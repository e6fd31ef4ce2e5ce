"""Takes out of log lines what looks like a secret, should an error of a library tell one."""

from __future__ import annotations

import re

_SECRET = re.compile(
    rb"""(?x)
      (?<=://) [^\s/"'\\@]* : [^\s/"'\\]+ (?=@)         # user:password@ of a URL
    | (?<=api_key=) [^\s&"'\\]+
    | (?<=Bearer[ ]) [\w.~+/=-]{8,}
    | \b lk_ [\w-]{8,}                                   # an API key of ours
    """
)


def masked(line: bytes) -> bytes:
    """The line with `***` in place of users and passwords in URLs, bearer tokens and API keys."""
    if (
        b"://" in line or b"api_key=" in line or b"Bearer " in line or b"lk_" in line
    ):  # most lines have none, and a line is written for every message
        return _SECRET.sub(b"***", line)
    return line
