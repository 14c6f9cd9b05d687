"""Learning: feature tables as frames, preprocessing built for an estimator, and scores of fitted models."""
