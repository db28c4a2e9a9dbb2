"""Real third-party OpenCL programs, unmodified, natively and through Cenote."""
