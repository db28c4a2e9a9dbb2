"""Many programs for a long time against one server, and what grows meanwhile."""
