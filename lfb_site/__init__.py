"""The site: settings, root addresses, checks and health."""
