"""What the site tells of itself: log files, metrics, and the page that Prometheus scrapes."""
