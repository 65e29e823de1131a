"""The deep-learning signature: data, networks, training and the log of predictions."""
