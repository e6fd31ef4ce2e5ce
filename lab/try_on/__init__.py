"""Where the page's try-on puts pieces on real hands and faces, asked of the page itself in a browser."""

from lab.try_on.browser import ARGUMENTS

__all__ = ["ARGUMENTS"]
