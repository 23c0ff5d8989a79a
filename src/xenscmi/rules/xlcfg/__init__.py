"""Single xl.cfg files."""
