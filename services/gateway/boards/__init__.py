"""Boards: what somebody gathers to look at, to search by and to share."""
