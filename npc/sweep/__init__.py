"""Many runs from one specification, on any machine."""
