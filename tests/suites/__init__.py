"""Other people's test suites, each run natively and through Cenote, test by test."""
