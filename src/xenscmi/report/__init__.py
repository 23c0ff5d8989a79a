"""Findings as text and in other forms."""
