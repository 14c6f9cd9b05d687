"""What pages consist of, and the page of one evaluation: plain values laid out by templates that escape them all.

Below the runtime: an evaluation's page is written by a command, and by the step that tells a tracking server.
"""
