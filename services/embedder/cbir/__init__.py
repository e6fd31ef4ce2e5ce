"""Content-based image retrieval by hand-made features: colour, texture and shape, without any learning.

Needs scikit-image (extra `cbir`), which is imported only where this model is chosen.
"""
