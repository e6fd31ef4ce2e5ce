"""From Dockerfiles to the end-to-end test in containers: `python -m tests.containers`, as root on Debian."""
