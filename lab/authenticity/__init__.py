"""Authenticity measured: counterfeits, wear and copies of known truth, what is decided of them, and how often right."""
