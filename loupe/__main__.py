"""`python -m loupe` is the `loupe` command."""

from loupe.cli import app

if __name__ == "__main__":
    app()
