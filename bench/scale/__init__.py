"""What many items and queries cost, computed from what was measured: `python -m bench.scale` writes docs/scale.md."""
