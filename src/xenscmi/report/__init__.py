"""Findings and results as text, JSON, SARIF and tables."""
