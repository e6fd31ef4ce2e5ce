"""Copies found: what of other shops looks like what of this one, by consent of both."""
