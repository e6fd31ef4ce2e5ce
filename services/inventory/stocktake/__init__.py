"""Counting by photo: the pieces on a tray, one by one, against what should lie there."""
