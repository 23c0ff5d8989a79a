"""libxl's domain configuration: from xl.cfg, to and from libxl's JSON, and with libxl's defaults for Arm."""
