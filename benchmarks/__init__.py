"""What it costs in time; `make bench` runs each, and each prints its ratios as lines of JSON at the end."""
