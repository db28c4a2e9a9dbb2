"""Who may use which devices."""
