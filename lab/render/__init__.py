"""Rendered jewelry: procedural pieces, studio and phone light, the sample catalogue and its query photos."""
