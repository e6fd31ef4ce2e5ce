"""Hostile input, made by code: what people send who mean harm, or whose programs are broken."""
