"""Edits in the style of a file's author: what a fix changes, and how that is written."""
