"""What a host is, as its files say it: types and readers. Nothing here judges."""
