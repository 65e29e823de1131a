"""A model that was handed over, measured at another hospital, and the figures of several hospitals pooled."""
