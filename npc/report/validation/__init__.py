"""Pages of a validation: of one hospital, and of several together."""
