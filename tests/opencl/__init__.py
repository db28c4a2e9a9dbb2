"""The OpenCL API: programs natively and through Cenote."""
