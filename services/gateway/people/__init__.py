"""Shoppers' rights: all that is kept of one goes, or is told, on request; and who was erased stays so."""
