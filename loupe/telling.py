"""How the command line speaks: results on standard output, all else on standard error."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import typer
from rich.console import Console

from shared.errors import LoupeError

_P = ParamSpec("_P")
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def told(command: Callable[_P, None]) -> Callable[_P, None]:
    """Errors that a person can act on are told in their words, with exit status 1; all others keep their trace."""

    @wraps(command)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except LoupeError as error:
            err.print(f"[red]loupe:[/red] {error.detail}", soft_wrap=True)
            raise typer.Exit(1) from error

    return run
