"""Models as files: canonical bytes without pickle, a signature, and the training rows' hashes in one
archive."""
