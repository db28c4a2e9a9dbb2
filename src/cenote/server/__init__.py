"""``cenote serve``: the supervisor of a host that lends devices. Never on the path of a call."""
