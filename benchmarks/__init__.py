"""What it costs in time; `make bench` runs each, and each prints its figures as one line of JSON at the end."""
