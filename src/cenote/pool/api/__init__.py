"""The manager's REST API: HTTPS in front of the pool's services."""
