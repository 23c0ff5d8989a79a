"""Domains and their channels."""
