"""Why a chart cannot be drawn."""


class Unavailable(Exception):
    """A chart cannot be drawn; the message is the reason that the reader is told."""
