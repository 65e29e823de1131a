"""The deep-learning signature: data, networks, training and predictions."""
