"""From the lines of a log to their cause: `symptoms` is the table of the lines, `diagnose` ranks what it points to."""
